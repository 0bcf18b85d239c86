/**
 * One cached model on one pool: its rows and lookups, and who may read which of them how.
 *
 * @module
 */
import type { ConsistencySession } from "../../pool/consistency/consistency_session.ts";
import { currentSession } from "../../pool/consistency/current_session.ts";
import type { AnyColumn } from "../building/column.ts";
import type { Table } from "../definition/table.ts";
import { comparisonOf } from "../executing/key_comparison.ts";
import type { CachedRows, TableReads } from "../executing/read_cache.ts";
import type { CacheCore } from "./cache_core.ts";
import { accepts, type Found, type Reader } from "./found.ts";
import { ownRow } from "./payload_shape.ts";
import { boundsOf, boundsOfRows, noteRead, noteRowsRead } from "./read_notes.ts";
import { tableKey } from "./protocol/keys.ts";
import type { LookKey } from "./stores/cache_store.ts";
import { TableLookups } from "./table_lookups.ts";
import { type CachedRow, TableRows } from "./table_rows.ts";

const NO_ROWS: CachedRows = { rows: [] };

/** A cached model on a pool. */
export class CachedModel {
  /** Its rows by primary key. */
  readonly rows: TableRows;
  readonly #core: CacheCore;
  readonly #table: Table;
  readonly #name: string;
  readonly #lookups = new Map<string, TableLookups>();

  /** Of a model whose table is called `name` in keys. */
  constructor(core: CacheCore, table: Table, name: string) {
    this.#core = core;
    this.#table = table;
    this.#name = name;
    this.rows = new TableRows(core, table, name);
  }

  /** What a row is for one who reads the model: nothing when it is soft-deleted, and nobody else's to change. */
  shown(row: CachedRow): CachedRow {
    const { softDelete } = this.#table;
    return row === undefined || softDelete !== undefined && row[softDelete.property] !== null
      ? undefined
      : ownRow(row);
  }

