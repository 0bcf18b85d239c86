/**
 * One connection to PostgreSQL: what of it a user of the pool sees.
 *
 * @module
 */
export { type ArrayDimension, PgArray } from "./codec/array_value.ts";
export { type CodecOptions, DATE_MODES, INT8_MODES, NUMERIC_MODES } from "./codec/codec.ts";
export type { CustomCodec } from "./codec/custom.ts";
export type * from "./codec/geometric_value.ts";
export * from "./codec/geometry_value.ts";
export { Interval, type IntervalParts } from "./codec/interval_value.ts";
export * from "./codec/range_value.ts";
export * from "./codec/sparse_vector.ts";
export {
  CHANNEL_BINDINGS,
  LOAD_BALANCE_MODES,
  SSL_MODES,
  SSL_NEGOTIATIONS,
  TARGET_SESSION_ATTRIBUTES,
  TLS_VERSIONS,
} from "./configuration/connect_options.ts";
export type {
  ChannelBinding,
  ConnectOptions,
  LoadBalanceMode,
  Password,
  SslMode,
  SslNegotiation,
  TargetSessionAttributes,
  TlsVersion,
} from "./configuration/connect_options.ts";
export { CopiedRows } from "./stream/copied_rows.ts";
export type { CopyChunk, CopyData, CopySource } from "./stream/copy_source.ts";
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
export type { StreamedRow } from "./stream/portal_reader.ts";
export type { QueryResult } from "./session/query_exchange.ts";
export type { RowStream } from "./stream/row_stream.ts";
