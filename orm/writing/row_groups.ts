/**
 * The rows of a bulk write, checked and grouped by which columns they give.
 *
 * @module
 */
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import { fragmentOf } from "../building/composition.ts";
import type { Table } from "../definition/table.ts";
import { checkRecord, checkValue, type GivenValues } from "../executing/input.ts";

/** Rows that give the same columns. */
export interface RowGroup {
  /** The columns. */
  readonly columns: readonly AnyColumn[];
  /** The rows. */
  readonly rows: readonly GivenValues[];
  /** Where each stands in what the caller gave. */
  readonly positions: readonly number[];
  /** Whether every value is one, and none an expression. */
  readonly isPlain: boolean;
}

/** A group that is still being filled. */
interface OpenGroup extends RowGroup {
  readonly rows: GivenValues[];
  readonly positions: number[];
  readonly properties: readonly string[];
  isPlain: boolean;
}

/**
 * Checks rows and groups them.
 *
 * @param table What they are written to.
 * @param rows The rows.
 * @param check Checks one whole row and returns its columns; it is asked once for each list of properties.
 * @returns The groups in the order of their first rows.
 * @throws {ValidationError} When a row cannot be written; it says which.
 */
export function groupRows(
  table: Table,
  rows: readonly GivenValues[],
  check: (row: GivenValues) => readonly AnyColumn[],
): readonly RowGroup[] {
  const groups = new Map<string, OpenGroup>();
  let last: OpenGroup | undefined;
  for (let position = 0; position < rows.length; position++) {
    const row = rows[position];
    try {
      checkRecord(table, row);
      if (last === undefined || !hasProperties(row, last.properties)) {
        last = groupOf(groups, row, check);
      }
      if (last.rows.length === 0) {
        last.isPlain = last.columns.every((column) => isPlain(row[column.property]));
      } else if (!checkLike(last.columns, row)) last.isPlain = false;
    } catch (error) {
      throw atRow(error, position);
    }
    last.rows.push(row);
    last.positions.push(position);
  }
  return [...groups.values()];
}

/**
 * Refuses what is no list of rows.
 *
 * @param table What they were to be written to.
 * @param rows What was given.
 */
export function assertRows(table: Table, rows: unknown): asserts rows is readonly GivenValues[] {
  if (Array.isArray(rows)) return;
  throw new ValidationError(
    `the rows of model "${table.name}"`,
    `${kindOf(rows)} was given; give an array of objects`,
  );
}

/** The error of a row, with where the row stands, counted from 1. */
export function atRow(error: unknown, position: number): unknown {
  if (!(error instanceof ValidationError)) return error;
  return new ValidationError(`${error.subject} in row ${position + 1}`, error.problem, {
    cause: error.cause,
  });
}

function hasProperties(row: GivenValues, properties: readonly string[]): boolean {
  const given = Object.keys(row);
  if (given.length !== properties.length) return false;
  for (let i = 0; i < given.length; i++) if (given[i] !== properties[i]) return false;
  return true;
}

function groupOf(
  groups: Map<string, OpenGroup>,
  row: GivenValues,
  check: (row: GivenValues) => readonly AnyColumn[],
): OpenGroup {
  const key = Object.keys(row).sort().join("\0");
  let group = groups.get(key);
  if (group === undefined) {
    const columns = check(row);
    const properties = columns.map(({ property }) => property);
    groups.set(key, group = { columns, properties, rows: [], positions: [], isPlain: true });
  }
  return group;
}

/** Checks a row's values where its properties are known to be right; tells whether all are plain. */
function checkLike(columns: readonly AnyColumn[], row: GivenValues): boolean {
  let plain = true;
  for (const column of columns) {
    const value = row[column.property];
    if (!isPlain(value)) plain = false;
    else if (value === null || value === undefined || column.settings.type.accepts?.(value) === false) {
      checkValue(column, value);
    }
  }
  return plain;
}

/** Whether a value is one, and no expression. */
export function isPlain(value: unknown): boolean {
  return typeof value !== "object" || fragmentOf(value) === undefined;
}
