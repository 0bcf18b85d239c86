/**
 * Tells the cache of a pool which rows were written, so that nobody reads them as they were for longer than it takes.
 * The reflector would hear of it anyway; where a write does not know its rows it is left to that.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { homePool } from "../../pool/home_pool.ts";
import { runAfterCommit } from "../behaviour/after_commit.ts";
import type { Table } from "../definition/table.ts";
import { cacheOf } from "../executing/read_cache.ts";

/** Writes of more rows are left to the reflector. */
const MAX_ROWS = 1_000;

/**
 * Forgets rows once what has written them is committed.
 *
 * @param table Their table.
 * @param executor What has written them.
 * @param rows The rows as they are now, or at least their keys, by property.
 */
export function tellCache(
  table: Table,
  executor: Executor,
  rows: readonly unknown[],
): void | Promise<void> {
  if (table.cache === undefined || rows.length === 0 || rows.length > MAX_ROWS) return;
  const cache = cacheOf(homePool(executor));
  if (cache === undefined) return;
  const written = rows as readonly Readonly<Record<string, unknown>>[];
  return runAfterCommit(executor, [() => cache.wrote(table, written)]);
}

/** A key as the row it is of, as far as it is known. */
export function keyRow(table: Table, key: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(table.key.map(({ property }, index) => [property, key[index]]));
}
