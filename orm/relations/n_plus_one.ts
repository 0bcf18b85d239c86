/**
 * Finds relations that are loaded one row at a time for rows that were read together: N statements where one would do.
 *
 * A load counts when its statement is for a single row; those of one tick are one statement and do not. Loads are counted
 * for each reading and relation; related rows of the rows of one reading are one reading, so that nested loops are
 * found too. Each is reported once, when the threshold is reached.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";
import { LazyLoadError } from "./lazy_load_error.ts";
import { watchReadings } from "./loaded_rows.ts";

/** What was found. */
export interface RepeatedLoad {
  /** The relation and its model, as errors call them. */
  readonly relation: string;
  /** How often it was loaded for one row. */
  readonly count: number;
  /** Where, the last time: `file:///app/shop.ts:12:20`; undefined when it is not known. */
  readonly line: string | undefined;
  /** What is to be done, as one sentence. */
  readonly message: string;
}

/** How repeated loads are found, and what happens then. */
export interface RepeatedLoadOptions {
  /** How many loads of one relation, each for one row, are too many. Default 5. */
  readonly threshold?: number;
  /** Warns on the console, has the load fail with a `LazyLoadError`, or calls a function. Default `"warn"`. */
  readonly act?: "warn" | "throw" | ((found: RepeatedLoad) => void);
}

/** The defaults of {@link RepeatedLoadOptions}. */
export const REPEATED_LOAD_DEFAULTS: Required<RepeatedLoadOptions> = {
  threshold: 5,
  act: "warn",
};

const detectors: Required<RepeatedLoadOptions>[] = [];

/**
 * Watches for relations that are loaded one row at a time. The tests of an application do well to watch, and development;
 * it costs an entry in a table for each row read. The last call's options count until it is disposed of.
 *
 * @param options See {@link RepeatedLoadOptions}.
 * @returns What ends it.
 *
 * @example
 * ```ts
 * import { detectRepeatedLoads } from "@lifeguard/core";
 * const found: string[] = [];
 * using watch = detectRepeatedLoads({ threshold: 3, act: ({ relation, line }) => found.push(`${relation} ${line}`) });
 * console.assert(found.length === 0 && watch !== undefined);
 * ```
 */
export function detectRepeatedLoads(options: RepeatedLoadOptions = {}): Disposable {
  const detector = { ...REPEATED_LOAD_DEFAULTS, ...options };
  if (!Number.isSafeInteger(detector.threshold) || detector.threshold < 2) {
    throw new ValidationError(
      'option "threshold" of detectRepeatedLoads()',
      "it is not a whole number from 2; give one",
    );
  }
  detectors.push(detector);
  const unwatch = watchReadings();
  return {
    [Symbol.dispose]() {
      const index = detectors.indexOf(detector);
      if (index === -1) return;
      detectors.splice(index, 1);
      unwatch();
    },
  };
}

/** How many loads are too many; undefined while nobody watches. */
export function repeatedLoadThreshold(): number | undefined {
  return detectors.at(-1)?.threshold;
}

/**
 * Tells of a relation that was loaded too often.
 *
 * @returns The error its load is to fail with, where it is.
 */
export function reportRepeatedLoad(
  relation: string,
  count: number,
  line: string | undefined,
): LazyLoadError | undefined {
  const detector = detectors.at(-1);
  if (detector === undefined) return undefined;
  const where = line === undefined ? "" : ` at ${line}`;
  const problem = `it was loaded ${count} times${where}, each time for one row of those read together`;
  const advice = "load it with the rows, by .with(…), or for all of them, by .of(rows)";
  const error = new LazyLoadError(relation, problem, advice);
  if (detector.act === "throw") return error;
  if (detector.act === "warn") console.warn(error.message);
  else detector.act({ relation, count, line, message: error.message });
  return undefined;
}
