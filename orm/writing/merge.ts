/**
 * Merging rows into a table: `merge`, of PostgreSQL 15 or later. What it returns needs PostgreSQL 17.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";
import type { AnyColumn } from "../building/column.ts";
import { type Joinable, SOURCE } from "../building/source.ts";
import { OwnSql } from "../building/traits.ts";
import { whyNotWritten } from "../definition/column_input.ts";
import { type Table, unknownColumn } from "../definition/table.ts";
import { checkRecord, checkValue, type GivenValues } from "../executing/input.ts";
import type { RowReader } from "../hydrating/row_reader.ts";
import { ACTION, type GivenMergeOptions, type MergeSource, writeMerge } from "./merge_text.ts";
import { assertRows, atRow, isPlain } from "./row_groups.ts";
import { writeRowSource } from "./row_source.ts";
import { actsBefore, after, before, needsRows, writeCount, writeRows } from "./running_write.ts";
import { assertWritable } from "./write_columns.ts";
import { checkOptions, RUN_OPTIONS, type RunOptions, runOptions } from "./write_options.ts";
import type { WriteStatement } from "./write_text.ts";
import { tellCache } from "./tell_cache.ts";

/** What a merge did to a row. */
export type MergeAction = "insert" | "update" | "delete";

const OPTIONS: readonly (keyof GivenMergeOptions)[] = [
  "on",
  "whenMatched",
  "whenNotMatched",
  "whenNotMatchedBySource",
  "returning",
  ...RUN_OPTIONS,
];

const SYNTAX_ERROR = "42601";

/**
 * Merges rows, or what a query returns, into a table.
 *
 * @param table What into.
 * @param given Rows, or a query under a name.
 * @param options What makes rows match, and what happens then.
 * @param executor What to run on.
 * @returns How many rows were changed; with `returning` what was done to each.
 */
export async function mergeInto(
  table: Table,
  given: readonly GivenValues[] | Joinable,
  { options, executor }: { readonly options: GivenMergeOptions; readonly executor: Executor },
): Promise<number | unknown[]> {
  assertWritable(table);
  const subject = `a merge into model "${table.name}"`;
  checkOptions(options, OPTIONS, subject);
  const { returning = false } = options;
  const call = { executor, many: true, signal: options.signal };
  let rows = given;
  if (Array.isArray(given)) {
    if (given.length === 0) return returning ? [] : 0;
    if (actsBefore(table, "upsert")) {
      rows = await before(table, "upsert", given.map((values) => ({ values })), call);
    }
  }
  const hooked = needsRows(table, "upsert");
  const source = sourceOfMerge(table, rows, subject);
  const statement = writeMerge(table, source, { options, subject, returning: returning || hooked });
  try {
    if (!returning && !hooked) return await writeCount(statement, executor, runOptions(options));
    const done = await readActions(table, statement, { executor, options: runOptions(options) });
    if (hooked) {
      const written = done.filter(({ action }) => action !== "delete").map(({ row }) => row);
      await after(table, "upsert", written, call);
    }
    return returning ? done : done.length;
  } catch (error) {
    if (!(error instanceof PostgresError) || error.sqlState !== SYNTAX_ERROR) throw error;
    throw new ValidationError(
      subject,
      `the server does not understand it; merge() needs PostgreSQL 15${
        returning || hooked ? ", what it returns and hooks get needs 17" : ""
      }${
        options.whenNotMatchedBySource === undefined ? "" : ", whenNotMatchedBySource needs 17"
      }: use upsertMany(), or correct the fragments it was given`,
      { cause: error },
    );
  }
}

async function readActions(
  table: Table,
  statement: WriteStatement,
  { executor, options }: { readonly executor: Executor; readonly options: RunOptions | undefined },
): Promise<{ readonly action: MergeAction; readonly row: unknown }[]> {
  const actions: MergeAction[] = [];
  const reader: RowReader = { conversions: table.conversions, hidden: [ACTION] };
  const rows = await writeRows(statement, reader, {
    executor,
    options,
    observe: (row) => actions.push(String(row[ACTION]).toLowerCase() as MergeAction),
  });
  await tellCache(table, executor, rows);
  return rows.map((row, index) => Object.freeze({ action: actions[index], row }));
}

function sourceOfMerge(table: Table, given: unknown, subject: string): MergeSource {
  const source = (given as Partial<Joinable> | null | undefined)?.[SOURCE];
  if (source !== undefined) {
    const { name, columns, from } = source;
    return {
      name,
      columns,
      shared: [...table.columns.values()].filter(({ property, settings }) =>
        columns.has(property) && whyNotWritten(settings) === undefined
      ),
      sources: [source],
      write: (text) => text.part(new OwnSql(from.strings, from.values, from)),
    };
  }
  assertRows(table, given);
  const columns = new Set<AnyColumn>();
  given.forEach((row, position) => {
    try {
      for (const column of checkRow(table, row)) columns.add(column);
    } catch (error) {
      throw atRow(error, position);
    }
  });
  const first = given[0] as GivenValues;
  const uneven = given.findIndex((row) =>
    Object.keys(row as object).length !== columns.size || Object.keys(first).length !== columns.size
  );
  if (uneven >= 0) {
    throw new ValidationError(
      `row ${uneven + 1} of ${subject}`,
      "it does not give the same columns as the others; give each row the same",
    );
  }
  const name = table.name === "source" ? "source_rows" : "source";
  const all = [...columns];
  return {
    name,
    columns: new Map(all.map((column) => [column.property, column.of(name)])),
    shared: all,
    sources: [],
    write: (text) => writeRowSource(text, { name, columns: all, flags: [], rows: given }),
  };
}

/** Checks a row of the source; it may hold the key, though PostgreSQL generates it. */
function checkRow(table: Table, row: GivenValues): readonly AnyColumn[] {
  checkRecord(table, row);
  return Object.keys(row).map((property) => {
    const column = table.columns.get(property);
    if (column === undefined) throw unknownColumn(table, property);
    const value = row[property];
    if (!isPlain(value)) {
      throw new ValidationError(
        column.subject,
        "an expression was given, and the rows of a merge travel as values; put it into whenMatched or whenNotMatched",
      );
    }
    if (column.settings.primaryKey === true && value !== undefined && value !== null) {
      const refusal = column.refuse(value);
      if (refusal !== undefined) throw refusal;
    } else checkValue(column, value);
    return column;
  });
}
