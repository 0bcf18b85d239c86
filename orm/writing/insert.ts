/**
 * Inserting one row.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { Sql } from "../../pool/sql/sql.ts";
import type { AnyColumn } from "../building/column.ts";
import { fragmentOf } from "../building/composition.ts";
import type { Table } from "../definition/table.ts";
import { namingColumn } from "../executing/column_error.ts";
import { checkInsert, type GivenValues } from "../executing/input.ts";
import { readRows } from "../hydrating/row_reader.ts";
import type { InsertTexts } from "./insert_texts.ts";
import { actsBefore, after, before, needsRows } from "./running_write.ts";
import { tellCache } from "./tell_cache.ts";
import { assertWritable, insertTimes, namesOf } from "./write_columns.ts";
import { type WriteStatement, WriteText } from "./write_text.ts";
import { writtenValue } from "./written_value.ts";

/**
 * Inserts a row.
 *
 * @param table What into.
 * @param texts Its texts.
 * @param values The row's columns.
 * @param executor What to run on.
 * @returns The whole row.
 */
export async function insertRow(
  table: Table,
  values: GivenValues,
  { texts, executor }: { readonly texts: InsertTexts; readonly executor: Executor },
): Promise<unknown> {
  assertWritable(table);
  let record = values;
  if (actsBefore(table, "insert")) [record] = await before(table, "insert", [{ values }], { executor });
  const given = checkInsert(table, record);
  const { statement, parameters } = insertStatement(table, texts, { given, values: record });
  let row: unknown;
  try {
    [row] = readRows(table, [await executor.one(statement)]);
  } catch (error) {
    throw namingColumn(error, parameters());
  }
  if (table.cache !== undefined) await tellCache(table, executor, [row]);
  if (needsRows(table, "insert")) await after(table, "insert", [row], { executor });
  return row;
}

/** The statement that inserts a row and returns it. */
function insertStatement(
  table: Table,
  texts: InsertTexts,
  { given, values }: { readonly given: readonly AnyColumn[]; readonly values: GivenValues },
): WriteStatement {
  const bound: unknown[] = [];
  let isPlain = true;
  for (const column of given) {
    const value = values[column.property];
    if (column.settings.saveAs !== undefined || fragmentOf(value) !== undefined) isPlain = false;
    bound.push(value);
  }
  if (isPlain) {
    const { strings, text } = texts.for(given);
    return { statement: new Sql(strings, bound, text), parameters: () => given };
  }
  const text = new WriteText();
  writeInsertInto(text, table, given);
  text.write(" values ");
  writeValues(text, given, { values, times: timesBeside(table, given) });
  return text.write(` returning ${table.selection}`).finish();
}

/** The columns that get the database's time in an insert of some columns. */
export function timesBeside(table: Table, given: readonly AnyColumn[]): readonly AnyColumn[] {
  return insertTimes(table).filter((column) => !given.includes(column));
}

/** Writes what is inserted into. */
export function writeInsertInto(text: WriteText, table: Table, given: readonly AnyColumn[]): void {
  const columns = [...given, ...timesBeside(table, given)];
  text.write(`insert into ${table.from.strings[0]}${columns.length === 0 ? "" : ` (${namesOf(columns)})`}`);
}

/** Writes one row's values in parentheses; what is not given takes its default. */
export function writeValues(
  text: WriteText,
  columns: readonly AnyColumn[],
  { values, times }: { readonly values: GivenValues; readonly times: readonly AnyColumn[] },
): void {
  text.write("(");
  columns.forEach((column, index) => {
    if (index > 0) text.write(", ");
    if (!Object.hasOwn(values, column.property)) text.write("default");
    else text.part(writtenValue(column, values[column.property]), column);
  });
  times.forEach((_, index) => text.write(columns.length + index === 0 ? "now()" : ", now()"));
  text.write(")");
}
