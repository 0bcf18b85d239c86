/**
 * Running SQL on a slot that one caller has for itself: what transactions and reserved sessions share.
 *
 * @module
 */
import { watchSignal } from "../abort_watch.ts";
import { atCaller, atTaker } from "../caller.ts";
import type { QueryOptions, UnknownRow } from "../executor.ts";
import type { Lease } from "../tier/lease.ts";
import { assertQueryOptions, COPY_OPTIONS, STREAM_OPTIONS } from "../query_options.ts";
import { Queryable } from "../queryable.ts";
import { assertSql, type Sql } from "../sql/sql.ts";
import { copyIn } from "../wire/stream/copy_in.ts";
import { copyOut } from "../wire/stream/copy_out.ts";
import type { CopySource } from "../wire/stream/copy_source.ts";
import { openRowStream, type RowStream } from "../wire/stream/row_stream.ts";
import type { WriteTick } from "../consistency/tick.ts";
import { QueryExchange, type QueryResult } from "../wire/session/query_exchange.ts";
import type { CopyOptions, SessionExecutor, StreamOptions } from "../session_executor.ts";
import { TransactionClosedError } from "../pool_errors.ts";
import type { Observation } from "../telemetry/observation.ts";
import type { TransactionSpan } from "../telemetry/transaction_span.ts";
import type { Session } from "../wire/session/session.ts";
import { anySignal } from "../with_signal.ts";

/** Runs SQL on a lease. */
export abstract class LeaseQueryable extends Queryable implements SessionExecutor {
  /** The slot. */
  protected readonly lease: Lease;
  readonly #queryTimeout: number;
  readonly #streams = new Set<RowStream<unknown>>();
  readonly #copies = new Map<AbortController, Promise<void>>();

  /** Runs SQL on `lease`; statements without a timeout of their own get `queryTimeout` milliseconds, 0 for ever. */
  constructor(lease: Lease, queryTimeout: number) {
    super();
    this.lease = lease;
    this.#queryTimeout = queryTimeout;
  }

  /** The span that what runs belongs to, where spans are made of a transaction. */
  protected get span(): TransactionSpan | undefined {
    return undefined;
  }

  /** Refuses use after the end. */
  protected assertOpen(): void {
    this.lease.assertUsable();
  }

  /** The signal of one call, joined with that of everything on the lease, if there is one. */
  protected signalFor(signal: AbortSignal | undefined): AbortSignal | undefined {
    return signal;
  }

  protected override run(statement: Sql<unknown>, options: QueryOptions | undefined): Promise<QueryResult> {
    this.assertOpen();
    const signal = this.signalFor(options?.signal);
    if (signal?.aborted) return Promise.reject(signal.reason);
    // Reads share a Sync only with others' reads; here every statement's own error must stop at it.
    const observed = this.lease.observer?.leased(statement, this.span);
    const exchange = observed ?? new QueryExchange(statement.text, statement.values);
    exchange.timeout = options?.timeout ?? this.#queryTimeout;
    const tick = options?.readOnly === true ? undefined : this.writes();
    exchange.escort = tick;
    this.lease.submit(exchange);
    watchSignal(exchange, signal);
    this.submitted(exchange);
    const outcome = observed === undefined ? exchange.promise : observed.outcome();
    return tick === undefined ? outcome : tick.finish(outcome);
  }

  /** Told that something may write; returns what goes with it where it commits by itself. */
  protected writes(): WriteTick | undefined {
    return undefined;
  }

  /** Told of every statement that was submitted. */
  protected submitted(_exchange: QueryExchange): void {}

  /**
   * Ends streams and COPYs whose user has not, so that they cannot reach the session when somebody else has it.
   *
   * @returns Whether there was a COPY among them, which cannot be ended without failing.
   */
  protected async endStreams(): Promise<boolean> {
    if (this.#streams.size === 0 && this.#copies.size === 0) return false;
    const error = new TransactionClosedError(this.lease.purpose);
    const hadCopy = this.#copies.size > 0;
    const copies = [...this.#copies].map(([abort, ended]) => {
      abort.abort(error);
      return ended;
    });
    await Promise.all([...[...this.#streams].map((stream) => stream.fail(error)), ...copies]);
    return hadCopy;
  }

  /** A stream or COPY has ended, which may have written. */
  #followed(): void {
    this.writes()?.followAlone(this.lease.session);
  }

  /** Resolves when something that takes several steps may begin. */
  protected ready(): Promise<void> {
    return Promise.resolve();
  }

  async #open(): Promise<Session> {
    await this.ready();
    this.assertOpen();
    return this.lease.session;
  }

  stream<Row = UnknownRow>(statement: Sql<Row>, options: StreamOptions = {}): RowStream<Row> {
    assertSql(statement);
    assertQueryOptions(options, STREAM_OPTIONS);
    this.assertOpen();
    this.lease.note(statement.text);
    const { signal, batchSize, timeout = this.#queryTimeout } = options;
    const taker = new Error("taken here");
    let observation: Observation | undefined;
    const stream: RowStream<Row> = openRowStream<Row>(
      () => {
        this.#streams.add(stream);
        observation = this.lease.observer?.operation(statement.text, this.span);
        return this.#open();
      },
      statement.text,
      statement.values,
      {
        signal: this.signalFor(signal),
        batchSize,
        timeout,
        inTransaction: this.lease.purpose === "transaction" ? true : undefined,
        onEnd: () => {
          this.#streams.delete(stream);
          this.#followed();
          observation?.end({ address: this.lease.session.address });
        },
        explain: (error) => {
          observation?.end({ address: this.lease.session.address, failure: { error } });
          return atTaker(error, taker);
        },
      },
    );
    return stream;
  }

  async copyFrom(statement: Sql<unknown>, source: CopySource, options: CopyOptions = {}): Promise<number> {
    try {
      assertSql(statement);
      assertQueryOptions(options, COPY_OPTIONS);
      this.assertOpen();
      this.lease.note(statement.text);
      const { signal, timeout = this.#queryTimeout } = options;
      const session = await this.#open();
      const copy = () => copyIn(session, statement.text, source, { signal: this.signalFor(signal), timeout });
      const { observer } = this.lease;
      const tick = this.writes();
      const outcome = observer === undefined
        ? copy()
        : observer.copied(statement.text, copy, { address: session.address, span: this.span });
      return tick === undefined ? await outcome : await tick.finishOn(session, outcome);
    } catch (error) {
      throw atCaller(error);
    }
  }

  copyTo(statement: Sql<unknown>, options: CopyOptions = {}): ReadableStream<Uint8Array<ArrayBuffer>> {
    assertSql(statement);
    assertQueryOptions(options, COPY_OPTIONS);
    this.assertOpen();
    this.lease.note(statement.text);
    const { signal, timeout = this.#queryTimeout } = options;
    const abort = new AbortController();
    const taker = new Error("taken here");
    const { promise, resolve } = Promise.withResolvers<void>();
    let observation: Observation | undefined;
    return copyOut(
      async () => {
        observation = this.lease.observer?.operation(statement.text, this.span);
        const session = await this.#open();
        this.#copies.set(abort, promise);
        return session;
      },
      statement.text,
      {
        signal: anySignal(abort.signal, this.signalFor(signal)),
        timeout,
        onEnd: () => {
          this.#copies.delete(abort);
          this.#followed();
          observation?.end({ address: this.lease.session.address });
          resolve();
        },
        explain: (error) => {
          observation?.end({ address: this.lease.session.address, failure: { error } });
          return atTaker(error, taker);
        },
      },
    );
  }
}
