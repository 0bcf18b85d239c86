/**
 * The pool: connections to PostgreSQL, and running SQL over them.
 *
 * @module
 */
export type { AdvisoryKey } from "./transaction/advisory_key.ts";
export type { AdvisoryLock, AdvisoryLockOptions } from "./transaction/advisory_lock.ts";
export type { BatchOutcomes, BatchRows, StatementRow } from "./transaction/batch.ts";
export type { Executor, QueryOptions, UnknownRow, ValidatedQueryOptions } from "./executor.ts";
export type { ListenOptions, NotificationHandler, Subscription } from "./listen_hub.ts";
export { type CloseOptions, Pool } from "./pool.ts";
export * from "./pool_errors.ts";
export type {
  Duration,
  PoolLeak,
  PoolNotice,
  PoolOptions,
  PrepareMode,
} from "./configuration/pool_options.ts";
export { PREPARE_MODES } from "./configuration/pool_options.ts";
export type { PoolStats, TierStats } from "./pool_stats.ts";
export {
  LOG_LEVELS,
  type LogLevel,
  POOL_EVENTS,
  type PoolEvent,
  type PoolLogFields,
  type PoolLogger,
  type PoolLogRecord,
} from "./telemetry/pool_log.ts";
export type { MeterSource, TracerSource } from "./telemetry/providers.ts";
export type { SlowQuery } from "./telemetry/slow_query.ts";
export { Queryable } from "./queryable.ts";
export { READ_PREFERENCES, type ReadPreference } from "./replicas/read_preference.ts";
export type { ReadingPool } from "./replicas/reading_pool.ts";
export { REPLICA_STATES, type ReplicaState, type ReplicaStatus } from "./replicas/replica_monitor.ts";
export type { ResultSet } from "./transaction/result_sets.ts";
export type {
  CopyOptions,
  ReservedSession,
  SessionExecutor,
  StreamOptions,
  Transaction,
} from "./session_executor.ts";
export { FRAGMENT, Sql, sql, type SqlTag, type SqlValue } from "./sql/sql.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "./standard_schema.ts";
export {
  ISOLATION_LEVELS,
  type IsolationLevel,
  type TransactionOptions,
} from "./transaction/transaction_options.ts";
export type {
  JsonValue,
  LocalSettings,
  SessionContext,
  TransactionSetup,
} from "./transaction/transaction_setup.ts";
export * from "./wire/mod.ts";
