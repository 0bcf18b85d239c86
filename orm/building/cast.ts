/**
 * Names of types as `cast()` takes them.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";
import { type Conversion, TO_BIGINT, TO_STRING } from "../definition/column_type.ts";

/** A type's name, perhaps with its schema, its modifiers and its brackets; nothing that could end it. */
const TYPE =
  /^(?:[a-z_][\w$]*|"[^"\0]+")(?:\.(?:[a-z_][\w$]*|"[^"\0]+"))?(?: [a-z ]+[a-z])?(?:\(\d+(?:, ?-?\d+)?\))?(?: with(?:out)? time zone)?(?:\[\])*$/i;

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
