/**
 * Inserting rows by COPY, when nothing is to be returned: each value is encoded into the bytes that are stored, without
 * arrays in between.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import type { CopyOptions, SessionExecutor } from "../../pool/session_executor.ts";
import { Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { CopiedRows } from "../../pool/wire/stream/copied_rows.ts";
import type { AnyColumn } from "../building/column.ts";
import type { Table } from "../definition/table.ts";
import { timesBeside } from "./insert.ts";
import { atRow, type RowGroup } from "./row_groups.ts";
import { namesOf } from "./write_columns.ts";

/** Fewer rows are not worth the second round trip, in which the columns' types are learnt. */
const COPIED_ROWS = 1_000;

/**
 * Whether rows can be copied, and are worth it: a COPY takes values as they are, the same columns for each row.
 *
 * @param table What into.
 * @param groups The rows.
 * @param executor What to run on.
 */
export function canCopy(
  table: Table,
  groups: readonly RowGroup[],
  executor: Executor,
): executor is SessionExecutor {
  const [{ columns, rows, isPlain }] = groups;
  return groups.length === 1 && isPlain && rows.length >= COPIED_ROWS && columns.length > 0 &&
    columns.every(({ settings }) => settings.saveAs === undefined) &&
    timesBeside(table, columns).length === 0 &&
    typeof (executor as Partial<SessionExecutor>).copyFrom === "function";
}

/**
 * Copies rows, all or none.
 *
 * @param table What into.
 * @param group The rows.
 * @param executor What to run on, and how.
 * @returns How many.
 */
export async function copyRowsInto(
  table: Table,
  { columns, rows }: RowGroup,
  { executor, options }: { readonly executor: SessionExecutor; readonly options: CopyOptions | undefined },
): Promise<number> {
  const target = table.fragment.text;
  const names = namesOf(columns);
  const properties = columns.map(({ property }) => property);
  function* values(): Generator<unknown[]> {
    for (const row of rows) yield properties.map((property) => row[property]);
  }
  const source = new CopiedRows(`select ${names} from ${target} limit 0`, values());
  try {
    return await executor.copyFrom(new Sql([`copy ${target} (${names}) from stdin`], []), source, options);
  } catch (error) {
    throw namingRow(error, columns);
  }
}

const SUBJECT = /^column "(.+)" in row (\d+) of the COPY$/s;

/** The error of a value, with the property's name in the place of the column's. */
function namingRow(error: unknown, columns: readonly AnyColumn[]): unknown {
  if (!(error instanceof ValidationError)) return error;
  const [, name, row] = SUBJECT.exec(error.subject) ?? [];
  const column = columns.find(({ columnName }) => columnName === name);
  if (column === undefined) return error;
  return atRow(new ValidationError(column.subject, error.problem, { cause: error }), Number(row) - 1);
}
