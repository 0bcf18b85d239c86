/**
 * Running SQL on a slot that one caller has for itself: what transactions and reserved sessions share.
 *
 * @module
 */
import { atCaller } from "./caller.ts";
import type { QueryOptions, UnknownRow } from "./executor.ts";
import type { Lease } from "./lease.ts";
import { assertQueryOptions } from "./query_options.ts";
import { Queryable } from "./queryable.ts";
import { assertSql, type Sql } from "./sql.ts";
import { copyIn } from "./wire/copy_in.ts";
import { copyOut } from "./wire/copy_out.ts";
import type { CopySource } from "./wire/copy_source.ts";
import { openRowStream, type RowStream } from "./wire/row_stream.ts";
import { QueryExchange, type QueryResult } from "./wire/query_exchange.ts";
import type { CopyOptions, SessionExecutor, StreamOptions } from "./session_executor.ts";
import { withSignal } from "./with_signal.ts";

/** Runs SQL on a lease. */
export abstract class LeaseQueryable extends Queryable implements SessionExecutor {
  /** The slot. */
  protected readonly lease: Lease;
  readonly #queryTimeout: number;

  /** Runs SQL on `lease`; statements without a timeout of their own get `queryTimeout` milliseconds, 0 for ever. */
  constructor(lease: Lease, queryTimeout: number) {
    super();
    this.lease = lease;
    this.#queryTimeout = queryTimeout;
  }

  /** Refuses use after the end. */
  protected assertOpen(): void {
    this.lease.assertUsable();
  }

  protected override run(statement: Sql<unknown>, options: QueryOptions | undefined): Promise<QueryResult> {
    this.assertOpen();
    // Reads share a Sync only with others' reads; here every statement's own error must stop at it.
    const exchange = new QueryExchange(statement.text, statement.values);
    exchange.timeout = options?.timeout ?? this.#queryTimeout;
    const { signal } = options ?? {};
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.lease.submit(exchange);
    if (signal === undefined) return exchange.promise;
    return withSignal(
      exchange.promise,
      signal,
      (reason) => this.lease.session.giveUp(exchange, () => reason),
    );
  }

  stream<Row = UnknownRow>(statement: Sql<Row>, options: StreamOptions = {}): RowStream<Row> {
    assertSql(statement);
    assertQueryOptions(options);
    this.assertOpen();
    this.lease.note(statement.text);
    const inTransaction = this.lease.purpose === "transaction" ? true : undefined;
    return openRowStream<Row>(this.lease.session, statement.text, statement.values, {
      ...options,
      inTransaction,
    });
  }

  async copyFrom(statement: Sql<unknown>, source: CopySource, options: CopyOptions = {}): Promise<number> {
    try {
      assertSql(statement);
      assertQueryOptions(options);
      this.assertOpen();
      this.lease.note(statement.text);
      return await copyIn(this.lease.session, statement.text, source, options);
    } catch (error) {
      throw atCaller(error);
    }
  }

  copyTo(statement: Sql<unknown>, options: CopyOptions = {}): ReadableStream<Uint8Array<ArrayBuffer>> {
    assertSql(statement);
    assertQueryOptions(options);
    this.assertOpen();
    this.lease.note(statement.text);
    return copyOut(this.lease.session, statement.text, options);
  }
}
