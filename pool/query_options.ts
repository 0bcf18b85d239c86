/**
 * Checking the options of one statement before it is sent.
 *
 * @module
 */
import type { QueryOptions } from "./executor.ts";
import { READ_PREFERENCES } from "./replicas/read_preference.ts";
import { assertSchema } from "./standard_schema.ts";
import { ValidationError } from "./wire/errors.ts";
import { nearestWord } from "./wire/configuration/nearest_word.ts";

/** The longest delay of a timer, in milliseconds. */
const MAX_DELAY = 2 ** 31 - 1;

/** The options of a statement. */
const QUERY_OPTIONS: readonly string[] = ["signal", "timeout", "readOnly", "read", "schema"];
/** The options of a stream of rows. */
export const STREAM_OPTIONS: readonly string[] = ["signal", "timeout", "batchSize"];
/** The options of a COPY. */
export const COPY_OPTIONS: readonly string[] = ["signal", "timeout"];
/** The options of a batch. */
export const BATCH_OPTIONS: readonly string[] = ["signal", "timeout", "readOnly", "atomic"];

/**
 * Asserts that options mean something: a timeout that is none, or misspelt, would otherwise be no timeout.
 *
 * @param options What the caller gave.
 * @param allowed The names there are. Default those of a statement.
 * @throws {ValidationError} Says which option, and what to give.
 */
export function assertQueryOptions(
  options: QueryOptions & { readonly schema?: unknown },
  allowed: readonly string[] = QUERY_OPTIONS,
): void {
  assertOptions(options, allowed);
  if (options.timeout !== undefined) assertTimeout(options.timeout);
  if (options.signal !== undefined) assertSignal(options.signal);
  if (options.schema !== undefined) assertSchema(options.schema);
  if (options.read !== undefined) assertReadPreference(options.read);
}

/** Asserts that a read preference is one. */
export function assertReadPreference(preference: unknown): void {
  if (READ_PREFERENCES.some((known) => known === preference)) return;
  throw new ValidationError(
    'option "read"',
    `${typeof preference === "string" ? `"${preference}"` : typeof preference} was given; give one of ${
      READ_PREFERENCES.map((known) => `"${known}"`).join(", ")
    }`,
  );
}

/** Asserts that options are an object of known names. */
export function assertOptions(options: object, allowed: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    throw new ValidationError(
      "the options",
      `${options === null ? "null" : typeof options} was given; give an object`,
    );
  }
  for (const name of Object.keys(options)) {
    if (allowed.includes(name)) continue;
    const nearest = nearestWord(name, allowed);
    throw new ValidationError(
      `option "${name}"`,
      nearest === undefined
        ? `it is unknown; allowed are ${allowed.join(", ")}`
        : `it is unknown; did you mean "${nearest}"?`,
    );
  }
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
