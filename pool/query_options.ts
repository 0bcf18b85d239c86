/**
 * Checking the options of one statement before it is sent.
 *
 * @module
 */
import type { QueryOptions } from "./executor.ts";
import { assertSchema } from "./standard_schema.ts";
import { ValidationError } from "./wire/errors.ts";

/** The longest delay of a timer, in milliseconds. */
const MAX_DELAY = 2 ** 31 - 1;

/**
 * Asserts that options mean something: a timeout that is none would otherwise be no timeout.
 *
 * @throws {ValidationError} Says which option, and what to give.
 */
export function assertQueryOptions(options: QueryOptions & { readonly schema?: unknown }): void {
  if (typeof options !== "object" || options === null) {
    throw new ValidationError(
      "the options",
      `${options === null ? "null" : typeof options} was given; give an object`,
    );
  }
  if (options.timeout !== undefined) assertTimeout(options.timeout);
  if (options.signal !== undefined) assertSignal(options.signal);
  if (options.schema !== undefined) assertSchema(options.schema);
}

/** Asserts that a timeout is a number of milliseconds. */
export function assertTimeout(timeout: unknown): void {
  if (typeof timeout === "number" && timeout >= 0 && timeout <= MAX_DELAY) return;
  throw new ValidationError(
    'option "timeout"',
    `${
      typeof timeout === "number" ? timeout : `a ${typeof timeout}`
    } was given; give milliseconds from 0 (no timeout) to ${MAX_DELAY}`,
  );
}

/** Asserts that a signal is one. */
export function assertSignal(signal: unknown): void {
  if (typeof (signal as AbortSignal | null)?.addEventListener === "function") return;
  throw new ValidationError('option "signal"', "it is not an AbortSignal; give one, or leave it out");
}
