/**
 * Names in SQL: quoting, and the refusal of names PostgreSQL would change.
 *
 * @module
 */
import { ValidationError } from "../wire/errors.ts";

/** `NAMEDATALEN - 1`: PostgreSQL silently cuts longer names. https://www.postgresql.org/docs/18/sql-syntax-lexical.html */
const MAX_NAME_BYTES = 63;

const encoder = new TextEncoder();

/**
 * Quotes one name. What PostgreSQL would refuse or silently shorten is refused here.
 *
 * @param name A table's, column's or schema's name.
 * @returns The name in double quotes.
 * @throws {ValidationError} When the name is empty, holds a NUL or half a character, or is longer than 63 bytes.
 */
export function quoteIdentifier(name: string): string {
  if (typeof name !== "string") {
    throw new ValidationError("identifier", `it is of type ${typeof name}; give a string`);
  }
  if (name === "") throw new ValidationError("identifier", "it is empty; give a name of 1 to 63 bytes");
  if (name.includes("\0") || !name.isWellFormed()) {
    throw new ValidationError("identifier", "it holds a NUL or half of a surrogate pair; remove it");
  }
  if (name.length * 3 > MAX_NAME_BYTES) {
    const bytes = encoder.encode(name).length;
    if (bytes > MAX_NAME_BYTES) {
      throw new ValidationError(
        `identifier "${name.slice(0, 20)}…"`,
        `it has ${bytes} bytes in UTF-8 and PostgreSQL keeps 63; shorten it`,
      );
    }
  }
  return `"${name.replaceAll('"', '""')}"`;
}
