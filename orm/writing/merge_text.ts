/**
 * The text of merges.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { assertSql, type Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import type { Source } from "../building/source.ts";
import { type Table, unknownColumn } from "../definition/table.ts";
import { checkUpdate, type GivenValues } from "../executing/input.ts";
import { writeAssignments } from "./change.ts";
import { timesBeside } from "./insert.ts";
import { writeCtes } from "./rows_write.ts";
import { nameOf, namesOf, touches } from "./write_columns.ts";
import type { RunOptions } from "./write_options.ts";
import { type WriteStatement, WriteText } from "./write_text.ts";
import { writtenValue } from "./written_value.ts";

/** The column that says what was done to a row. */
export const ACTION = "#action";

/** A merge's options, whose types the model's interface narrows. */
export interface GivenMergeOptions extends RunOptions {
  readonly on: readonly string[] | ((source: never) => Sql);
  readonly whenMatched?: "update" | "delete" | "nothing" | readonly string[] | GivenSource;
  readonly whenNotMatched?: "insert" | "nothing" | GivenSource;
  readonly whenNotMatchedBySource?: "delete" | "nothing" | GivenValues;
  readonly returning?: boolean;
}

/** Values by column, or a function of the source that gives them. */
export type GivenSource = GivenValues | ((source: never) => GivenValues);

/** What is merged, and under which name. */
export interface MergeSource {
  /** Its name in the statement. */
  readonly name: string;
  /** The columns that the table has too, which are merged where nothing else is said. */
  readonly shared: readonly AnyColumn[];
  /** Its columns by property. */
  readonly columns: ReadonlyMap<string, AnyColumn>;
  /** What stands in `with`. */
  readonly sources: readonly Source[];
  /** Writes it behind `using`. */
  write(text: WriteText): void;
}

/**
 * Writes a merge.
 *
 * @param table What into.
 * @param source What is merged.
 * @param how The options, what errors call the merge, and whether it returns rows.
 * @throws {ValidationError} When an option cannot be used.
 */
export function writeMerge(
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
