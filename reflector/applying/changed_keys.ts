/**
 * From changes to the keys of the store they concern.
 *
 * @module
 */
import { lookupKey, rowKey } from "../../orm/cache/protocol/keys.ts";
import type { LookKey } from "../../orm/cache/stores/cache_store.ts";
import type { PendingBatch } from "./pending_changes.ts";

/** A key, and the row it is of. */
export interface ChangedKey extends LookKey {
  /** The row's id; undefined for a lookup, or for what depends on the table as a whole. */
  readonly id: string | undefined;
}

/**
 * The keys that a batch voids: of rows, of lookups that had or have them, and of each table, on which cached queries
 * depend.
 */
export function changedKeys({ rows, tables }: PendingBatch, prefix: string): readonly ChangedKey[] {
  const keys: ChangedKey[] = [];
  for (const [table, { ids, lookups }] of rows) {
    for (const id of ids) keys.push({ key: rowKey(table, { id, prefix }), table, id });
    for (const [columns, values] of lookups) {
      const names = columns.split("+");
      for (const id of values) {
        keys.push({ key: lookupKey(table, { columns: names, id, prefix }), table, id: undefined });
      }
    }
    keys.push(dependents(table, prefix));
  }
  for (const table of tables.keys()) keys.push(dependents(table, prefix));
  return keys;
}

/** The mark that cached queries of a table depend on. */
function dependents(table: string, prefix: string): ChangedKey {
  return { key: `${prefix}table:${table}`, table, id: undefined };
}
