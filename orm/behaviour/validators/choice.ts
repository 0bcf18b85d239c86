/**
 * Validators of which value it is: one of a list, or none of it.
 *
 * @module
 */
import { ValidationError } from "../../../pool/wire/errors.ts";
import { check, type Validator } from "./validator.ts";

/** What can be told apart by `===`. */
export type Choice = string | number | bigint | boolean;

/**
 * One of the values; code `"oneOf"`.
 *
 * @param values The values, which the message lists.
 */
export function oneOf<Value extends Choice>(values: readonly NoInfer<Value>[]): Validator<Value> {
  const known = choices("oneOf", values);
  return check<Value>("oneOf", `must be one of ${values.join(", ")}`, (value) => known.has(value));
}

/**
 * None of the values; code `"notOneOf"`.
 *
 * @param values The values, which the message does not list.
 */
export function notOneOf<Value extends Choice>(values: readonly NoInfer<Value>[]): Validator<Value> {
  const known = choices("notOneOf", values);
  return check<Value>("notOneOf", "must be another value", (value) => !known.has(value));
}

function choices<Value extends Choice>(name: string, values: readonly Value[]): ReadonlySet<Value> {
  if (Array.isArray(values) && values.length > 0) return new Set(values);
  throw new ValidationError(`${name}()`, "it was given no list with values; give at least one");
}
