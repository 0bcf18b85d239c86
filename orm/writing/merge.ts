/**
 * Merging rows into a table: `merge`, of PostgreSQL 15 or later. What it returns needs PostgreSQL 17.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { assertSql, type Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";
import type { AnyColumn } from "../building/column.ts";
import { type Joinable, SOURCE, type Source } from "../building/source.ts";
import { OwnSql } from "../building/traits.ts";
import { type Table, unknownColumn } from "../definition/table.ts";
import { checkRecord, checkUpdate, checkValue, type GivenValues } from "../executing/input.ts";
import type { RowReader } from "../hydrating/row_reader.ts";
import { writeAssignments } from "./change.ts";
import { timesBeside } from "./insert.ts";
import { assertRows, atRow, isPlain } from "./row_groups.ts";
import { writeRowSource } from "./row_source.ts";
import { writeCtes } from "./rows_write.ts";
import { actsBefore, after, before, needsRows, writeCount, writeRows } from "./running_write.ts";
import { assertWritable, nameOf, namesOf, touches } from "./write_columns.ts";
import { checkOptions, RUN_OPTIONS, type RunOptions, runOptions } from "./write_options.ts";
import { type WriteStatement, WriteText } from "./write_text.ts";
import { writtenValue } from "./written_value.ts";

/** What a merge did to a row. */
export type MergeAction = "insert" | "update" | "delete";

/** A merge's options, whose types the model's interface narrows. */
export interface GivenMergeOptions extends RunOptions {
  readonly on: readonly string[] | ((source: never) => Sql);
  readonly whenMatched?: "update" | "delete" | "nothing" | readonly string[] | GivenSource;
  readonly whenNotMatched?: "insert" | "nothing" | GivenSource;
  readonly whenNotMatchedBySource?: "delete" | "nothing" | GivenValues;
  readonly returning?: boolean;
}

/** Values by column, or a function of the source that gives them. */
type GivenSource = GivenValues | ((source: never) => GivenValues);

const OPTIONS: readonly (keyof GivenMergeOptions)[] = [
  "on",
  "whenMatched",
  "whenNotMatched",
  "whenNotMatchedBySource",
  "returning",
  ...RUN_OPTIONS,
];

const ACTION = "#action";
const SYNTAX_ERROR = "42601";

/** What is merged, and under which name. */
interface MergeSource {
  readonly name: string;
  /** The columns that the table has too, which are merged where nothing else is said. */
  readonly shared: readonly AnyColumn[];
  readonly columns: ReadonlyMap<string, AnyColumn>;
  readonly sources: readonly Source[];
  write(text: WriteText): void;
}

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
  return rows.map((row, index) => Object.freeze({ action: actions[index], row }));
}

