/**
 * Whose a column is: foreign keys name a column, and need its table.
 *
 * @module
 */
import type { AnyColumn } from "../building/column.ts";
import type { Table } from "./table.ts";

const OWNERS = new WeakMap<object, Table>();

/** Notes that a table's columns are its own. */
export function ownColumns(table: Table): Table {
  for (const column of table.columns.values()) OWNERS.set(column, table);
  return table;
}

/** The table of a column; `undefined` for a column of an alias or a subquery. */
export function ownerOf(column: AnyColumn): Table | undefined {
  return OWNERS.get(column);
}
