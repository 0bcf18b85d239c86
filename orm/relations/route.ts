/**
 * The way from a model to a related one: hops from table to table, each by columns that are equal. A relation without a
 * table in between is one hop, one through a join table two, a linked path as many as its parts have together.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import { Column } from "../building/column.ts";
import { ownerOf } from "../definition/column_owner.ts";
import type { Table } from "../definition/table.ts";

/** One step from a table to the next. */
export interface Hop {
  /** The table it leads to. */
  readonly table: Table;
  /** The columns it starts from, of the table before. */
  readonly from: readonly AnyColumn[];
  /** The columns they are equal to, of the table it leads to. */
  readonly to: readonly AnyColumn[];
  /** What is true of the rows it leads to, unless it is the last: the query of the related rows says it then. */
  readonly conditions: readonly Sql[];
  /** What is true of the row it starts from, where the relation is of some rows only, by property. */
  readonly when?: readonly (readonly [column: AnyColumn, value: unknown])[];
}

/**
 * The columns a relation is given, as those of a table.
 *
 * @param given A column or several, of the table or an alias of it.
 * @param table The table.
 * @param subject What errors call the relation.
 * @throws {ValidationError} When one is not a column of the table.
 */
export function columnsIn(given: unknown, table: Table, subject: string): readonly AnyColumn[] {
  const columns = Array.isArray(given) ? given as readonly unknown[] : [given];
  if (columns.length === 0) throw new ValidationError(subject, "its key has no columns; give at least one");
  return columns.map((column) => {
    if (!(column instanceof Column)) {
      throw new ValidationError(subject, "its key is no column; give one, or several as an array");
    }
    const own = table.columns.get(column.property);
    if (own !== undefined && own.settings === column.settings) return own;
    throw new ValidationError(
      subject,
      `its key "${column.property}" is of "${column.table}"; give columns of model "${table.tableName}"`,
    );
  });
}

/**
 * The columns that foreign keys refer to: what `key` names, else what they reference, else the primary key.
 *
 * @param foreign The foreign key's columns.
 * @param table The table referred to.
 * @param key What the relation was given as the option `key`.
 * @param subject What errors call the relation.
 * @throws {ValidationError} When there is no such key of as many columns.
 */
export function referredTo(
  foreign: readonly AnyColumn[],
  table: Table,
  { key, subject }: { readonly key: unknown; readonly subject: string },
): readonly AnyColumn[] {
  const columns = key === undefined
    ? references(foreign, table) ?? table.key
    : columnsIn(key, table, subject);
  if (columns.length === foreign.length) return columns;
  const names = (list: readonly AnyColumn[]) => list.map(({ property }) => property).join(", ") || "none";
  throw new ValidationError(
    subject,
    `its foreign key has the columns ${names(foreign)} and the key of model "${table.tableName}" ${
      names(columns)
    }; give as many of each, with the option key where it is not the primary key`,
  );
}

/** What every column of a foreign key references, where it is all of one table. */
function references(foreign: readonly AnyColumn[], table: Table): readonly AnyColumn[] | undefined {
  const columns: AnyColumn[] = [];
  for (const { settings } of foreign) {
    const target = settings.references?.target();
    if (!(target instanceof Column)) return undefined;
    const own = table.columns.get(target.property);
    const owner = ownerOf(target);
    if (own === undefined || own.settings !== target.settings) return undefined;
    if (owner !== undefined && owner.fragment.text !== table.fragment.text) return undefined;
    columns.push(own);
  }
  return columns;
}
