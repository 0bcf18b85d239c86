/**
 * Transactions put together to batches of changes: each key once, no batch without bound.
 *
 * @module
 */
import type { Change, ChangeBatch } from "../change_source.ts";
import type { TableRows } from "./table_rows.ts";
import type { Transaction } from "./transaction_assembler.ts";

/** Texts in a batch beyond which the next transaction goes into another. */
const LARGE = 10_000;

/** Transactions of one batch. */
export interface MadeBatch {
  readonly batch: ChangeBatch;
  readonly transactions: readonly Transaction[];
}

/** What transactions have changed in one table. */
interface Merged {
  reason: string | undefined;
  readonly ids: Set<string>;
  readonly lookups: Map<string, Set<string>>;
}

/**
 * Makes batches of transactions.
 *
 * @param transactions In the order in which they are to be applied.
 * @param options `canaries`: what has come out behind all of them; `hidden`: where the first commit ends that is not among
 * them; `isFollowed`: whose changes are wanted.
 */
export function makeBatches(
  transactions: readonly Transaction[],
  options: {
    readonly canaries: readonly string[];
    readonly hidden?: bigint | undefined;
    readonly isFollowed: (table: string) => boolean;
  },
): readonly MadeBatch[] {
  const made: MadeBatch[] = [];
  let group: Transaction[] = [];
  let size = 0;
  const end = (canaries: readonly string[]): void => {
    const changes = merge(group, options.isFollowed);
    const { hidden } = options;
    const batch = hidden === undefined ? { changes, canaries } : { changes, canaries, hidden };
    made.push({ batch, transactions: group });
    group = [];
    size = 0;
  };
  for (const transaction of transactions) {
    const held = heldBy(transaction);
    if (size > 0 && size + held > LARGE) end([]);
    group.push(transaction);
    size += held;
  }
  end(options.canaries);
  return made;
}

/** How many texts a transaction holds. */
export function heldBy({ tables }: Transaction): number {
  let held = 1;
  for (const rows of tables) held += rows.held;
  return held;
}

function merge(transactions: readonly Transaction[], isFollowed: (table: string) => boolean): Change[] {
  const tables = new Map<string, Merged>();
  for (const transaction of transactions) {
    for (const rows of transaction.tables) {
      if (!isFollowed(rows.table)) continue;
      let merged = tables.get(rows.table);
      if (merged === undefined) {
        tables.set(rows.table, merged = { reason: undefined, ids: new Set(), lookups: new Map() });
      }
      add(merged, rows);
    }
  }
  const changes: Change[] = [];
  for (const [table, { reason, ids, lookups }] of tables) {
    if (reason !== undefined) changes.push({ kind: "table", table, reason });
    else {
      changes.push({
        kind: "rows",
        table,
        ids: [...ids],
        lookups: new Map([...lookups].map(([name, texts]) => [name, [...texts]])),
      });
    }
  }
  return changes;
}

function add(merged: Merged, rows: TableRows): void {
  merged.reason ??= rows.reason;
  for (const id of rows.ids) merged.ids.add(id);
  for (const [name, texts] of rows.lookups) {
    let all = merged.lookups.get(name);
    if (all === undefined) merged.lookups.set(name, all = new Set());
    for (const text of texts) all.add(text);
  }
}
