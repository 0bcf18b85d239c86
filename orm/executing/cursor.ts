/**
 * Cursors: a row's place in an order, as text that clients keep and give back. What they give back may be anything.
 *
 * A cursor is base64url of JSON `[version, order, values]`. `order` tells what the query was ordered by; each value is a
 * pair of a tag and a text from which the same value is made again, or null.
 *
 * @module
 */
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";

const VERSION = 1;
/** Characters a cursor has at most; a longer one is none of ours. */
const MAX_LENGTH = 65_536;

type Tagged = readonly [tag: string, text: string] | null;

const TEMPORAL = ["Instant", "PlainDate", "PlainTime", "PlainDateTime", "Duration"] as const;

/**
 * Writes a cursor.
 *
 * @param order What tells the order.
 * @param values The row's values in it.
 * @param subject What errors call the query.
 */
export function writeCursor(order: string, values: readonly unknown[], subject: string): string {
  const bytes = new TextEncoder().encode(
    JSON.stringify([VERSION, order, values.map((value) => tagged(value, subject))]),
  );
  const text = base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  if (text.length <= MAX_LENGTH) return text;
  throw new ValidationError(
    subject,
    "a value it is ordered by is too long for a cursor; order by something shorter",
  );
}

/**
 * Reads a cursor.
 *
 * @param cursor What was given as one.
 * @param order What tells the order.
 * @param count How many values it has.
 * @throws {ValidationError} When it is malformed, or of another order.
 */
export function readCursor(cursor: string, order: string, count: number): readonly unknown[] {
  if (cursor.length > MAX_LENGTH) throw malformed();
  const parsed = parse(cursor);
  if (!Array.isArray(parsed) || parsed.length !== 3 || parsed[0] !== VERSION) throw malformed();
  const [, of, values] = parsed as readonly unknown[];
  if (typeof of !== "string" || !Array.isArray(values)) throw malformed();
  if (of !== order || values.length !== count) {
    throw new ValidationError(
      "the cursor",
      "it is of a query with another order; give one of this query's pages, or start without a cursor",
    );
  }
  return values.map(untagged);
}

/** What tells an order, by its text: short, and says nothing of the text. */
export function orderMark(text: string): string {
  // https://github.com/bryc/code/blob/master/jshash/experimental/cyrb53.js: no secret, only a mark.
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2_654_435_761);
    b = Math.imul(b ^ code, 1_597_334_677);
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  return (4_294_967_296 * (2_097_151 & b) + (a >>> 0)).toString(36);
}

function tagged(value: unknown, subject: string): Tagged {
  if (value === null) return null;
  switch (typeof value) {
    case "string":
      return ["s", value];
    case "number":
      return ["n", Object.is(value, -0) ? "-0" : String(value)];
    case "bigint":
      return ["i", String(value)];
    case "boolean":
      return ["b", String(value)];
    case "object": {
      if (value instanceof Uint8Array) return ["y", base64(value)];
      const name = Object.prototype.toString.call(value).slice(8, -1);
      const kind = TEMPORAL.find((known) => name === `Temporal.${known}`);
      if (kind !== undefined) return [kind, String(value)];
    }
  }
  throw new ValidationError(
    subject,
    value instanceof Date
      ? 'it is ordered by a Date, which has lost the microseconds; open the pool with dates: "Temporal" or "string"'
      : `it is ordered by ${
        kindOf(value)
      }, of which there is no cursor; order by a number, a text, a time or bytes`,
  );
}

function untagged(pair: unknown): unknown {
  if (pair === null) return null;
  if (!Array.isArray(pair) || pair.length !== 2) throw malformed();
  const [tag, text] = pair as readonly unknown[];
  if (typeof tag !== "string" || typeof text !== "string") throw malformed();
  switch (tag) {
    case "s":
      if (text.includes("\0") || !isWellFormed(text)) throw malformed();
      return text;
    case "n":
      if (text !== "-0" && String(Number(text)) !== text) throw malformed();
      return Number(text);
    case "i":
      if (!/^-?\d{1,1000}$/.test(text)) throw malformed();
      return BigInt(text);
    case "b":
      if (text !== "true" && text !== "false") throw malformed();
      return text === "true";
    case "y":
      return bytesOf(text);
  }
  const kind = TEMPORAL.find((known) => tag === known);
  if (kind === undefined) throw malformed();
  try {
    return Temporal[kind].from(text);
  } catch {
    throw malformed();
  }
}

function isWellFormed(text: string): boolean {
  try {
    encodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function parse(cursor: string): unknown {
  if (!/^[\w-]+$/.test(cursor)) throw malformed();
  try {
    const bytes = bytesOf(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw malformed();
  }
}

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function bytesOf(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw malformed();
  }
}

function malformed(): ValidationError {
  return new ValidationError("the cursor", "it is malformed; give one that a page of this query had");
}
