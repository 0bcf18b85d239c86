/**
 * Rows inside of rows: a related row travels as an anonymous record, in the binary form, whose values are decoded as those
 * of any row. Nothing goes through JSON, so no digit is lost.
 *
 * @module
 */
import { BUILTIN_RANGES, BUILTIN_TYPES } from "../../pool/wire/codec/builtin_types.ts";
import { isReadInBinary } from "../../pool/wire/codec/scalar.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { OutputColumn } from "../building/selection.ts";
import { outputsOf } from "../compiling/select.ts";
import type { Shape } from "../compiling/shape.ts";
import type { ColumnType } from "../definition/column_type.ts";
import type { OpenRow } from "../hydrating/row_reader.ts";

/** How a query's rows travel as records. */
export interface RecordLayout {
  /** The output column that is the record. */
  readonly output: OutputColumn;
  /** What the record's values are, in order. */
  readonly properties: readonly string[];
}

const LAYOUTS = new WeakMap<Shape, RecordLayout>();

/**
 * How the rows of a shape travel as records.
 *
 * @throws {ValidationError} When a column's type cannot be decoded inside a record.
 */
export function recordLayout(shape: Shape): RecordLayout {
  let layout = LAYOUTS.get(shape);
  if (layout === undefined) {
    const outputs = outputsOf(shape);
    const text = `row(${outputs.map((output) => fieldText(output, shape)).join(", ")})`;
    layout = {
      output: { property: "row", strings: [text] },
      properties: outputs.map(({ property }) => property),
    };
    LAYOUTS.set(shape, layout);
  }
  return layout;
}

/** A record's values as a row. */
export function rowOf({ properties }: RecordLayout, record: readonly unknown[]): OpenRow {
  const row: OpenRow = {};
  for (let i = 0; i < properties.length; i++) row[properties[i]] = record[i];
  return row;
}

function fieldText({ property, strings, settings }: OutputColumn, { source }: Shape): string {
  if (strings.length > 1) throw new Error("BUG: what a related row selects has values");
  if (settings === undefined) return strings[0];
  const cast = castInside(settings.type);
  if (cast === "") return strings[0];
  if (cast !== undefined) {
    return `${settings.selectAs === undefined ? strings[0] : `(${strings[0]})`}::${cast}`;
  }
  throw new ValidationError(
    `column "${property}" of model "${source.name}"`,
    `its type ${settings.type.sql} cannot be read inside of another row; load the relation by "query", or leave the column out with only()`,
  );
}

const TYPES: ReadonlySet<string> = new Set(BUILTIN_TYPES.map(([name]) => name));
const RANGES: ReadonlySet<string> = new Set(
  BUILTIN_RANGES.flatMap(({ range, multirange }) => [range[0], multirange[0]]),
);

/** Types without a binary form whose values are not texts. */
const VECTORS: ReadonlySet<string> = new Set(["int2vector", "oidvector"]);

/**
 * The type a column is cast to inside a record: empty for its own. Only types that every database has are known by
 * their number there; the values of others are texts, as they are by themselves. So are those of types that are never
 * read in the binary form, the only one a record's values have.
 */
function castInside({ base, sql, dimensions, declared }: ColumnType): string | undefined {
  const brackets = "[]".repeat(dimensions === 0 ? 0 : 1);
  if (declared?.kind === "enum" || base === "citext") return `text${brackets}`;
  if (declared?.kind === "domain") {
    const inner = castInside(declared.type);
    return inner === "" ? `${declared.type.sql}${"[]".repeat(declared.type.dimensions)}${brackets}` : inner;
  }
  if (declared !== undefined || VECTORS.has(base)) return undefined;
  if (sql.includes(".")) return undefined;
  if (isReadInBinary(base) || RANGES.has(base)) return "";
  return TYPES.has(base) ? `text${brackets}` : undefined;
}
