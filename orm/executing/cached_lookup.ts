/**
 * Queries that ask for nothing but the rows with some values in some columns: what a cache may know.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import type { ReadPreference } from "../../pool/replicas/read_preference.ts";
import type { AnyColumn } from "../building/column.ts";
import type { Shape } from "../compiling/shape.ts";
import type { Table } from "../definition/table.ts";
import { cachedReads } from "./cache_target.ts";
import type { CachedRows } from "./read_cache.ts";

/** What a query looks for. */
interface Lookup {
  readonly table: Table;
  /** The columns that must equal a value each. */
  readonly columns: readonly AnyColumn[];
  /** For each of them which clause's value it is. */
  readonly clauses: readonly number[];
  /** Whether they are the primary key. */
  readonly isKey: boolean;
  /** Whether there is one such row at most. */
  readonly isUnique: boolean;
}

const LOOKUPS = new WeakMap<Shape, Lookup | null>();

/**
 * The rows of a query, where a cache has them.
 *
 * @param query The query's shape and values.
 * @param executor What it is to run on.
 * @param how `unique`: whether only queries of one row at most are asked for; `read`: what the query itself prefers.
 * @returns Undefined when the database is to be asked.
 */
export function cachedRowsOf(
  { shape, values }: { readonly shape: Shape; readonly values: readonly (readonly unknown[])[] },
  executor: Executor,
  { unique, read }: { readonly unique: boolean; readonly read: ReadPreference | undefined },
): Promise<CachedRows | undefined> | undefined {
  const table = shape.source as Partial<Table>;
  if (table.cache === undefined) return undefined;
  const lookup = lookupOf(shape);
  if (lookup === null || (unique && !lookup.isUnique)) return undefined;
  const reads = cachedReads(lookup.table, executor, read);
  if (reads === undefined) return undefined;
  const sought = lookup.clauses.map((clause) => values[clause][0]);
  return lookup.isKey ? reads.byKey(sought) : reads.byColumns(lookup.columns, sought);
}

function lookupOf(shape: Shape): Lookup | null {
  let lookup = LOOKUPS.get(shape);
  if (lookup === undefined) LOOKUPS.set(shape, lookup = findLookup(shape));
  return lookup;
}

function findLookup({ source, parts }: Shape): Lookup | null {
  const table = source as Table;
  if (table.name !== table.tableName) return null;
  const clauseOf = new Map<AnyColumn, number>();
  for (let index = 0; index < parts.length; index++) {
    const { clause, label, strings } = parts[index];
    if (clause !== "where") return null;
    if (label === "trashed" && strings === table.present?.strings) continue;
    const column = label === "" && strings.length === 2 && strings[1] === ""
      ? [...table.columns.values()].find(({ text }) => strings[0] === `${text} = `)
      : undefined;
    if (column === undefined || clauseOf.has(column)) return null;
    clauseOf.set(column, index);
  }
  // The order of the model's columns, whatever that of the conditions.
  const columns = [...table.columns.values()].filter((column) => clauseOf.has(column));
  if (columns.length === 0) return null;
  const isKey = columns.length === table.key.length && table.key.every((column) => clauseOf.has(column));
  const sought = isKey ? table.key : columns;
  return {
    table,
    columns: sought,
    clauses: sought.map((column) => clauseOf.get(column)!),
    isKey,
    isUnique: isKey || columns.some(({ settings }) => settings.unique === true),
  };
}