  /** Rows by some of their columns. */
  lookups(columns: readonly AnyColumn[]): TableLookups | undefined {
    const label = columns.map(({ columnName }) => columnName).join("+");
    let lookups = this.#lookups.get(label);
    if (lookups === undefined) {
      if (columns.some((column) => comparisonOf(column) === undefined)) return undefined;
      lookups = new TableLookups(this.#core, this.#table, { name: this.#name, columns });
      this.#lookups.set(label, lookups);
    }
    return lookups;
  }

  /** Forgets rows in this process, and names all that is to be voided with them in the store. */
  void(rows: readonly Readonly<Record<string, unknown>>[]): LookKey[] {
    const { key } = this.#table;
    const keys = this.rows.void(rows.map((row) => key.map(({ property }) => row[property])));
    for (const lookups of this.#lookups.values()) {
      const { columns } = lookups;
      const values = rows.map((row) => columns.map(({ property }) => row[property]))
        .filter((each) => each.every((value) => value !== undefined && value !== null));
      keys.push(...lookups.void(values));
    }
    keys.push({ key: tableKey(this.#name, this.#core.prefix), table: this.#name });
    return keys;
  }
}

/** Reads of a cached model where a hit may be as old as the trust window. */
export class MixedReads implements TableReads {
  readonly #model: CachedModel;
  readonly #core: CacheCore;

  /** Reads of a model. */
  constructor(core: CacheCore, model: CachedModel) {
    this.#core = core;
    this.#model = model;
  }

  peek(key: unknown): unknown {
    const found = this.#model.rows.peek(key);
    if (found === undefined) return undefined;
    this.#core.counters.nearHits++;
    return this.#model.shown(found.value);
  }

  byKey(values: readonly unknown[]): Promise<CachedRows | undefined> | undefined {
    const found = this.#model.rows.find(values);
    if (found === undefined) return undefined;
    return found instanceof Promise
      ? found.then((later) => later === undefined ? undefined : this.#shown(later))
      : Promise.resolve(this.#shown(found));
  }

  byColumns(
    columns: readonly AnyColumn[],
    values: readonly unknown[],
  ): Promise<CachedRows | undefined> | undefined {
    const lookups = this.#model.lookups(columns);
    if (lookups === undefined) return undefined;
    return rowsOfLookup(this.#model, { lookups, columns, values });
  }

  #shown({ value }: Found<CachedRow>): CachedRows {
    const row = this.#model.shown(value);
    return row === undefined ? NO_ROWS : { rows: [row] };
  }
}

/** Reads of a cached model that are never older than what their session has done and seen. */
export class StrongReads implements TableReads {
  readonly #model: CachedModel;
  readonly #core: CacheCore;

  /** Reads of a model. */
  constructor(core: CacheCore, model: CachedModel) {
    this.#core = core;
    this.#model = model;
  }

  peek(): undefined {
    return undefined;
  }

  byKey(values: readonly unknown[]): Promise<CachedRows | undefined> | undefined {
    const session = currentSession(this.#core.pool);
    if (session.isUncertain) return undefined;
    return this.#read(session, values);
  }

  byColumns(
    columns: readonly AnyColumn[],
    values: readonly unknown[],
  ): Promise<CachedRows | undefined> | undefined {
    const session = currentSession(this.#core.pool);
    const lookups = this.#model.lookups(columns);
    if (lookups === undefined || session.isUncertain) return undefined;
    return rowsOfLookup(
      this.#model,
      { lookups, columns, values },
      session,
    );
  }

  async #read(session: ConsistencySession, values: readonly unknown[]): Promise<CachedRows | undefined> {
    const key = this.#model.rows.keyOf(values);
    if (key === undefined || !this.#model.rows.isCovered) return undefined;
    // A replica is not asked: it would have to be as new as what was read from the cache.
    const reader = strongReader(session, key);
    const found = await this.#model.rows.find(values, reader) ?? await this.#model.rows.readNow(values);
    if (found === undefined || !accepts(found, reader)) return undefined;
    noteRead(session, key, found);
    const row = this.#model.shown(found.value);
    return row === undefined ? NO_ROWS : { rows: [row] };
  }
}

/** A session's reader of a key: as new as its last write, as what it has read of the key, and by queries. */
function strongReader(session: ConsistencySession, key: string): Reader {
  return { startedAt: performance.now(), bounds: boundsOf(session, key) };
}

/** What is looked up. */
interface Lookup {
  readonly lookups: TableLookups;
  readonly columns: readonly AnyColumn[];
  readonly values: readonly unknown[];
}

/** The rows of a lookup; undefined when one of them shows that it is out of date, or is not to be had. */
async function rowsOfLookup(
  model: CachedModel,
  { lookups, columns, values }: Lookup,
  session?: ConsistencySession,
): Promise<CachedRows | undefined> {
  const key = lookups.keyOf(values);
  if (key === undefined) return undefined;
  const list = await lookups.find(values, {
    startedAt: performance.now(),
    ...session === undefined ? {} : { bounds: boundsOfRows(session, key) },
  });
  if (list === undefined) return undefined;
  const found = await Promise.all(list.value.map((each) => {
    const row = model.rows.keyOf(each);
    return row === undefined ? undefined : model.rows.find(each, session && strongReader(session, row));
  }));
  const rows: CachedRow[] = [];
  for (const each of found) {
    if (each?.value === undefined) return undefined;
    const row = each.value;
    const isOf = columns.every((column, index) => {
      const compare = comparisonOf(column)!;
      return compare(row[column.property]) === compare(values[index]);
    });
    if (!isOf) return undefined;
    rows.push(row);
  }
  if (session !== undefined) {
    noteRowsRead(session, key, list);
    list.value.forEach((each, index) => noteRead(session, model.rows.keyOf(each)!, found[index]!));
  }
  return { rows: rows.map((row) => model.shown(row)).filter((row) => row !== undefined) };
}
