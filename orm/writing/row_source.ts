/**
 * Many rows as something to select from: one array for each column, or a list of values.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { BUILTIN_RANGES, BUILTIN_TYPES } from "../../pool/wire/codec/builtin_types.ts";
import type { AnyColumn } from "../building/column.ts";
import type { ColumnType } from "../definition/column_type.ts";
import { unboundedType } from "../definition/unbounded_type.ts";
import type { GivenValues } from "../executing/input.ts";
import type { WriteText } from "./write_text.ts";
import { writtenValue } from "./written_value.ts";

/** Base types of which PostgreSQL makes one column when it unnests an array of them. */
const SCALARS: ReadonlySet<string> = new Set([
  ...BUILTIN_TYPES.filter(([name, , arrayOid]) => arrayOid !== 0 && name !== "record").map(([name]) => name),
  ...BUILTIN_RANGES.flatMap(({ range, multirange }) => [range[0], multirange[0]]),
]);

/**
 * Whether a column's values can travel as one array: not arrays, of which PostgreSQL has no list, nor composites, which
 * it takes apart, nor what `saveAs` makes something else of.
 */
export function travelsAsArray({ settings: { type, saveAs } }: AnyColumn): boolean {
  return saveAs === undefined && isScalar(type);
}

function isScalar({ dimensions, declared, extension, base }: ColumnType): boolean {
  if (dimensions > 0) return false;
  if (declared === undefined) return extension !== undefined || SCALARS.has(base);
  return declared.kind === "enum" || (declared.kind === "domain" && isScalar(declared.type));
}

/** Writes `unnest($1::a[], $2::b[])`, for columns that all travel as arrays. */
export function writeUnnest(
  text: WriteText,
  columns: readonly AnyColumn[],
  { rows, flags = [] }: { readonly rows: readonly GivenValues[]; readonly flags?: readonly AnyColumn[] },
): void {
  text.write("unnest(");
  columns.forEach((column, index) => {
    const { property, settings } = column;
    if (index > 0) text.write(", ");
    text.part(rows.map((row) => row[property] ?? null), column).write(`::${unboundedType(settings.type)}[]`);
  });
  for (const { property } of flags) {
    text.write(", ").part(rows.map((row) => Object.hasOwn(row, property))).write("::boolean[]");
  }
  text.write(")");
}

/** The rows of a bulk write as a table inside its statement. */
export interface RowSource {
  /** Its name. */
  readonly name: string;
  /** The columns. */
  readonly columns: readonly AnyColumn[];
  /** The columns of which each row says whether it gives them. */
  readonly flags: readonly AnyColumn[];
  /** The rows. */
  readonly rows: readonly GivenValues[];
  /** The name of a column that counts the rows, from 1; left out where nobody asks. */
  readonly ordinal?: string;
}

/** The column of a row source that says whether a row gives a column; a long name would be cut. */
export function flagOf(flags: readonly AnyColumn[], column: AnyColumn): string {
  const { columnName } = column;
  return quoteIdentifier(`${columnName.length < 20 ? columnName : flags.indexOf(column)}?`);
}

/** Writes `unnest(…) as "name"("a", "b")`, or the same of a list of values. */
export function writeRowSource(text: WriteText, source: RowSource): void {
  const { name, columns, flags, rows, ordinal } = source;
  if (columns.every(travelsAsArray)) {
    writeUnnest(text, columns, { rows, flags });
    if (ordinal !== undefined) text.write(" with ordinality");
  } else writeList(text, source);
  const names = [
    ...columns.map(({ columnName }) => quoteIdentifier(columnName)),
    ...flags.map((column) => flagOf(flags, column)),
    ...(ordinal === undefined ? [] : [quoteIdentifier(ordinal)]),
  ];
  text.write(` as ${quoteIdentifier(name)} (${names.join(", ")})`);
}

/** The first row says what the types are. */
function writeList(text: WriteText, { columns, flags, rows, ordinal }: RowSource): void {
  text.write("(values ");
  rows.forEach((row, index) => {
    text.write(index === 0 ? "(" : ", (");
    columns.forEach((column, at) => {
      if (at > 0) text.write(", ");
      text.part(writtenValue(column, row[column.property] ?? null), column);
      if (index === 0 && column.settings.saveAs === undefined) {
        text.write(`::${unboundedType(column.settings.type)}`);
      }
    });
    for (const { property } of flags) text.write(Object.hasOwn(row, property) ? ", true" : ", false");
    text.write(ordinal === undefined ? ")" : `, ${index + 1})`);
  });
  text.write(")");
}
