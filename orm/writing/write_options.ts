/**
 * Checks the options of writes.
 *
 * @module
 */
import type { QueryOptions } from "../../pool/executor.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { nearestWord } from "../../pool/wire/configuration/nearest_word.ts";
import { ValidationError } from "../../pool/wire/errors.ts";

/** How each statement of a write is run. */
export type RunOptions = Pick<QueryOptions, "signal" | "timeout">;

/** The names of {@link RunOptions}. */
export const RUN_OPTIONS: readonly (keyof RunOptions)[] = ["signal", "timeout"];

/** Of a write's options those of its statements; `undefined` when there are none. */
export function runOptions({ signal, timeout }: RunOptions): RunOptions | undefined {
  if (signal === undefined && timeout === undefined) return undefined;
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

/**
 * Refuses what are no options, and unknown ones.
 *
 * @param options What was given.
 * @param known The options there are.
 * @param subject What errors call the write.
 * @throws {ValidationError} When one is unknown.
 */
export function checkOptions(options: unknown, known: readonly string[], subject: string): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new ValidationError(
      `the options of ${subject}`,
      `${kindOf(options)} was given; give an object of ${known.join(", ")}`,
    );
  }
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue;
    const near = nearestWord(option, known);
    throw new ValidationError(
      `option "${option}" of ${subject}`,
      `there is none; ${near === undefined ? `use ${known.join(", ")}` : `did you mean "${near}"?`}`,
    );
  }
}
