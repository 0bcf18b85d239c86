/**
 * Validators of how long a value is: characters of a string, counted as PostgreSQL counts them, elements of an array,
 * bytes of a `bytea`.
 *
 * @module
 */
import { ValidationError } from "../../../pool/wire/errors.ts";
import type { ModelIssue } from "../model_validation_error.ts";
import type { Validator } from "./validator.ts";

/** What has a length. */
export type Sized = string | readonly unknown[] | Uint8Array;

/**
 * At least so many characters, elements or bytes; code `"minLength"`.
 *
 * @param least How many, a whole number from 0.
 */
export function minLength(least: number): Validator<Sized> {
  assertCount("minLength", least);
  return sized("minLength", `at least ${least}`, least, (length) => length >= least);
}

/**
 * At most so many characters, elements or bytes; code `"maxLength"`.
 *
 * @param most How many, a whole number from 0.
 */
export function maxLength(most: number): Validator<Sized> {
  assertCount("maxLength", most);
  return sized("maxLength", `at most ${most}`, most, (length) => length <= most);
}

/**
 * Exactly so many characters, elements or bytes; code `"length"`.
 *
 * @param exact How many, a whole number from 0.
 */
export function length(exact: number): Validator<Sized> {
  assertCount("length", exact);
  return sized("length", `exactly ${exact}`, exact, (length) => length === exact);
}

/** At least one character that is no white space, one element or one byte; code `"notEmpty"`. */
export function notEmpty(): Validator<Sized> {
  const issues = [{ path: [], code: "notEmpty", message: "must not be empty" }];
  return {
    issuesOf: (value) =>
      (typeof value === "string" ? value.trim().length : value.length) === 0 ? issues : undefined,
  };
}

const UNITS = ["character", "element", "byte"] as const;

function sized(
  code: string,
  amount: string,
  count: number,
  isValid: (length: number) => boolean,
): Validator<Sized> {
  const [characters, elements, bytes] = UNITS.map((unit): readonly ModelIssue[] => [
    { path: [], code, message: `must have ${amount} ${unit}${count === 1 ? "" : "s"}` },
  ]);
  return {
    issuesOf(value) {
      if (isValid(lengthOf(value))) return undefined;
      if (typeof value === "string") return characters;
      return Array.isArray(value) ? elements : bytes;
    },
  };
}

/** PostgreSQL counts characters, not UTF-16 units. */
function lengthOf(value: Sized): number {
  if (typeof value !== "string") return value.length;
  let count = value.length;
  for (let index = 1; index < value.length; index++) {
    if (isSurrogate(value, index, 0xdc00) && isSurrogate(value, index - 1, 0xd800)) count--;
  }
  return count;
}

function isSurrogate(text: string, index: number, first: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === first;
}

function assertCount(name: string, count: number): void {
  if (Number.isInteger(count) && count >= 0) return;
  throw new ValidationError(`${name}()`, "its count is not a whole number from 0; give one");
}
