/**
 * What a model says of being cached, checked when the model is made.
 *
 * @module
 */
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { nearestWord } from "../../pool/wire/configuration/nearest_word.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import { comparisonOf } from "../executing/key_comparison.ts";

/** How a model's rows are cached. */
export interface ModelCacheOptions {
  /** Seconds for which a row is kept at most after it was read: from 1 to 86,400. */
  readonly ttl: number;
  /** Seconds for which is kept that there is no such row. Default: 10, or `ttl` where that is less. */
  readonly negativeTtl?: number;
}

/** The option of a model. */
export interface CachedModelOptions {
  /**
   * Keeps rows in the cache of the pool they are read on, where it has one (see `Cache`). Without a cache it changes
   * nothing. A number is the `ttl`.
   */
  readonly cache?: number | ModelCacheOptions;
}

/** The names of the options. */
export const CACHED_MODEL_OPTIONS: readonly string[] = ["cache"] satisfies (keyof CachedModelOptions)[];

const OPTIONS: readonly string[] = ["ttl", "negativeTtl"] satisfies (keyof ModelCacheOptions)[];
/** The longest life of an entry, in seconds: table floors are kept as long. */
export const MAX_TTL = 86_400;
/** Seconds for which is kept that there is no such row, by default. */
const NEGATIVE_TTL = 10;

/** How a table's rows are cached, in milliseconds. */
export interface TableCache {
  readonly ttl: number;
  readonly negativeTtl: number;
}

/** What is known of a model where its cache option is looked at. */
interface Subject {
  readonly columns: ReadonlyMap<string, AnyColumn>;
  readonly key: readonly AnyColumn[];
  readonly scope?: unknown;
}

/**
 * Checks a model's option.
 *
 * @param subject What errors call the model.
 * @param table Its columns, key and default scope.
 * @param given The option.
 * @returns `undefined` when it is not given.
 * @throws {ValidationError} When it cannot be done: says why, and what to change.
 */
export function tableCacheOf(
  subject: string,
  { columns, key, scope }: Subject,
  given: number | ModelCacheOptions | undefined,
): TableCache | undefined {
  if (given === undefined) return undefined;
  const option = `option "cache" of ${subject}`;
  const options = typeof given === "number" ? { ttl: given } : given;
  if (typeof options !== "object" || options === null) {
    throw new ValidationError(option, `it is ${kindOf(given)}; give { ttl: seconds }`);
  }
  for (const name of Object.keys(options)) {
    if (OPTIONS.includes(name)) continue;
    const near = nearestWord(name, OPTIONS);
    throw new ValidationError(
      option,
      `it has no "${name}"; ${near === undefined ? `use ${OPTIONS.join(", ")}` : `did you mean "${near}"?`}`,
    );
  }
  const ttl = seconds(option, "ttl", options.ttl);
  const negativeTtl = options.negativeTtl === undefined
    ? Math.min(ttl, NEGATIVE_TTL)
    : seconds(option, "negativeTtl", options.negativeTtl);
  if (key.length === 0) {
    throw new ValidationError(
      option,
      "the model has no primary key, by which rows are kept; call .primaryKey() on its column",
    );
  }
  const odd = key.find((column) => comparisonOf(column) === undefined);
  if (odd !== undefined) {
    throw new ValidationError(
      option,
      `the key's column "${odd.property}" has values that may be equal in several forms; only integers, UUIDs and texts without a collation of their own can be looked for in a cache`,
    );
  }
  if (scope !== undefined) {
    throw new ValidationError(
      option,
      "the model has a defaultScope, which only the database can apply; leave one of the two away",
    );
  }
  for (const { property, settings } of columns.values()) {
    if (settings.selectAs === undefined || settings.skipped === true) continue;
    throw new ValidationError(
      option,
      `column "${property}" is selected by an expression, which only the database can evaluate; leave one of the two away`,
    );
  }
  return { ttl: ttl * 1_000, negativeTtl: negativeTtl * 1_000 };
}

function seconds(option: string, name: string, value: unknown): number {
  if (typeof value === "number" && value >= 1 && value <= MAX_TTL) return value;
  throw new ValidationError(
    option,
    `its ${name} is ${typeof value === "number" ? value : kindOf(value)}; give seconds from 1 to ${MAX_TTL}`,
  );
}
