/**
 * The coherent cache of models' rows.
 *
 * @module
 */
export { Cache, type CacheOptions, type CacheStats } from "./cache.ts";
export type { CacheTelemetryOptions } from "./cache_telemetry.ts";
export type { CacheLogger } from "./cache_core.ts";
export type * from "./stores/cache_store.ts";
export type { Watermark } from "./protocol/watermark.ts";
export { MEMORY_STORE_DEFAULTS, MemoryStore, type MemoryStoreOptions } from "./stores/memory_store.ts";
export type {
  RedisAddress,
  RedisClient,
  RedisClientOptions,
  RedisClusterOptions,
  RedisConnection,
} from "./stores/redis/redis_connection.ts";
export {
  REDIS_STORE_DEFAULTS,
  RedisStore,
  type RedisStoreLogger,
  type RedisStoreOptions,
} from "./stores/redis/redis_store.ts";
