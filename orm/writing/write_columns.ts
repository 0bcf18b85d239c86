/**
 * Which columns of a table a write sets by itself, and how its parts are written.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import type { Table } from "../definition/table.ts";

/**
 * Refuses writes to views.
 *
 * @throws {ValidationError} When the model is of one.
 */
export function assertWritable(table: Table): void {
  if (table.view === undefined) return;
  throw new ValidationError(
    `a write of model "${table.name}"`,
    `it is of a ${table.view}; write the tables it is made of`,
  );
}

/** The columns an insert gives the database's time, unless they are given; those with a default have it from there. */
export function insertTimes(table: Table): readonly AnyColumn[] {
  const { createdAt, updatedAt } = table;
  return [createdAt, updatedAt].filter((column) =>
    column !== undefined && !("default" in column.settings)
  ) as readonly AnyColumn[];
}

/** A column's name as it stands in `insert into t (…)` and left of `=` in `set`. */
export function nameOf(column: AnyColumn): string {
  return quoteIdentifier(column.columnName);
}

/** Names in a list. */
export function namesOf(columns: readonly AnyColumn[]): string {
  return columns.map(nameOf).join(", ");
}

/** What is assigned, besides what is given, by each update of a row: the time of the change and the version. */
export function touches(table: Table, given: readonly AnyColumn[]): readonly string[] {
  const { updatedAt, version } = table;
  const assignments: string[] = [];
  if (updatedAt !== undefined && !given.includes(updatedAt)) assignments.push(`${nameOf(updatedAt)} = now()`);
  if (version !== undefined && !given.includes(version)) {
    assignments.push(`${nameOf(version)} = ${version.text} + 1`);
  }
  return assignments;
}
