/**
 * Keys that JavaScript compares as PostgreSQL does: what is found by them in a map is what the database would find.
 *
 * @module
 */
import type { AnyColumn } from "../building/column.ts";
import { TO_STRING } from "../definition/column_type.ts";

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const DECIMAL = /^(?:0|-?[1-9]\d*)$/;

/** How a key of a column is compared with those of rows: its form in a row, or `undefined` when that is not known. */
export function comparisonOf({ settings }: AnyColumn): ((key: unknown) => unknown) | undefined {
  const { type } = settings;
  if (settings.selectAs !== undefined) return undefined;
  if (type.dimensions > 0 || type.declared !== undefined || settings.collation !== undefined) {
    return undefined;
  }
  switch (type.base) {
    case "int2":
    case "int4":
      return (key) => typeof key === "number" ? key : undefined;
    case "int8":
      return type.conversion === TO_STRING
        ? (key) => typeof key === "string" && DECIMAL.test(key) ? key : undefined
        : (key) => type.conversion?.fits(key) === true ? key : undefined;
    case "uuid":
      return (key) => typeof key === "string" && UUID.test(key) ? key.toLowerCase() : undefined;
    case "text":
    case "varchar":
      return (key) => typeof key === "string" ? key : undefined;
    default:
      return undefined;
  }
}
