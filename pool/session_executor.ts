/**
 * What users are handed when they have a connection for themselves: a transaction, a reserved session.
 *
 * @module
 */
import type { AdvisoryKey } from "./transaction/advisory_key.ts";
import type { Executor, QueryOptions, UnknownRow } from "./executor.ts";
import type { ResultSet } from "./transaction/result_sets.ts";
import type { Sql } from "./sql/sql.ts";
import type { CopySource } from "./wire/stream/copy_source.ts";
import type { RowStream } from "./wire/stream/row_stream.ts";

/** How rows are streamed. */
export interface StreamOptions extends Pick<QueryOptions, "signal" | "timeout"> {
  /** Rows fetched at a time. Default: as many as take about 128 KiB. */
  readonly batchSize?: number;
}

/** How a COPY is run. */
export interface CopyOptions extends Pick<QueryOptions, "signal" | "timeout"> {}

/** What can run SQL, streams and COPY. */
export interface SessionExecutor extends Executor {
  /**
   * Runs a statement and returns its rows one at a time as they are asked for.
   *
   * @param statement What to run.
   * @param options How.
   * @returns The rows; breaking out of the loop ends the statement and keeps the connection.
   */
  stream<Row = UnknownRow>(statement: Sql<Row>, options?: StreamOptions): RowStream<Row>;

  /**
   * Runs a `COPY … FROM STDIN`.
   *
   * @param statement The COPY.
   * @param source Its data in the format the COPY names; an error in it aborts the COPY.
   * @param options A signal that aborts it.
   * @returns How many rows were copied.
   */
  copyFrom(statement: Sql<unknown>, source: CopySource, options?: CopyOptions): Promise<number>;

  /**
   * Runs a `COPY … TO STDOUT`.
   *
   * @param statement The COPY.
   * @param options A signal that cancels it.
   * @returns Its data in the format the COPY names; cancelling the stream cancels the COPY.
   */
  copyTo(statement: Sql<unknown>, options?: CopyOptions): ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * An open transaction; made by `pool.transaction()`.
 *
 * @example
 * ```ts
 * import { Pool, sql } from "@lifeguard/core";
 * await using pool = new Pool("pglite:");
 * await pool.execute(sql`create table accounts (id int primary key, balance int)`);
 * await pool.transaction(async (tx) => {
 *   await tx.execute(sql`insert into accounts values (1, 100)`);
 *   await tx.transaction(async (nested) => {
 *     await nested.execute(sql`update accounts set balance = 0`);
 *     throw new Error("only the nested one is rolled back");
 *   }).catch(() => {});
 * });
 * console.assert(await pool.value(sql`select balance from accounts`) === 100);
 * ```
 */
export interface Transaction extends SessionExecutor {
  /**
   * Runs a function in a savepoint: when it throws, what it did is rolled back and this transaction goes on.
   *
   * @param work The function; it gets the nested transaction.
   * @returns What the function returned.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T> | T): Promise<T>;

  /**
   * Runs a function once the outermost transaction has committed; never when it is rolled back.
   *
   * @param callback The function; what it throws goes to the pool's logger, since the commit stands.
   */
  afterCommit(callback: () => void | Promise<void>): void;

  /**
   * Runs a function once what this transaction did is undone: when it, or one it is nested in, is rolled back, loses its
   * connection, or ends so that nobody knows whether it was committed. The last given runs first, before the error is
   * told.
   *
   * @param callback The function; what it throws goes to the pool's logger.
   */
  afterRollback(callback: () => void): void;

  /**
   * Takes an advisory lock until the transaction ends.
   *
   * @param key A bigint or safe integer, or text that is hashed to one.
   * @param options `shared` for a shared lock; `wait: false` not to wait for it.
   * @returns Whether it was taken; always true when it was waited for.
   */
  advisoryLock(
    key: AdvisoryKey,
    options?: { readonly shared?: boolean; readonly wait?: boolean },
  ): Promise<boolean>;

  /**
   * Calls a function that returns cursors (`setof refcursor`, or one with `out` cursors) and reads all of them.
   *
   * @param statement The call.
   * @returns One array of rows for each cursor, in order.
   */
  resultSets(statement: Sql<unknown>): Promise<ResultSet[]>;
}

/**
 * A session of your own, made by `pool.reserve()`: settings, temporary tables, prepared commands and locks last until
 * it is released, and are then removed before the next user gets it.
 *
 * @example
 * ```ts
 * import { Pool, sql } from "@lifeguard/core";
 * await using pool = new Pool("pglite:");
 * {
 *   await using session = await pool.reserve();
 *   await session.execute(sql`set statement_timeout = '5s'`);
 *   console.assert(await session.value(sql`show statement_timeout`) === "5s");
 * }
 * console.assert(await pool.value(sql`show statement_timeout`) === "0");
 * ```
 */
export interface ReservedSession extends SessionExecutor, AsyncDisposable {
  /** Gives the session back; resolves when it is clean. A second call does nothing. */
  release(): Promise<void>;
}
