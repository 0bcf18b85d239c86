/**
 * A database with tables, a store and a reflector between them, for tests: entries are put in as a client would, and what
 * becomes of them is waited for.
 */
import { createHash } from "node:crypto";
import { LABELLED } from "../../pool/consistency/labelled.ts";
import { lookupKey, rowKey } from "../../orm/cache/protocol/keys.ts";
import type { CacheStore, SeenWatermark } from "../../orm/cache/stores/cache_store.ts";
import { MemoryStore } from "../../orm/cache/stores/memory_store.ts";
import { Pool, type PoolOptions, sql } from "../../mod.ts";
import { ByteSource } from "../../pool/wire/byte_source.ts";
import { compileRowReader } from "../../pool/wire/session/row_reader.ts";
import { type AnyElection, installTriggers, Reflector, type ReflectorOptions } from "../../reflector/mod.ts";
import { awakeTime } from "../awake_time.ts";
import { freshDatabase } from "../services/client.ts";

/** How a {@link LiveCache} is made. */
export interface LiveCacheOptions extends Partial<Omit<ReflectorOptions, "store">> {
  /** Statements that make tables. */
  readonly ddl: string;
  /** The tables that get triggers. */
  readonly triggers?: readonly string[];
  readonly store?: CacheStore;
  /** Where the tables are. Default: a database of its own. */
  readonly url?: string;
  /** From the database's URL to the one the reflector uses. */
  readonly through?: (url: string) => string;
  readonly election?: AnyElection;
}

/** The row of an entry. */
export type CachedRow = Record<string, unknown>;

