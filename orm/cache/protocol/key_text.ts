/**
 * A row's identity as text: the same in this process and in a trigger, so that what a writer, a reader and the
 * reflector call a key is one key. The parts are PostgreSQL's text of the columns, joined by `,`, with `\` and `,`
 * escaped by `\`; what is longer than 200 bytes of UTF-8 is named by its MD5 instead.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** The types of columns that may identify a cached row: for them equal values have equal texts. */
export const KEY_TYPES = ["int2", "int4", "int8", "uuid", "text", "varchar"] as const;

/** A type of {@link KEY_TYPES}. */
export type KeyType = typeof KEY_TYPES[number];

const LONGEST = 200;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const INTEGER = /^\s*[+-]?\d{1,19}\s*$/;
const RANGES = { int2: 2n ** 15n, int4: 2n ** 31n, int8: 2n ** 63n } as const;

/**
 * The identity text of a key.
 *
 * @param parts PostgreSQL's text of each key column, in the key's order; see {@link partText}.
 */
export function idText(parts: readonly string[]): string {
  const text = parts.length === 1 ? escape(parts[0]) : parts.map(escape).join(",");
  if (3 * text.length <= LONGEST || Buffer.byteLength(text, "utf8") <= LONGEST) return text;
  return `md5:${createHash("md5").update(text, "utf8").digest("hex")}`;
}

/**
 * The same in SQL, for triggers and for the reflector: an expression of type `text`, null where a column is null.
 *
 * @param columns SQL expressions of the key's columns, quoted, in the key's order.
 */
export function idTextSql(columns: readonly string[]): string {
  const text = columns
    .map((column) => String.raw`replace(replace((${column})::text, E'\\', E'\\\\'), ',', E'\\,')`)
    .join(" || ',' || ");
  const bytes = `convert_to(${text}, 'UTF8')`;
  return `case when octet_length(${bytes}) > ${LONGEST} then 'md5:' || md5(${bytes}) else ${text} end`;
}

/**
 * PostgreSQL's text of one value of a key.
 *
 * @param value A value as an application gives it: a number, a bigint or a string.
 * @param keyType The column's type.
 * @returns The text; `undefined` for what no row's key can be, or what is not certain to be read alike by the server.
 */
export function partText(value: unknown, keyType: KeyType): string | undefined {
  switch (keyType) {
    case "int2":
    case "int4":
    case "int8":
      return integerText(value, RANGES[keyType]);
    case "uuid":
      return typeof value === "string" && UUID.test(value) ? value.toLowerCase() : undefined;
    case "text":
    case "varchar":
      return typeof value === "string" && !value.includes("\0") && value.isWellFormed() ? value : undefined;
    default:
      keyType satisfies never;
      throw new Error(`BUG: no text for a key of type "${keyType}"`);
  }
}

function escape(part: string): string {
  return part.includes("\\") || part.includes(",") ? part.replaceAll(/[\\,]/g, "\\$&") : part;
}

function integerText(value: unknown, range: bigint): string | undefined {
  let number: bigint;
  if (typeof value === "number" && Number.isSafeInteger(value)) number = BigInt(value);
  else if (typeof value === "bigint") number = value;
  else if (typeof value === "string" && INTEGER.test(value)) number = BigInt(value.trim().replace(/^\+/, ""));
  else return undefined;
  return number >= -range && number < range ? number.toString() : undefined;
}
