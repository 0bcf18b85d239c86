/**
 * Which cache a call may be answered from.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { Pool } from "../../pool/pool.ts";
import type { Table } from "../definition/table.ts";
import { cacheOf, type ReadCache, type TableReads } from "./read_cache.ts";

/** A cache, and how it is read. */
export interface CacheTarget {
  readonly cache: ReadCache;
  readonly mode: "mixed" | "strong";
}

/**
 * The cache that an executor is answered from: that of its pool, read in a mode that may use it. Never within a
 * transaction, whose own writes nobody else sees.
 *
 * @param executor What is read on.
 */
export function cacheTarget(executor: Executor | undefined): CacheTarget | undefined {
  if (!(executor instanceof Pool)) return undefined;
  const cache = cacheOf(executor);
  return cache === undefined ? undefined : { cache, mode: "mixed" };
}

/**
 * The cached reads of a model on an executor.
 *
 * @param table The model's table.
 * @param executor What is read on.
 */
export function cachedReads(table: Table, executor: Executor | undefined): TableReads | undefined {
  if (table.cache === undefined) return undefined;
  const target = cacheTarget(executor);
  return target?.cache.reads(table, target.mode);
}
