/**
 * Updating many rows, each with values of its own, by one statement.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { NotFoundError } from "../../pool/pool_errors.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Call } from "../behaviour/write.ts";
import type { AnyColumn } from "../building/column.ts";
import type { Table } from "../definition/table.ts";
import { checkKey, checkRecord, checkUpdate, type GivenValues } from "../executing/input.ts";
import type { RowReader } from "../hydrating/row_reader.ts";
import { atomically } from "./atomically.ts";
import { namingRow } from "./bulk_statement.ts";
import { keyTexts } from "./key_text.ts";
import { assertRows, atRow, isPlain } from "./row_groups.ts";
import { flagOf, travelsAsArray, writeRowSource } from "./row_source.ts";
import { after, before, needsRows, writeRows } from "./running_write.ts";
import { checkOptions, RUN_OPTIONS, type RunOptions, runOptions } from "./write_options.ts";
import { assertWritable, nameOf, touches } from "./write_columns.ts";
import { type WriteStatement, WriteText } from "./write_text.ts";
import { tellCache } from "./tell_cache.ts";

/** How many rows are updated. */
export interface UpdateManyOptions extends RunOptions {
  /**
   * What a key without a row is: `"ignore"` leaves it out of the result, `"error"` rejects with `NotFoundError` and
   * updates none. Default `"ignore"`.
   */
  readonly missing?: "error" | "ignore";
}

const OPTIONS: readonly (keyof UpdateManyOptions)[] = ["missing", ...RUN_OPTIONS];

/** Values in one statement of arrays. */
const ARRAY_VALUES = 200_000;
/** Values in one list, each a parameter of its own. */
const LIST_VALUES = 16_000;
const ORDINAL = "#";

/**
 * Updates rows.
 *
 * @param table What to update.
 * @param rows The keys, and what changes.
 * @param executor What to run on.
 * @returns The updated rows in the order given.
 */
export async function updateRows(
  table: Table,
  rows: readonly GivenValues[],
  { options, executor }: { readonly options: UpdateManyOptions; readonly executor: Executor },
): Promise<unknown[]> {
  assertWritable(table);
  assertRows(table, rows);
  const subject = `updateMany() of model "${table.name}"`;
  checkOptions(options, OPTIONS, subject);
  const { missing = "ignore" } = options;
  if (missing !== "ignore" && missing !== "error") {
    throw new ValidationError(`option "missing" of ${subject}`, 'it is unknown; use "error" or "ignore"');
  }
  if (rows.length === 0) return [];
  const call: Call = { executor, many: true, signal: options.signal };
  const records = await hooked(table, rows, call);
  const changes = checkRows(table, records);
  const columns = [...table.key, ...changes.given];
  const listed = !columns.every(travelsAsArray);
  const chunks = chunksOf(table, records, changes);
  const work = async (target: Executor) => {
    const updated: unknown[] = [];
    for (const { at, rows } of chunks) {
      const statement = writeUpdate(table, changes, rows);
      try {
        const found = await readOrdered(table, statement, { executor: target, options: runOptions(options) });
        for (const row of found) updated.push(row);
        if (missing === "error" && found.length < rows.length) {
          throw new NotFoundError(statement.statement.text);
        }
      } catch (error) {
        throw namingRow(error, {
          positions: rows.map((_, index) => at + index),
          list: listed ? { rows, columns, padded: true } : undefined,
        });
      }
    }
    if (needsRows(table, "update")) await after(table, "update", updated, { ...call, executor: target });
    return updated;
  };
  const single = chunks.length === 1 && missing === "ignore" && !needsRows(table, "update");
  return single ? await work(executor) : await atomically(executor, work);
}

/** What hooks leave of the changes, with the keys. */
async function hooked(
  table: Table,
  rows: readonly GivenValues[],
  call: Call,
): Promise<readonly GivenValues[]> {
  if (table.behaviour?.actsBefore.update !== true) return rows;
  const keys = rows.map((row) => pick(table.key, row));
  const writes = rows.map((row, index) => ({ values: without(table.key, row), key: keys[index] }));
  const left = await before(table, "update", writes, call);
  return left.map((values, index) => ({ ...keys[index], ...values }));
}

function pick(columns: readonly AnyColumn[], row: GivenValues): GivenValues {
  return Object.fromEntries(columns.map(({ property }) => [property, row?.[property]]));
}

