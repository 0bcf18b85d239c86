/**
 * What the records of a table share, where only the table is at hand.
 *
 * @module
 */
import type { Table } from "../definition/table.ts";
import { TableWrites } from "../writing/table_writes.ts";
import type { RecordHome } from "./record_writes.ts";

const HOMES = new WeakMap<Table, RecordHome>();

/** The home of a table's records: the same each time. */
export function homeOf(table: Table): RecordHome {
  let home = HOMES.get(table);
  if (home === undefined) HOMES.set(table, home = { table, writes: new TableWrites(table) });
  return home;
}
