/**
 * Names of types as `cast()` takes them.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";
import { type Conversion, TO_BIGINT, TO_STRING } from "../definition/column_type.ts";

/** One word, or a quoted name, each perhaps after its schema. */
const NAME = String.raw`(?:[a-z_][\w$]*|"[^"\0]+")(?:\.(?:[a-z_][\w$]*|"[^"\0]+"))?`;
const LENGTH = String.raw`(?: ?\(\d+(?:, ?-?\d+)?\))?`;
const DIGITS = String.raw`(?: ?\(\d+\))?`;

/**
 * Every type's name that is more than one word, as PostgreSQL's grammar has them, with where their modifiers stand:
 * https://www.postgresql.org/docs/18/datatype.html.
 */
const SEVERAL_WORDS: readonly string[] = [
  "double precision",
  `(?:bit|char|character|nchar|national char|national character) varying${DIGITS}`,
  `national (?:char|character)${DIGITS}`,
  `(?:time|timestamp)${DIGITS} with(?:out)? time zone`,
  "interval (?:year|month|day|hour|minute|year to month|day to hour|day to minute|hour to minute)",
  `interval (?:day to |hour to |minute to )?second${DIGITS}`,
];

/** A type's name, perhaps with its schema, its modifiers and its brackets; nothing that could end it. */
const TYPE = new RegExp(String.raw`^(?:${SEVERAL_WORDS.join("|")}|${NAME}${LENGTH})(?:\[\d*\])*$`, "i");

/**
 * Checks a type's name, which becomes text.
 *
 * @param type The name as SQL writes it.
 * @throws {ValidationError} When it is none.
 */
export function typeText(type: string): string {
  if (typeof type === "string" && TYPE.test(type)) return type;
  throw new ValidationError(
    "the type of cast()",
    'it is no type\'s name; give one such as "integer", "numeric(12, 2)" or "text[]"',
  );
}

/** How the pool's value of a type becomes the one `cast()` promises, whatever the pool's options. */
export function castConversion(type: string): Conversion | undefined {
  if (/^(?:bigint|int8)$/i.test(type)) return TO_BIGINT;
  return /^(?:numeric|decimal)(?:\(.*\))?$/i.test(type) ? TO_STRING : undefined;
}