function without(columns: readonly AnyColumn[], row: GivenValues): GivenValues {
  const rest: Record<string, unknown> = { ...row };
  for (const { property } of columns) delete rest[property];
  return rest;
}

/** What changes: every column that a row gives besides the key. */
interface Changes {
  readonly given: readonly AnyColumn[];
  /** Those that not every row gives. */
  readonly partial: readonly AnyColumn[];
}

function checkRows(table: Table, rows: readonly GivenValues[]): Changes {
  const counts = new Map<AnyColumn, number>();
  // Unlike forEach(), this does not pass over holes.
  for (const [position, row] of rows.entries()) {
    try {
      checkRecord(table, row);
      const key = pick(table.key, row);
      checkKey(table, table.key.length === 1 ? Object.values(key)[0] : key);
      for (const column of checkUpdate(table, without(table.key, row))) {
        refuseExpression(column, row[column.property]);
        counts.set(column, (counts.get(column) ?? 0) + 1);
      }
    } catch (error) {
      throw atRow(error, position);
    }
  }
  refuseTwins(table, rows);
  return {
    given: [...counts.keys()],
    partial: [...counts].filter(([, count]) => count < rows.length).map(([column]) => column),
  };
}

function refuseTwins(table: Table, rows: readonly GivenValues[]): void {
  const seen = new Map<string, number>();
  keyTexts(table.key, rows).forEach((key, position) => {
    const other = seen.get(key);
    if (other !== undefined) {
      throw new ValidationError(
        `updateMany() of model "${table.name}"`,
        `its rows ${other + 1} and ${position + 1} have the same key; give each key once`,
      );
    }
    seen.set(key, position);
  });
}

/** Some of the rows, from a position on. */
interface Chunk {
  readonly at: number;
  readonly rows: readonly GivenValues[];
}

function chunksOf(
  table: Table,
  rows: readonly GivenValues[],
  { given, partial }: Changes,
): readonly Chunk[] {
  const columns = [...table.key, ...given];
  const most = columns.every(travelsAsArray) ? ARRAY_VALUES : LIST_VALUES;
  const size = Math.max(1, Math.floor(most / (columns.length + partial.length)));
  const chunks: Chunk[] = [];
  for (let at = 0; at < rows.length; at += size) chunks.push({ at, rows: rows.slice(at, at + size) });
  return chunks;
}

function writeUpdate(
  table: Table,
  { given, partial }: Changes,
  rows: readonly GivenValues[],
): WriteStatement {
  const name = table.name === "given" ? "given_rows" : "given";
  const text = new WriteText().write(`update ${table.from.strings[0]} set `);
  const assignments = given.map((column) => {
    const value = `"${name}".${nameOf(column)}`;
    return partial.includes(column)
      ? `${nameOf(column)} = case when "${name}".${
        flagOf(partial, column)
      } then ${value} else ${column.text} end`
      : `${nameOf(column)} = ${value}`;
  });
  text.write([...assignments, ...touches(table, given)].join(", ")).write(" from ");
  writeRowSource(text, { name, columns: [...table.key, ...given], flags: partial, rows, ordinal: ORDINAL });
  text.write(" where ");
  text.write(table.key.map((column) => `${column.text} = "${name}".${nameOf(column)}`).join(" and "));
  for (const condition of [table.present, table.scope]) {
    if (condition !== undefined) text.write(" and ").part(condition);
  }
  return text.write(` returning ${table.selection}, "${name}"."${ORDINAL}"`).finish();
}

/** The rows in the order given: PostgreSQL returns them in whichever the join finds them. */
async function readOrdered(
  table: Table,
  statement: WriteStatement,
  { executor, options }: { readonly executor: Executor; readonly options: RunOptions | undefined },
): Promise<unknown[]> {
  const ordinals: number[] = [];
  const reader: RowReader = { conversions: table.conversions, hidden: [ORDINAL] };
  const rows = await writeRows<Record<string, unknown>>(statement, reader, {
    executor,
    options,
    observe: (row) => ordinals.push(Number(row[ORDINAL])),
  });
  await tellCache(table, executor, rows);
  const order = rows.map((_, index) => index).sort((a, b) => ordinals[a] - ordinals[b]);
  return order.map((index) => rows[index]);
}

function refuseExpression(column: AnyColumn, value: unknown): void {
  if (isPlain(value)) return;
  throw new ValidationError(
    column.subject,
    "an expression was given, and the rows of a bulk update travel as values; use update() or updateById()",
  );
}
