/**
 * The text form of composites (https://www.postgresql.org/docs/18/rowtypes.html#ROWTYPES-IO-SYNTAX).
 *
 * @module
 */
import { DecodeError } from "../errors.ts";

const PLAIN = /^[\w.:+-]+$/;

/** Fields, null for SQL's NULL, as a composite's text. */
export function formatCompositeText(fields: readonly (string | null)[]): string {
  const parts = fields.map((field) => {
    if (field === null) return "";
    return PLAIN.test(field) ? field : `"${field.replace(/["\\]/g, "\\$&")}"`;
  });
  return `(${parts.join(",")})`;
}

/** The fields of a composite's text. The text of one NULL and of no fields are the same, `()`: one NULL is returned. */
export function parseCompositeText(type: string, text: string): (string | null)[] {
  if (text[0] !== "(") throw malformed(type);
  const fields: (string | null)[] = [];
  let field: string | null = null;
  let inQuotes = false;
  for (let at = 1; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") {
      field = (field ?? "") + (text[++at] ?? "");
    } else if (character === '"') {
      // A doubled quote inside quotes is one quote.
      const doubled = inQuotes && text[at + 1] === '"';
      field = (field ?? "") + (doubled ? '"' : "");
      if (doubled) at++;
      else inQuotes = !inQuotes;
    } else if (!inQuotes && (character === "," || character === ")")) {
      fields.push(field);
      field = null;
      if (character === ",") continue;
      if (at !== text.length - 1) throw malformed(type);
      return fields;
    } else field = (field ?? "") + character;
  }
  throw malformed(type);
}

function malformed(type: string): DecodeError {
  return new DecodeError(type, "the composite's text is malformed");
}
