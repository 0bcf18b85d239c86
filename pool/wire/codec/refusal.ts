/**
 * The words with which a codec refuses a value: its kind, never the value itself.
 *
 * @module
 */
import { ValidationError } from "../errors.ts";

/** What `value` is, in words that do not give it away. */
export function kindOf(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "undefined";
    case "number":
      if (Number.isNaN(value)) return "NaN";
      if (!Number.isFinite(value)) return "an infinite number";
      if (!Number.isInteger(value)) return "a number with a fraction";
      return Number.isSafeInteger(value) ? "an integer" : "a number too large to be an exact integer";
    case "object": {
      if (value === null) return "null";
      if (Array.isArray(value)) return "an array";
      if (value instanceof Date && Number.isNaN(value.getTime())) return "an invalid Date";
      const name = (value as object).constructor?.name;
      return name === undefined || name === "Object" ? "a plain object" : `an object of class ${name}`;
    }
    case "function":
      return "a function";
    default:
      return `a ${typeof value}`;
  }
}

/**
 * The error for a value a type does not take.
 *
 * @param type The PostgreSQL type's name.
 * @param value What was given; only its kind is printed.
 * @param advice What to give instead, an imperative.
 */
export function refusal(type: string, value: unknown, advice: string): ValidationError {
  if (value === undefined) return undefinedRefusal(type);
  // Several values for one parameter are nearly always meant for a list of them.
  const isListMeant = Array.isArray(value) && advice !== "" && !/array/i.test(advice);
  const list = isListMeant ? ", or compare with = any(${…}) to give several" : "";
  return new ValidationError(`a value of type ${type}`, `${kindOf(value)} was given; ${advice}${list}`);
}

/** The error for a value of the right kind whose content a type does not take. */
export function contentRefusal(type: string, state: string, advice: string): ValidationError {
  return new ValidationError(`a value of type ${type}`, `${state}; ${advice}`);
}

/**
 * The error for an element of an array, with its place among its neighbours, counted from 1.
 *
 * @param error What its codec threw.
 * @param index The element's index.
 */
export function elementRefusal(error: unknown, index: number): unknown {
  // Its subclasses are about the whole message.
  if ((error as Error | undefined)?.constructor !== ValidationError) return error;
  const { subject, problem, cause } = error as ValidationError;
  return new ValidationError(subject, `element ${index + 1}: ${problem}`, { cause });
}

function undefinedRefusal(type: string): ValidationError {
  return new ValidationError(
    `a value of type ${type}`,
    "undefined was given; give null for an SQL NULL, or leave the value out of the statement",
  );
}
