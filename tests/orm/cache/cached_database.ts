/**
 * A database in this process with a cache and a real reflector, for tests that compare a cached model with one that is
 * not.
 */
import { Cache, type CacheOptions, MemoryStore, Pool, type PoolOptions, sql } from "../../../mod.ts";
import { installTriggers, Reflector, type TriggerTarget } from "../../../reflector/mod.ts";

/** A pool, its cache, and what keeps it coherent. */
export interface CachedDatabase extends AsyncDisposable {
  readonly pool: Pool;
  readonly cache: Cache;
  readonly store: MemoryStore;
  readonly reflector: Reflector;
  /** Waits until the reflector has applied everything that is committed now. */
  applied(): Promise<void>;
}

/** What one is made of. */
export interface CachedDatabaseOptions {
  /** Statements that make tables, separated by semicolons. */
  readonly ddl: string;
  readonly tables: readonly (string | TriggerTarget)[];
  readonly pool?: PoolOptions;
  readonly cache?: Partial<CacheOptions>;
}

/** Opens one, and waits until it is trusted. */
export async function cachedDatabase(
  { ddl, tables, pool: poolOptions, cache: cacheOptions }: CachedDatabaseOptions,
): Promise<CachedDatabase> {
  await using stack = new AsyncDisposableStack();
  const pool = stack.use(new Pool({ url: "pglite:", ...poolOptions }));
  for (const statement of ddl.split(";")) {
    if (statement.trim() !== "") await pool.execute(sql.unsafe(statement));
  }
  await installTriggers(pool, { tables, cascades: "ignore" });
  const store = new MemoryStore();
  const cache = stack.use(new Cache(pool, { store, logger: { warn: () => {} }, ...cacheOptions }));
  const reflector = stack.use(new Reflector({ database: pool, store, source: "notify" }));
  await reflector.start();
  if (!await cache.ready({ timeout: 30_000 })) throw new Error("The cache was never trusted");
  const owned = stack.move();
  const applied = async () => {
    const { canaries } = reflector.status().counters;
    while (reflector.status().counters.canaries < canaries + 2) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return { pool, cache, store, reflector, applied, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Reads until a read was answered from the store or from this process alone. */
export async function untilCached<Value>(cache: Cache, read: () => Promise<Value>): Promise<Value> {
  for (let i = 0; i < 500; i++) {
    const before = cache.stats();
    const value = await read();
    const { hits, nearHits, misses, bypassed } = cache.stats();
    if (
      hits + nearHits > before.hits + before.nearHits && misses === before.misses &&
      bypassed === before.bypassed
    ) {
      return value;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`It never came from the cache: ${JSON.stringify(cache.stats())}`);
}
