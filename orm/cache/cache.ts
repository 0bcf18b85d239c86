/**
 * The cache of a pool, as users make it.
 *
 * @module
 */
import { TOKENS_ON } from "../../pool/consistency/current_session.ts";
import { Pool } from "../../pool/pool.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { nearestWord } from "../../pool/wire/configuration/nearest_word.ts";
import { ConfigError, ValidationError } from "../../pool/wire/errors.ts";
import { attachCache, cacheOf, type ReadCache } from "../executing/read_cache.ts";
import { CacheCore, type CacheLogger } from "./cache_core.ts";
import type { CacheTelemetryOptions } from "./cache_telemetry.ts";
import { PoolReads } from "./pool_reads.ts";
import { DEFAULT_PREFIX } from "./protocol/keys.ts";
import type { CacheStore } from "./stores/cache_store.ts";
import type { RedisConnection } from "./stores/redis/redis_connection.ts";
import { RedisStore } from "./stores/redis/redis_store.ts";

/** How a cache is made: `redis`, or another store. */
export interface CacheOptions extends CacheTelemetryOptions {
  /**
   * Where Redis is: a URL, options of ioredis (with `sentinels` for Sentinel), `{ nodes }` of a Redis Cluster, or a
   * client of your own, of which the options are taken.
   */
  readonly redis?: RedisConnection;
  /** Milliseconds after which PostgreSQL is read when Redis does not answer. Default 50. */
  readonly timeout?: number;
  /** What holds the cache instead of Redis, as `new MemoryStore()`. It is closed with the cache. */
  readonly store?: CacheStore;
  /** What all keys begin with; the same for the reflector. Default `lifeguard:`. */
  readonly prefix?: string;
  /** Rows of each model kept in this process, in front of the store; 0 for none. Default 10,000. */
  readonly nearRows?: number;
  /** Told what an operator should know. Default: the console. */
  readonly logger?: CacheLogger;
}

const OPTIONS: readonly string[] = [
  "redis",
  "timeout",
  "store",
  "prefix",
  "nearRows",
  "logger",
  "telemetry",
  "tracerProvider",
  "meterProvider",
] satisfies (keyof CacheOptions)[];
const NEAR_ROWS = 10_000;
const CONSOLE: CacheLogger = { warn: (message) => console.warn(message) };

/** What a cache has done, and what it thinks of its store. */
export interface CacheStats {
  /** Whether reads are answered from the store now: a canary has come through within the last second. */
  readonly trusted: boolean;
  /** Whether the store is asked at all. */
  readonly breaker: "closed" | "open";
  /** Reads answered by rows in this process. */
  readonly nearHits: number;
  /** Reads answered by the store. */
  readonly hits: number;
  /** Reads that found nothing in the store, or nothing new enough. */
  readonly misses: number;
  /** Reads for which the store was not asked. */
  readonly bypassed: number;
  /** Keys voided after writes of this process. */
  readonly voided: number;
  /** Calls of the store that failed or took too long. */
  readonly storeErrors: number;
  /** What became of fills, by outcome. */
  readonly fills: Readonly<Record<string, number>>;
}

/**
 * A coherent cache in front of a pool: the rows of models that say `cache` in their options are read from Redis while
 * a reflector proves, several times a second, that nothing there is older than a second. Otherwise, and whenever
 * anything is in doubt, PostgreSQL is read as without it. See `docs/caching.md`.
 *
 * @example
 * ```ts
 * import { Cache, column, MemoryStore, model, Pool, sql } from "@lifeguard/core";
 * const User = model("users", { id: column.integer().primaryKey(), name: column.text() }, { cache: 60 });
 * await using pool = new Pool("pglite:");
 * await using cache = new Cache(pool, { store: new MemoryStore() }); // or { redis: "redis://localhost" }
 * await pool.execute(sql`create table users (id integer primary key, name text not null)`);
 * await User.insert({ id: 1, name: "Ada" }, pool);
 * console.assert((await User.findById(1, pool))?.name === "Ada");
 * // No reflector runs, so nothing is trusted: the row came from PostgreSQL.
 * console.assert(cache.stats().bypassed === 1 && cache.stats().trusted === false);
 * ```
 */
