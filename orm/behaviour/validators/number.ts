/**
 * Validators of amounts: numbers, bigints, and the decimal strings of `numeric` and `bigint` columns, which are
 * compared digit by digit. What is no number, `NaN` too, satisfies none of them.
 *
 * @module
 */
import { ValidationError } from "../../../pool/wire/errors.ts";
import { check, type Validator } from "./validator.ts";

/** What is an amount; a string is one where it is a decimal number. */
export type Amount = number | bigint | string;

/**
 * At least a limit; code `"min"`.
 *
 * @param limit The least value that is valid.
 */
export function min(limit: number | bigint): Validator<number | bigint>;
/**
 * At least a limit, for columns whose numbers are strings; code `"min"`.
 *
 * @param limit The least value that is valid, as a decimal: `"0.01"`.
 */
export function min(limit: string): Validator<string>;
export function min(limit: Amount): Validator<never> {
  assertAmount("min", limit);
  return amount("min", `must be at least ${limit}`, (value) => compare(value, limit) >= 0);
}

/**
 * At most a limit; code `"max"`.
 *
 * @param limit The greatest value that is valid.
 */
export function max(limit: number | bigint): Validator<number | bigint>;
/**
 * At most a limit, for columns whose numbers are strings; code `"max"`.
 *
 * @param limit The greatest value that is valid, as a decimal: `"99.99"`.
 */
export function max(limit: string): Validator<string>;
export function max(limit: Amount): Validator<never> {
  assertAmount("max", limit);
  return amount("max", `must be at most ${limit}`, (value) => compare(value, limit) <= 0);
}

/**
 * From one limit to another, both valid; code `"between"`.
 *
 * @param low The least value that is valid.
 * @param high The greatest value that is valid.
 */
export function between(low: number | bigint, high: number | bigint): Validator<number | bigint>;
/**
 * From one limit to another, for columns whose numbers are strings; code `"between"`.
 *
 * @param low The least value that is valid, as a decimal.
 * @param high The greatest value that is valid, as a decimal.
 */
export function between(low: string, high: string): Validator<string>;
export function between(low: Amount, high: Amount): Validator<never> {
  assertAmount("between", low);
  assertAmount("between", high);
  if (compare(low, high) > 0) {
    throw new ValidationError("between()", "its low limit is above its high one; give the lower first");
  }
  return amount(
    "between",
    `must be from ${low} to ${high}`,
    (value) => compare(value, low) >= 0 && compare(value, high) <= 0,
  );
}

/** Above zero; code `"positive"`. */
export function positive(): Validator<Amount> {
  return amount("positive", "must be above 0", (value) => compare(value, 0) > 0);
}

/** Without a fraction; code `"integer"`. */
export function integer(): Validator<Amount> {
  return amount("integer", "must be a whole number", (value) => {
    if (typeof value === "number") return Number.isInteger(value);
    return typeof value === "bigint" || (parseDecimal(value) !== undefined && /^[^.]*(\.0*)?$/.test(value));
  });
}

function amount(code: string, message: string, isValid: (value: Amount) => boolean): Validator<Amount> {
  return check(code, message, isValid);
}

function assertAmount(name: string, limit: Amount): void {
  if (Number.isNaN(compare(limit, 0))) {
    throw new ValidationError(`${name}()`, 'its limit is no number; give one, or a decimal such as "0.01"');
  }
}

/** Below, above or at zero as the first is below, above or equal to the second; `NaN` where one is no number. */
function compare(one: Amount, other: Amount): number {
  if (typeof one !== "string" && typeof other !== "string") {
    return one < other ? -1 : one > other ? 1 : one == other ? 0 : NaN;
  }
  const [a, b] = [parseDecimal(String(one)), parseDecimal(String(other))];
  if (a === undefined || b === undefined) return NaN;
  const scale = Math.max(a.scale, b.scale);
  const [left, right] = [a, b].map(({ digits, scale: own }) => digits * 10n ** BigInt(scale - own));
  return left < right ? -1 : left > right ? 1 : 0;
}

interface Decimal {
  readonly digits: bigint;
  /** How many of the digits stand behind the point. */
  readonly scale: number;
}

/** The digits PostgreSQL stores at most behind the point; more would only cost time. */
const MAX_SCALE = 16_383;

function parseDecimal(text: string): Decimal | undefined {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,5}))?$/i.exec(text);
  if (parts === null) return undefined;
  const [, sign, whole, fraction = "", exponent = "0"] = parts;
  const scale = fraction.length - Number(exponent);
  if (whole + fraction === "" || Math.abs(scale) > MAX_SCALE) return undefined;
  const digits = BigInt(`${whole}${fraction}`) * (scale < 0 ? 10n ** BigInt(-scale) : 1n);
  return { digits: sign === "-" ? -digits : digits, scale: Math.max(scale, 0) };
}