/** Waits until something is true, by asking; fails when it is not for long. */
export async function eventually<Value>(
  ask: () => Value | undefined | false | Promise<Value | undefined | false>,
  what: string,
  limit = 10_000,
): Promise<Value> {
  const started = awakeTime();
  while (true) {
    const value = await ask();
    if (value !== undefined && value !== false) return value;
    if (awakeTime() - started > limit) throw new Error(`It never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Everything together. */
export class LiveCache implements AsyncDisposable {
  readonly pool: Pool;
  readonly store: CacheStore;
  readonly reflector: Reflector;
  readonly url: string;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    parts: { pool: Pool; store: CacheStore; reflector: Reflector; url: string },
    resources: AsyncDisposableStack,
  ) {
    this.pool = parts.pool;
    this.store = parts.store;
    this.reflector = parts.reflector;
    this.url = parts.url;
    this.#resources = resources;
  }

  /** Makes it, and waits until the reflector leads. */
  static async open(
    { ddl, triggers, store: given, url: known, through = (url) => url, ...options }: LiveCacheOptions,
  ): Promise<LiveCache> {
    await using stack = new AsyncDisposableStack();
    const url = known ?? stack.use(await freshDatabase()).url;
    const pool = stack.use(new Pool({ url, max: 4 }));
    for (const statement of ddl.split(";")) {
      if (statement.trim() !== "") await pool.execute(sql.unsafe(statement));
    }
    if (triggers !== undefined) await installTriggers(pool, { tables: triggers, cascades: "include" });
    const store = given ?? stack.use(new MemoryStore());
    const database: PoolOptions = { url: through(url), max: 6 };
    const reflector = stack.use(new Reflector({ database, source: "notify", ...options, store }));
    await reflector.start();
    const live = new LiveCache({ pool, store, reflector, url }, stack.move());
    await live.trusted();
    return live;
  }

  /** Runs SQL. */
  run(text: string): Promise<number> {
    return this.pool.execute(sql.unsafe(text));
  }

  /** The watermark. */
  async watermark(): Promise<SeenWatermark> {
    return (await this.store.watermarks()).find((watermark) => watermark !== undefined)!;
  }

  /** Waits until so many canaries more have come out: two, so that one of them was sent after now. */
  async canaries(count = 2): Promise<SeenWatermark> {
    const from = this.reflector.status().counters.canaries;
    await eventually(() => this.reflector.status().counters.canaries >= from + count, "canaries come out");
    return await this.watermark();
  }

  /** Waits until it leads and has been heard. */
  async trusted(): Promise<void> {
    await eventually(() => {
      const { state, watermark } = this.reflector.status();
      return state === "leading" && watermark!.seq > 0;
    }, "the reflector leads");
  }

  /** Puts a row into the cache as a client does; returns whether it was stored. */
  async fill(table: string, id: string, columns: readonly string[] = ["id", "name"]): Promise<boolean> {
    const key = { key: rowKey(`public.${table}`, { id }), table: `public.${table}` };
    for (let attempt = 0; attempt < 100; attempt++) {
      const [look] = await this.store.look([key]);
      if (look.entry !== undefined) return true;
      const list = columns.map((column) => `"${column}"`).join(", ");
      const found = await this.pool[LABELLED]<Uint8Array>(
        sql.unsafe(`select ${list} from "${table}" where "id"::text = $1`, [id]),
        { raw: true },
      );
      const text = JSON.stringify({
        table: `public.${table}`,
        columns: found.fields.map(({ name, type }, index) => [name, found.formats[index], type]),
      });
      const shape = createHash("md5").update(text).digest("hex").slice(0, 12);
      await this.store.document(`shape:${shape}`, text);
      if (look.ticket === undefined) continue;
      const payload = found.rows[0];
      const [outcome] = await this.store.fill([{
        ...key,
        ticket: look.ticket,
        ttl: 60_000,
        version: found.version,
        upper: found.upper,
        shape: payload === undefined ? "" : shape,
        payload,
      }]);
      if (outcome === "stored") return true;
      // The log has to be flushed up to the watermark's floor first, which the next canary does.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return false;
  }

  /** Puts a lookup into the cache. */
  async fillLookup(table: string, column: string, value: string): Promise<boolean> {
    const key = {
      key: lookupKey(`public.${table}`, { columns: [column], id: value }),
      table: `public.${table}`,
    };
    for (let attempt = 0; attempt < 100; attempt++) {
      const [{ entry, ticket }] = await this.store.look([key]);
      if (entry !== undefined) return true;
      const { version, upper } = await this.pool[LABELLED](sql`select`, {});
      const fill = { ...key, ticket: ticket!, ttl: 60_000, version, upper, shape: "", payload: undefined };
      if ((await this.store.fill([fill]))[0] === "stored") return true;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return false;
  }

  /** Whether a lookup is there. */
  async hasLookup(table: string, column: string, value: string): Promise<boolean> {
    const key = lookupKey(`public.${table}`, { columns: [column], id: value });
    return (await this.store.look([{ key, table: `public.${table}` }]))[0].entry !== undefined;
  }

  /** What is cached of a row: the row, null for a negative entry, undefined for none. */
  async cached(table: string, id: string): Promise<CachedRow | null | undefined> {
    const key = { key: rowKey(`public.${table}`, { id }), table: `public.${table}` };
    const [{ entry }] = await this.store.look([key]);
    if (entry === undefined) return undefined;
    if (entry.payload === undefined) return null;
    const { columns } = JSON.parse((await this.store.document(`shape:${entry.shape}`))!);
    const list = columns.map(([name]: [string]) => `"${name}"`).join(", ");
    const { fields, formats, registry } = await this.pool[LABELLED](
      sql.unsafe(`select ${list} from "${table}" limit 0`),
      {},
    );
    const read = compileRowReader(fields.map((field, index) => ({
      field,
      codec: registry.get(field.type) ?? registry.text,
      format: formats[index],
    })));
    return read(new ByteSource(entry.payload), 0, entry.payload.length);
  }

  /** Waits until something is cached of a row that is as asked for. */
  async becomes(
    table: string,
    id: string,
    is: (row: CachedRow | null | undefined) => boolean,
  ): Promise<void> {
    await eventually(
      async () => is(await this.cached(table, id)),
      `the entry of ${table} ${id} is as it should`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