export class Cache implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #core: CacheCore;
  readonly #reads: ReadCache;

  /**
   * Gives a pool a cache. Nothing need be there yet: reads go to PostgreSQL until the store answers and is trusted.
   *
   * @param pool The pool; it has one cache at most.
   * @param options Where the cache is.
   * @throws {ConfigError} When an option is unknown or means nothing.
   */
  constructor(pool: Pool, options: CacheOptions) {
    if (!(pool instanceof Pool)) {
      throw new ConfigError(
        "pool",
        `${kindOf(pool)} was given; give a Pool`,
        "the first argument of new Cache()",
      );
    }
    const { prefix, nearRows, logger, store } = checkOptions(options);
    if (cacheOf(pool) !== undefined) {
      throw new ConfigError(
        "pool",
        "it has a cache already; close that first",
        "the first argument of new Cache()",
      );
    }
    this.#pool = pool;
    this.#core = new CacheCore({ pool, store: store(), prefix, nearRows, logger, telemetry: options });
    this.#reads = new PoolReads(this.#core);
    pool[TOKENS_ON]();
    attachCache(pool, this.#reads);
  }

  /** What it has done, and whether it is trusted now. */
  stats(): CacheStats {
    const { breaker, counters, trust } = this.#core;
    return {
      trusted: breaker === "closed" && trust.holds(performance.now()),
      breaker,
      ...counters,
      fills: { ...counters.fills },
    };
  }

  /**
   * Waits until reads are answered from the cache: the store answers, a reflector leads, and a canary came through.
   *
   * @param options `timeout`: milliseconds, default 10,000; `signal`: ends the wait.
   * @returns Whether it is so; false when the time is over, or the cache was closed.
   * @throws {ValidationError} When `timeout` is no number of milliseconds.
   */
  async ready(options: { readonly timeout?: number; readonly signal?: AbortSignal } = {}): Promise<boolean> {
    const { timeout = 10_000, signal } = options;
    if (typeof timeout !== "number" || !(timeout >= 0)) {
      throw new ValidationError("the timeout of ready()", "give milliseconds, 0 or more");
    }
    return await this.#core.ready(timeout, signal);
  }

  /** Takes the cache from its pool, and closes the store. Reads go to PostgreSQL. */
  async close(): Promise<void> {
    if (cacheOf(this.#pool) === this.#reads) attachCache(this.#pool, undefined);
    await this.#core.close();
  }

  /** The same as {@link Cache.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What of a store is used before anything is read. */
function isStore(store: unknown): boolean {
  if (typeof store !== "object" || store === null) return false;
  const { look, fill, watermarks, [Symbol.asyncDispose]: dispose } = store as Partial<CacheStore>;
  return [look, fill, watermarks, dispose].every((method) => typeof method === "function");
}

interface CheckedOptions {
  readonly prefix: string;
  readonly nearRows: number;
  readonly logger: CacheLogger;
  readonly store: () => CacheStore;
}

function checkOptions(options: CacheOptions): CheckedOptions {
  const where = "the options of new Cache()";
  if (typeof options !== "object" || options === null) {
    throw new ConfigError("options", `${kindOf(options)} was given; give { redis: "redis://…" }`, where);
  }
  for (const name of Object.keys(options)) {
    if (OPTIONS.includes(name)) continue;
    const near = nearestWord(name, OPTIONS);
    throw new ConfigError(
      name,
      near === undefined
        ? `it is unknown; use ${OPTIONS.join(", ")}`
        : `it is unknown; did you mean "${near}"?`,
      where,
    );
  }
  const { redis, store, timeout, prefix = DEFAULT_PREFIX, nearRows = NEAR_ROWS, logger = CONSOLE } = options;
  if ((redis === undefined) === (store === undefined)) {
    throw new ConfigError(
      "redis",
      'give either redis, as in { redis: "redis://localhost" }, or store',
      where,
    );
  }
  if (store !== undefined && !isStore(store)) {
    throw new ConfigError(
      "store",
      `${kindOf(store)} was given; give a store, as new MemoryStore(), or redis`,
      where,
    );
  }
  if (store !== undefined && timeout !== undefined) {
    throw new ConfigError("timeout", "it is for redis only; leave it out beside store", where);
  }
  if (typeof (logger as Partial<CacheLogger> | null)?.warn !== "function") {
    throw new ConfigError(
      "logger",
      `${kindOf(logger)} was given; give an object with a method warn()`,
      where,
    );
  }
  if (typeof prefix !== "string" || !/^[^{}\s]*$/.test(prefix)) {
    throw new ConfigError("prefix", "give text without spaces and braces", where);
  }
  if (!Number.isInteger(nearRows) || nearRows < 0 || nearRows > 10_000_000) {
    throw new ConfigError("nearRows", `it is ${nearRows}; give a whole number from 0 to 10,000,000`, where);
  }
  return {
    prefix,
    nearRows,
    logger,
    store: () =>
      store ?? new RedisStore(redis!, { prefix, logger, ...(timeout === undefined ? {} : { timeout }) }),
  };
}
