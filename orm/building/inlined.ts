/**
 * Values as SQL text where there are no parameters: in definitions, and in what stands in every select list.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";

/**
 * Text as an SQL string, whatever `standard_conforming_strings` says.
 *
 * @param text The text.
 * @returns The literal with its quotes.
 * @throws {ValidationError} When it holds a NUL or half a character, which PostgreSQL's text cannot.
 */
export function quoteLiteral(text: string): string {
  if (text.includes("\0") || !text.isWellFormed()) {
    throw new ValidationError("a literal", "it holds a NUL or half of a surrogate pair; remove it");
  }
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}

/**
 * A fragment as text in which its values are literals.
 *
 * @param fragment The fragment.
 * @param subject What it is, for the error: `the check of column "age"`.
 * @returns The text.
 * @throws {ValidationError} When one of its values has no literal that needs no type.
 */
export function inlined(fragment: Sql, subject: string): string {
  let text = fragment.strings[0];
  fragment.values.forEach((value, index) => {
    text += untyped(value, subject) + fragment.strings[index + 1];
  });
  return text;
}

/** A value whose type PostgreSQL is to find out. */
function untyped(value: unknown, subject: string): string {
  switch (typeof value) {
    case "string":
      return quoteLiteral(value);
    case "boolean":
      return String(value);
    case "bigint":
      // In parentheses, since a minus after a minus begins a comment.
      return value < 0n ? `(${value})` : String(value);
    case "number":
      if (!Number.isFinite(value)) return quoteLiteral(String(value));
      return value < 0 ? `(${value})` : String(value);
  }
  if (value === null) return "null";
  if (Array.isArray(value)) return quoteLiteral(arrayText(value, subject));
  if (value instanceof Date) return quoteLiteral(value.toISOString());
  if (value instanceof Uint8Array) return quoteLiteral(bytesText(value));
  if (Object.prototype.toString.call(value).startsWith("[object Temporal.")) {
    return quoteLiteral(String(value));
  }
  throw new ValidationError(
    subject,
    `${kindOf(value)} stands in it, which has no literal without a type; write it as text in the sql`,
  );
}

function arrayText(values: readonly unknown[], subject: string): string {
  const items = values.map((value) => {
    if (value === null) return "null";
    if (Array.isArray(value)) return arrayText(value, subject);
    if (["string", "number", "bigint", "boolean"].includes(typeof value)) {
      return `"${String(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
    }
    throw new ValidationError(
      subject,
      `an array of ${kindOf(value)} stands in it; write it as text in the sql`,
    );
  });
  return `{${items.join(",")}}`;
}

function bytesText(bytes: Uint8Array): string {
  return `\\x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
