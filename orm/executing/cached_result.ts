/**
 * Queries that ask for their results to be kept.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import type { ReadPreference } from "../../pool/replicas/read_preference.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Joinable } from "../building/source.ts";
import type { Shape } from "../compiling/shape.ts";
import { MAX_TTL } from "../definition/cache_option.ts";
import { type Table, tableOf } from "../definition/table.ts";
import { cacheTarget } from "./cache_target.ts";

/** How a query's result is kept. */
export interface CachedQueryOptions {
  /** Seconds for which it is kept at most: from 1 to 86,400. */
  readonly ttl: number;
  /**
   * The models of every table it reads besides its own: joined ones, and those in subqueries and fragments. A change of
   * any of them, or of its own, ends the result.
   */
  readonly reads?: readonly Joinable[];
}

/** The same, checked. */
export interface KeptResult {
  /** The query it was checked of, and what was given. */
  readonly shape: Shape;
  readonly given: number | CachedQueryOptions;
  /** In milliseconds. */
  readonly ttl: number;
  readonly tables: readonly Table[];
}

const OPTIONS: readonly string[] = ["ttl", "reads"] satisfies (keyof CachedQueryOptions)[];
/** Clauses and words by which a query reads more than its own table. */
const OTHER_TABLES: ReadonlySet<string> = new Set(["cte", "from", "join", "combine"]);
const SUBQUERY = /\b(?:select|from|join|table)\b/i;

/**
 * Checks how a query asks to be kept.
 *
 * @param shape The query.
 * @param given What it was given: seconds, or options.
 * @param subject What errors call it.
 * @throws {ValidationError} When its result cannot be kept, or it is not certain which tables it reads.
 */
export function keptResult(shape: Shape, given: number | CachedQueryOptions, subject: string): KeptResult {
  const call = `cached() of ${subject}`;
  const options = typeof given === "number" ? { ttl: given } : given;
  if (typeof options !== "object" || options === null) {
    throw new ValidationError(call, `${kindOf(given)} was given; give seconds, or { ttl, reads }`);
  }
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) {
    throw new ValidationError(call, `it has no option "${unknown}"; use ${OPTIONS.join(", ")}`);
  }
  const { ttl, reads } = options as CachedQueryOptions;
  if (typeof ttl !== "number" || !(ttl >= 1 && ttl <= MAX_TTL)) {
    const given = typeof ttl === "number" ? ttl : kindOf(ttl);
    throw new ValidationError(call, `its ttl is ${given}; give seconds from 1 to ${MAX_TTL}`);
  }
  if (reads !== undefined && !Array.isArray(reads)) {
    throw new ValidationError(call, `its reads is ${kindOf(reads)}; give an array of models`);
  }
  if (!("tableName" in shape.source)) {
    throw new ValidationError(
      call,
      "it is of no model, so nobody hears of its changes; cache a query of a model",
    );
  }
  if (!shape.pure) {
    throw new ValidationError(
      call,
      "a fragment of your own may do or read anything; cache queries made of columns, operators and functions",
    );
  }
  const others = shape.parts.some(({ clause, strings }) =>
    OTHER_TABLES.has(clause) || strings.some((text) => SUBQUERY.test(text))
  );
  if (others && reads === undefined) {
    throw new ValidationError(
      call,
      "it reads more than its own table; name the models of all others: cached({ ttl, reads: [Album, Track] })",
    );
  }
  const tables = [shape.source as Table, ...(reads ?? []).map((model: Joinable) => tableOf(model))];
  return { shape, given, ttl: ttl * 1_000, tables };
}

/** The rows of a query that are kept; undefined when the database is to be asked. */
export function cachedResult(
  statement: Sql,
  { ttl, tables }: KeptResult,
  { executor, read }: { readonly executor: Executor; readonly read: ReadPreference | undefined },
): Promise<Record<string, unknown>[] | undefined> | undefined {
  const target = cacheTarget(executor, read);
  return target?.cache.result({ statement, ttl, tables }, target.mode);
}
