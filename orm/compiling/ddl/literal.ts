/**
 * Values as SQL text: a definition has no parameters, so what stands in one is written as a literal.
 *
 * @module
 */
import { quoteLiteral } from "../../building/inlined.ts";
import type { ColumnType } from "../../definition/column_type.ts";
import { codecOf } from "./literal_codec.ts";

/** The types whose numbers stand without quotes. */
const NUMBERS: ReadonlySet<string> = new Set([
  "int2",
  "int4",
  "int8",
  "float4",
  "float8",
  "numeric",
  "oid",
]);

/**
 * A value as an SQL literal of a column's type, without a cast: where it stands, PostgreSQL knows the type.
 *
 * @param type The column's type.
 * @param value What the pool would take for a parameter of the type, or null.
 * @returns The literal.
 * @throws {ValidationError} When the value does not fit the type.
 */
export function literalOf(type: ColumnType, value: unknown): string {
  if (value === null) return "null";
  const text = codecOf(type).encodeText(value);
  // A minus zero without quotes would be an integer's, which has no sign.
  const isPlain = /^-?\d+(\.\d+)?$/.test(text) && text !== "-0";
  if (type.dimensions === 0 && NUMBERS.has(type.base) && isPlain) return text;
  if (type.dimensions === 0 && type.base === "bool") return text.startsWith("t") ? "true" : "false";
  return quoteLiteral(text);
}
