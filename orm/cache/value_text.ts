/**
 * Texts of statements' values: two that might mean something else to PostgreSQL never have the same.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { PgArray } from "../../pool/wire/codec/array_value.ts";
import { Geometry } from "../../pool/wire/codec/geometry_value.ts";
import { Interval } from "../../pool/wire/codec/interval_value.ts";
import { Range } from "../../pool/wire/codec/range_value.ts";

/** Classes whose objects are nothing but their properties. */
const PLAIN_CLASSES = [PgArray, Geometry, Interval, Range] as const;
/** How deep values may be nested. */
const MAX_DEPTH = 32;

/**
 * The text of a value.
 *
 * @param value The value.
 * @returns Undefined where it is not certain what all of the value is: of classes nobody here knows.
 */
export function valueText(value: unknown, depth = 0): string | undefined {
  switch (typeof value) {
    case "undefined":
      return "undefined";
    case "boolean":
      return String(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "string":
      return JSON.stringify(value);
    case "object":
      return value === null ? "null" : depth > MAX_DEPTH ? undefined : objectText(value, depth + 1);
    default:
      return undefined;
  }
}

function objectText(value: object, depth: number): string | undefined {
  if (Array.isArray(value)) {
    const parts = Array.from(value, (each) => valueText(each, depth));
    return parts.includes(undefined) ? undefined : `[${parts.join()}]`;
  }
  if (value instanceof Uint8Array) return `bytes(${Buffer.from(value).toString("base64")})`;
  if (value instanceof Date) return `date(${value.getTime()})`;
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag.startsWith("Temporal.")) return `${tag}(${value})`;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return propertiesText(value, depth);
  const known = PLAIN_CLASSES.find(({ prototype: own }) => own === prototype);
  const properties = known === undefined ? undefined : propertiesText(value, depth);
  return properties === undefined ? undefined : `${known!.name}(${properties})`;
}

function propertiesText(value: object, depth: number): string | undefined {
  const parts: string[] = [];
  for (const [name, each] of Object.entries(value)) {
    const text = valueText(each, depth);
    if (text === undefined) return undefined;
    parts.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${parts.join()}}`;
}
