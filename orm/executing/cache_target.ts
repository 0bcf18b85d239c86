/**
 * Which cache a call may be answered from.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { homePool } from "../../pool/home_pool.ts";
import { readingOf, type ReadPreference } from "../../pool/replicas/read_preference.ts";
import type { Table } from "../definition/table.ts";
import { cacheOf, type ReadCache, type TableReads } from "./read_cache.ts";

/** A cache, and how it is read. */
export interface CacheTarget {
  readonly cache: ReadCache;
  readonly mode: "mixed" | "strong";
}

/**
 * The cache that an executor is answered from: that of its pool. A pool that has a cache reads `mixed` unless it says
 * `strong`; what `pool.reading()` returns reads as it says. Never within a transaction, whose own writes nobody else sees.
 *
 * @param executor What is read on.
 * @param read What the read itself prefers, where it says so.
 */
export function cacheTarget(
  executor: Executor | undefined,
  read?: ReadPreference,
): CacheTarget | undefined {
  if (executor === undefined) return undefined;
  const reading = readingOf(executor);
  if (reading === undefined) return undefined;
  const pool = homePool(executor);
  const cache = cacheOf(pool);
  if (cache === undefined) return undefined;
  const preference = read ?? reading.preference;
  if (preference === "mixed" || preference === "strong") return { cache, mode: preference };
  return pool === executor && read === undefined && preference === "primary"
    ? { cache, mode: "mixed" }
    : undefined;
}

/**
 * The cached reads of a model on an executor.
 *
 * @param table The model's table.
 * @param executor What is read on.
 * @param read What the read itself prefers, where it says so.
 */
export function cachedReads(
  table: Table,
  executor: Executor | undefined,
  read?: ReadPreference,
): TableReads | undefined {
  if (table.cache === undefined) return undefined;
  const target = cacheTarget(executor, read);
  return target?.cache.reads(table, target.mode);
}
