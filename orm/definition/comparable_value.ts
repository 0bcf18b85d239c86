/**
 * Values in a form in which those that PostgreSQL says are equal are the same.
 *
 * @module
 */
import type { ColumnType } from "./column_type.ts";

/** From a value, not null, to a primitive that is the same for equal values. */
export type Comparable = (value: unknown) => unknown;

/**
 * How values of two columns are made comparable.
 *
 * @param type The type of the one whose values are read.
 * @param other The type of the other, which may differ.
 * @returns `undefined` where the values of rows are as they are.
 */
export function comparableOf(type: ColumnType, other: ColumnType): Comparable | undefined {
  const bases = [type.base, other.base];
  if (type.dimensions > 0) return textOf;
  if (bases.includes("jsonb")) return jsonOf;
  if (bases.includes("citext")) return (value) => String(value).toLowerCase();
  if (bases.includes("uuid")) return (value) => String(value).toLowerCase();
  // Of what ends a text, only spaces are padding.
  if (bases.includes("bpchar")) return (value) => String(value).replace(/ +$/, "");
  if (bases.includes("numeric")) return (value) => withoutTrailingZeros(textOf(value));
  if (type.base === other.base && type.conversion === other.conversion && PRIMITIVE.has(type.base)) {
    return undefined;
  }
  return textOf;
}

/** Types whose values are strings, numbers or bigints, and equal where PostgreSQL says they are. */
const PRIMITIVE: ReadonlySet<string> = new Set([
  "int2",
  "int4",
  "int8",
  "text",
  "varchar",
  "bool",
  "oid",
]);

function textOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  // A Buffer's own text is what its bytes say in UTF-8.
  if (value instanceof Uint8Array) return value.join();
  if (value instanceof Date) return value.toISOString().replace(/\.?0+Z$/, "Z");
  if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) return jsonOf(value);
  return String(value);
}

/** As JSON, with the keys of objects in one order, since in `jsonb` they have none. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === "bigint") return String(item);
    if (item instanceof Uint8Array) return textOf(item);
    if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => a < b ? -1 : 1));
  });
}

function withoutTrailingZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
