/**
 * The pool: connections to PostgreSQL, and running SQL over them.
 *
 * @module
 */
export type { AdvisoryKey } from "./advisory_key.ts";
export type { BatchOutcomes, BatchRows, StatementRow } from "./batch.ts";
export type { Executor, QueryOptions, UnknownRow, ValidatedQueryOptions } from "./executor.ts";
export type { CopyOptions, StreamOptions } from "./lease_queryable.ts";
export type { ListenOptions, NotificationHandler, Subscription } from "./listen_hub.ts";
export { type AdvisoryLock, type CloseOptions, Pool } from "./pool.ts";
export * from "./pool_errors.ts";
export type * from "./pool_options.ts";
export type { PoolStats, TierStats } from "./pool_stats.ts";
export type { ReservedSession } from "./reserved_session.ts";
export type { ResultSet } from "./result_sets.ts";
export { Sql, sql, type SqlTag, type SqlValue } from "./sql.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "./standard_schema.ts";
export type { IsolationLevel, Transaction, TransactionOptions } from "./transaction.ts";
export type { JsonValue, LocalSettings, SessionContext, TransactionSetup } from "./transaction_setup.ts";
export * from "./wire/mod.ts";
