/**
 * One connection to PostgreSQL: what of it a user of the pool sees.
 *
 * @module
 */
export * from "./codec/mod.ts";
export type {
  ChannelBinding,
  ConnectOptions,
  LoadBalanceMode,
  Password,
  SslMode,
  SslNegotiation,
  TargetSessionAttributes,
  TlsVersion,
} from "./connect_options.ts";
export type { CopyChunk, CopySource } from "./copy_source.ts";
export * from "./errors.ts";
export type { Notification } from "./message/backend.ts";
export {
  CheckViolationError,
  ConstraintViolationError,
  DeadlockError,
  ExclusionViolationError,
  ForeignKeyViolationError,
  NotNullViolationError,
  PostgresError,
  QueryCanceledError,
  SerializationError,
  UniqueViolationError,
} from "./postgres_error.ts";
export type { RowStream } from "./row_stream.ts";