function sourceOfMerge(table: Table, given: unknown, subject: string): MergeSource {
  const source = (given as Partial<Joinable> | null | undefined)?.[SOURCE];
  if (source !== undefined) {
    const { name, columns, from } = source;
    return {
      name,
      columns,
      shared: [...table.columns.values()].filter(({ property }) => columns.has(property)),
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

function writeMerge(
  table: Table,
  source: MergeSource,
  { options, subject, returning }: {
    readonly options: GivenMergeOptions;
    readonly subject: string;
    readonly returning: boolean;
  },
): WriteStatement {
  const { on, whenMatched = "update", whenNotMatched = "insert", whenNotMatchedBySource = "nothing" } =
    options;
  if ([whenMatched, whenNotMatched, whenNotMatchedBySource].every((action) => action === "nothing")) {
    throw new ValidationError(
      subject,
      "nothing would happen to any row; say what happens when rows match or not",
    );
  }
  const columnsOfSource = Object.fromEntries(source.columns) as never;
  const text = new WriteText();
  writeCtes(text, source.sources);
  text.write(`merge into ${table.from.strings[0]} using `);
  source.write(text);
  const keys = writeOn(text, table, source, { on, subject, columnsOfSource });
  const resolve = (given: unknown) => typeof given === "function" ? given(columnsOfSource) : given;
  writeMatched(text, table, source, { action: resolve(whenMatched), keys, subject });
  writeNotMatched(text, table, source, { action: resolve(whenNotMatched), subject });
  writeNotMatchedBySource(text, table, whenNotMatchedBySource, subject);
  if (returning) text.write(` returning ${table.selection}, merge_action() as "${ACTION}"`);
  return text.finish();
}

function writeOn(
  text: WriteText,
  table: Table,
  source: MergeSource,
  { on, subject, columnsOfSource }: {
    readonly on: GivenMergeOptions["on"];
    readonly subject: string;
    readonly columnsOfSource: never;
  },
): readonly AnyColumn[] {
  text.write(" on ");
  let keys: readonly AnyColumn[] = [];
  if (typeof on === "function") {
    const condition = on(columnsOfSource);
    assertSql(condition, `the condition of ${subject}`);
    text.part(condition);
  } else {
    if (!Array.isArray(on) || on.length === 0) {
      throw new ValidationError(
        `the option "on" of ${subject}`,
        `${kindOf(on)} was given; name the columns that rows match by, or give a condition: (source) => …`,
      );
    }
    keys = on.map((property) => shared(table, source, property));
    text.write(keys.map((column) => `${column.text} = ${inSource(source, column)}`).join(" and "));
  }
  for (const condition of [table.present, table.scope]) {
    if (condition !== undefined) text.write(" and ").part(condition);
  }
  return keys;
}

function writeMatched(
  text: WriteText,
  table: Table,
  source: MergeSource,
  { action, keys, subject }: {
    readonly action: unknown;
    readonly keys: readonly AnyColumn[];
    readonly subject: string;
  },
): void {
  if (action === "nothing") return;
  text.write(" when matched then ");
  if (action === "delete") {
    writeDeletion(text, table);
    return;
  }
  text.write("update set ");
  if (action !== "update" && !Array.isArray(action)) {
    writeGiven(text, table, action, subject);
    return;
  }
  const columns = action === "update"
    ? source.shared.filter((column) =>
      !keys.includes(column) && column.settings.primaryKey !== true && column !== table.createdAt
    )
    : (action as readonly string[]).map((property) => shared(table, source, property));
  if (columns.length === 0) {
    throw new ValidationError(
      subject,
      'there is nothing to update but what rows match by; use whenMatched: "nothing"',
    );
  }
  const assignments = columns.map((column) => `${nameOf(column)} = ${inSource(source, column)}`);
  text.write([...assignments, ...touches(table, columns)].join(", "));
}

function writeDeletion(text: WriteText, table: Table): void {
  const { softDelete } = table;
  if (softDelete === undefined) text.write("delete");
  else {
    text.write(`update set ${[`${nameOf(softDelete)} = now()`, ...touches(table, [softDelete])].join(", ")}`);
  }
}

function writeGiven(text: WriteText, table: Table, values: unknown, subject: string): void {
  if (typeof values !== "object" || values === null) {
    throw new ValidationError(
      subject,
      `${kindOf(values)} was given as what happens; give "update", "delete", "insert", "nothing" or values`,
    );
  }
  const given = checkUpdate(table, values as GivenValues);
  writeAssignments(text, table, { given, values: values as GivenValues });
}

function writeNotMatched(
  text: WriteText,
  table: Table,
  source: MergeSource,
  { action, subject }: { readonly action: unknown; readonly subject: string },
): void {
  if (action === "nothing") return;
  text.write(" when not matched then insert (");
  if (action === "insert") {
    const columns = source.shared;
    const times = timesBeside(table, columns);
    const values = [...columns.map((column) => inSource(source, column)), ...times.map(() => "now()")];
    text.write(`${namesOf([...columns, ...times])}) values (${values.join(", ")})`);
    return;
  }
  if (typeof action !== "object" || action === null) {
    throw new ValidationError(
      `the option "whenNotMatched" of ${subject}`,
      `${kindOf(action)} was given; give "insert", "nothing" or values`,
    );
  }
  const values = action as GivenValues;
  const columns = checkUpdate(table, values);
  const times = timesBeside(table, columns);
  text.write(`${namesOf([...columns, ...times])}) values (`);
  columns.forEach((column, index) => {
    if (index > 0) text.write(", ");
    text.part(writtenValue(column, values[column.property]), column);
  });
  text.write(times.map(() => ", now()").join("")).write(")");
}

function writeNotMatchedBySource(text: WriteText, table: Table, action: unknown, subject: string): void {
  if (action === "nothing") return;
  text.write(" when not matched by source");
  for (const condition of [table.present, table.scope]) {
    if (condition !== undefined) text.write(" and ").part(condition);
  }
  text.write(" then ");
  if (action === "delete") writeDeletion(text, table);
  else {
    text.write("update set ");
    writeGiven(text, table, action, subject);
  }
}

/** A column of the table that the source has too. */
function shared(table: Table, source: MergeSource, property: string): AnyColumn {
  const column = table.columns.get(property);
  if (column === undefined) throw unknownColumn(table, property);
  if (source.columns.has(property)) return column;
  throw new ValidationError(column.subject, "the rows that are merged do not have it; give it in each");
}

function inSource(source: MergeSource, { property }: AnyColumn): string {
  return `${quoteIdentifier(source.name)}.${quoteIdentifier(source.columns.get(property)!.columnName)}`;
}
