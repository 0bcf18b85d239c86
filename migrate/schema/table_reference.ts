/**
 * Tables that a migration names, whose columns it names too: nothing is known of them.
 *
 * @module
 */
import { type AnyColumn, Column } from "../../orm/building/column.ts";
import type { ReferencedColumn } from "../../orm/definition/column_definition.ts";
import { ownColumns } from "../../orm/definition/column_owner.ts";
import { plainType } from "../../orm/definition/column_type.ts";
import type { Table } from "../../orm/definition/table.ts";
import type { TableName } from "../catalog/objects.ts";

/**
 * A table's columns by their names in the database, for `references()`, constraints and indexes. Any name is taken for a
 * column's.
 */
export type TableReference = Readonly<Record<string, AnyColumn & ReferencedColumn<never>>>;

const TABLES = new WeakMap<TableReference, Table>();

/**
 * A table of which nothing is known but its name.
 *
 * @param table Its name.
 */
export function referTo({ name, schema }: TableName): TableReference {
  const columns = new Map<string, AnyColumn>();
  const table = { name, tableName: name, ...(schema === undefined ? {} : { schema }), columns } as Partial<
    Table
  > as Table;
  const reference = new Proxy({} as TableReference, {
    get(_, property) {
      if (typeof property !== "string") return undefined;
      let column = columns.get(property);
      if (column === undefined) {
        column = new Column(name, property, property, { type: plainType("unknown", "a value") });
        columns.set(property, column);
        ownColumns(table);
      }
      return column;
    },
  });
  TABLES.set(reference, table);
  return reference;
}

/** The table that a reference is to, with the columns that were asked for. */
export function referredTable(reference: TableReference): Table {
  return TABLES.get(reference)!;
}
