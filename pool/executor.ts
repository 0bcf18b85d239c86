/**
 * What can run SQL: a pool, a transaction, a reserved session. Everything above the pool (models, queries) takes an
 * {@link Executor} and does not care which it is.
 *
 * @module
 */
import type { ReadPreference } from "./replicas/read_preference.ts";
import type { Sql } from "./sql/sql.ts";
import type { StandardSchema } from "./standard_schema.ts";

/** A row whose columns are not typed: what a statement without a row type returns. */
export type UnknownRow = Record<string, unknown>;

/** How one statement is run. */
export interface QueryOptions {
  /** Gives the statement up: the server is asked to cancel it, and the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds the statement may take once it was sent, else it is cancelled. Default: the pool's `queryTimeout`. */
  readonly timeout?: number;
  /**
   * The caller's promise that the statement writes nothing and takes no locks, so that it may share a `Sync` with
   * other reads and be sent again after a lost connection. Default false.
   */
  readonly readOnly?: boolean;
  /**
   * Where the rows may come from; only with `readOnly`, and on a pool. Anything else goes to the primary. Default: the
   * pool's setting `read`.
   */
  readonly read?: ReadPreference;
}

/** {@link QueryOptions} with a validator for the rows. */
export interface ValidatedQueryOptions<Row> extends QueryOptions {
  /** Any Standard Schema (zod, valibot, arktype …) that every row must satisfy; its output is what is returned. */
  readonly schema: StandardSchema<Row>;
}

/** What can run SQL. */
export interface Executor {
  /** Runs a statement and returns its rows. */
  query<Row>(statement: Sql, options: ValidatedQueryOptions<Row>): Promise<Row[]>;
  /** Runs a statement and returns its rows. */
  query<Row = UnknownRow>(statement: Sql<Row>, options?: QueryOptions): Promise<Row[]>;
  /** Runs a statement that returns exactly one row; otherwise `NotFoundError` or `TooManyRowsError`. */
  one<Row>(statement: Sql, options: ValidatedQueryOptions<Row>): Promise<Row>;
  /** Runs a statement that returns exactly one row; otherwise `NotFoundError` or `TooManyRowsError`. */
  one<Row = UnknownRow>(statement: Sql<Row>, options?: QueryOptions): Promise<Row>;
  /** Runs a statement that returns at most one row; `undefined` for none, `TooManyRowsError` for several. */
  maybeOne<Row>(statement: Sql, options: ValidatedQueryOptions<Row>): Promise<Row | undefined>;
  /** Runs a statement that returns at most one row; `undefined` for none, `TooManyRowsError` for several. */
  maybeOne<Row = UnknownRow>(statement: Sql<Row>, options?: QueryOptions): Promise<Row | undefined>;
  /** Runs a statement that returns exactly one row of exactly one column, and returns that value. */
  value<Value = unknown>(statement: Sql, options?: QueryOptions): Promise<Value>;
  /** Runs a statement and returns how many rows it affected. */
  execute(statement: Sql, options?: QueryOptions): Promise<number>;
}
