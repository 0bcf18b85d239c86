/**
 * What the ORM asks of the cache of a pool: the models it knows, by the names their tables have in the database.
 *
 * @module
 */
import { currentSession } from "../../pool/consistency/current_session.ts";
import { sql } from "../../pool/sql/sql.ts";
import type { Table } from "../definition/table.ts";
import { cachesChanged } from "../executing/read_cache.ts";
import type { CachedQuery, ReadCache, TableReads } from "../executing/read_cache.ts";
import type { CacheCore } from "./cache_core.ts";
import { CachedModel, MixedReads, StrongReads } from "./cached_model.ts";
import { tableText } from "./protocol/keys.ts";
import { QueryResults, type ResultRow } from "./query_results.ts";
import { boundsOfRows, noteRowsRead } from "./read_notes.ts";

/** Milliseconds before a table that was not found is looked for again. */
const LOOK_AGAIN = 1_000;

/** See the module's head. */
export class PoolReads implements ReadCache {
  readonly #core: CacheCore;
  readonly #results: QueryResults;
  readonly #tables = new WeakMap<Table, TableOfPool>();

  /** Of a pool. */
  constructor(core: CacheCore) {
    this.#core = core;
    this.#results = new QueryResults(core);
  }

  reads(table: Table, mode: "mixed" | "strong"): TableReads {
    return this.#tableOf(table)[mode];
  }

  async result(query: CachedQuery, mode: "mixed" | "strong"): Promise<ResultRow[] | undefined> {
    const tables: string[] = [];
    for (const table of query.tables) {
      const { name } = this.#tableOf(table);
      if (name === undefined) return undefined;
      if (!tables.includes(name)) tables.push(name);
    }
    const kept = { ...query, tables };
    const key = this.#results.keyOf(kept);
    if (key === undefined) return undefined;
    const startedAt = performance.now();
    if (mode === "mixed") return (await this.#results.find(kept, key, { startedAt }))?.value;
    const session = currentSession(this.#core.pool);
    if (session.isUncertain) return undefined;
    const found = await this.#results.find(kept, key, { startedAt, bounds: boundsOfRows(session, key) });
    if (found !== undefined) noteRowsRead(session, key, found);
    return found?.value;
  }

  async wrote(table: Table, rows: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    const { model } = this.#tableOf(table);
    if (model !== undefined) await this.#core.voidAfterWrite(model.void(rows));
  }

  #tableOf(table: Table): TableOfPool {
    let known = this.#tables.get(table);
    if (known === undefined) this.#tables.set(table, known = new TableOfPool(this.#core, table));
    known.look();
    return known;
  }
}

/** A model's table on a pool: until it is known what the database calls it, its reads go by the cache. */
class TableOfPool {
  name: string | undefined;
  model: CachedModel | undefined;
  mixed: TableReads;
  strong: TableReads;
  readonly #core: CacheCore;
  readonly #table: Table;
  #lookAgainAt = 0;

  constructor(core: CacheCore, table: Table) {
    this.#core = core;
    this.#table = table;
    this.mixed = this.strong = new UnknownReads(core, () => this.look());
  }

  /** Looks for it where it is not known. */
  look(): void {
    if (this.name !== undefined) return;
    const now = performance.now();
    if (now < this.#lookAgainAt) return;
    this.#lookAgainAt = now + LOOK_AGAIN;
    void this.#find();
  }

  /** Asks the database which table it is; the search path decides where the model says no schema. */
  async #find(): Promise<void> {
    const table = this.#table;
    try {
      const found = await this.#core.pool.maybeOne(
        sql<{ schema: string; name: string }>`select n.nspname::text as schema, c.relname::text as name
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where c.oid = to_regclass(${table.fragment.text}::text)`,
        { readOnly: true },
      );
      if (found === undefined) {
        this.#core.warnOnce(`Rows of "${table.tableName}" are not cached: there is no such table`);
        return;
      }
      const name = tableText(found.schema, found.name);
      if (table.cache !== undefined) {
        this.model = new CachedModel(this.#core, table, name);
        this.mixed = new MixedReads(this.#core, this.model);
        this.strong = new StrongReads(this.#core, this.model);
      }
      this.name = name;
      cachesChanged();
    } catch {
      // The reads themselves tell their callers what is wrong; the next of them has it looked for again.
    }
  }
}

/** Reads of a table that is not known yet, or not there: the database is asked. */
class UnknownReads implements TableReads {
  readonly #core: CacheCore;
  readonly #look: () => void;

  constructor(core: CacheCore, look: () => void) {
    this.#core = core;
    this.#look = look;
  }

  peek(): undefined {
    return undefined;
  }

  byKey(): undefined {
    this.#core.counters.bypassed++;
    this.#look();
  }

  byColumns(): undefined {
    this.byKey();
  }
}
