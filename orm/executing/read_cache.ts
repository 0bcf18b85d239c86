/**
 * The seam to a cache that a pool may have: what reads ask before they ask the database, and what writes tell it.
 * `orm/cache` implements it and attaches itself; a pool without one costs one look into a map.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import type { Table } from "../definition/table.ts";
import type { AnyColumn } from "../building/column.ts";

/** Rows that were found in a cache, or read for it. */
export interface CachedRows {
  readonly rows: readonly unknown[];
}

/** The cached reads of one model on one executor. */
export interface TableReads {
  /**
   * A row that this process has, by a key of one column: the hot path, no promise is made and nothing is checked but the
   * row's age.
   *
   * @returns The row; undefined when it is to be asked for by {@link TableReads.byKey}.
   */
  peek(key: unknown): unknown;
  /**
   * A row by its primary key.
   *
   * @param values The values of the key's columns, checked.
   * @returns The row or none; undefined when the database is to be asked.
   */
  byKey(values: readonly unknown[]): Promise<CachedRows | undefined> | undefined;
  /**
   * The rows some of whose columns have some values.
   *
   * @param columns The columns.
   * @param values Their values, none of them null.
   * @returns The rows, all that are not soft-deleted; undefined when the database is to be asked.
   */
  byColumns(
    columns: readonly AnyColumn[],
    values: readonly unknown[],
  ): Promise<CachedRows | undefined> | undefined;
}

/** A query whose result may be kept. */
export interface CachedQuery {
  readonly statement: Sql;
  /** The tables it reads. */
  readonly tables: readonly Table[];
  /** Milliseconds its result is kept. */
  readonly ttl: number;
}

/** A cache that is attached to a pool. */
export interface ReadCache {
  /** The cached reads of a model in a mode; undefined where it is not cached. */
  reads(table: Table, mode: "mixed" | "strong"): TableReads | undefined;
  /**
   * The rows of a query, as a pool would return them: the caller's own, not converted yet.
   *
   * @returns Undefined when the database is to be asked.
   */
  result(query: CachedQuery, mode: "mixed" | "strong"): Promise<Record<string, unknown>[] | undefined>;
  /**
   * Forgets rows after they were written.
   *
   * @param rows The rows as they are now, or at least their keys, by property.
   */
  wrote(table: Table, rows: readonly Readonly<Record<string, unknown>>[]): Promise<void>;
}

/** How an executor tells which cache it has; a pool's views and transactions tell that of their pool. */
const CACHES = new WeakMap<object, ReadCache>();

/** Goes up whenever a pool gets or loses a cache, or a cache learns of a table: what is remembered of them is void then. */
export let cacheGeneration = 0;

/** A cache can do what it could not before. */
export function cachesChanged(): void {
  cacheGeneration++;
}

/** Gives a pool a cache; undefined takes it away. */
export function attachCache(pool: object, cache: ReadCache | undefined): void {
  cachesChanged();
  if (cache === undefined) CACHES.delete(pool);
  else CACHES.set(pool, cache);
}

/** The cache of a pool. */
export function cacheOf(pool: object): ReadCache | undefined {
  return CACHES.get(pool);
}
