/**
 * One transaction that behaves as a pool: code under test that takes a {@link Pool} runs on it unchanged, any number of
 * callers at once, and everything is rolled back in the end.
 *
 * States: `open` → `ended` (`close()`, or the end of the test; waiting turns are refused, the one that runs is waited
 * for briefly, then everything is rolled back).
 *
 * A **turn** is what one call does: a statement, a batch, a whole transaction. It is a savepoint of the transaction.
 *
 * Invariants:
 * - turns run one after the other, in the order of their calls, so that savepoints nest and never interleave;
 * - a turn that fails undoes itself and nothing else, as a failed statement does on a pool;
 * - a call made inside a transaction of the test's transaction runs inside it and does not wait for it, so a caller never
 *   waits for itself; whoever waits for what runs elsewhere gives up after `timeout`;
 * - whoever gives up waiting never runs;
 * - nothing reaches the server while a turn waits for something of the caller's (the source of a COPY is read before).
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { AdvisoryLock } from "../pool/transaction/advisory_lock.ts";
import type { BatchOutcomes, BatchRows } from "../pool/transaction/batch.ts";
import { wordLine } from "../pool/caller.ts";
import type { QueryOptions, UnknownRow } from "../pool/executor.ts";
import type { Subscription } from "../pool/listen_hub.ts";
import { within } from "../pool/pause.ts";
import { Pool } from "../pool/pool.ts";
import { PoolTimeoutError, TransactionClosedError } from "../pool/pool_errors.ts";
import { type PoolStats, totalStats } from "../pool/pool_stats.ts";
import {
  assertOptions,
  assertQueryOptions,
  BATCH_OPTIONS,
  COPY_OPTIONS,
  STREAM_OPTIONS,
} from "../pool/query_options.ts";
import type { CopyOptions, ReservedSession, StreamOptions, Transaction } from "../pool/session_executor.ts";
import { assertSql, type Sql } from "../pool/sql/sql.ts";
import { calling } from "../pool/transaction/calling_context.ts";
import { TransactionSession } from "../pool/transaction/transaction.ts";
import { beginText, type TransactionOptions } from "../pool/transaction/transaction_options.ts";
import { setupStatements } from "../pool/transaction/transaction_setup.ts";
import { untilAborted } from "../pool/with_signal.ts";
import { ValidationError } from "../pool/wire/errors.ts";
import type { QueryResult } from "../pool/wire/session/query_exchange.ts";
import { CopiedRows } from "../pool/wire/stream/copied_rows.ts";
import { type CopySource, readCopySource } from "../pool/wire/stream/copy_source.ts";
import type { RowStream } from "../pool/wire/stream/row_stream.ts";
import { BufferedRowStream } from "./buffered_row_stream.ts";
import { withTransactionSetup } from "./transaction_scope.ts";

/** Milliseconds the end waits for the turn that runs. */
const PROMPTLY = 1_000;

/** How a transaction of a test behaves. */
export interface RollbackOptions {
  /** Milliseconds a call waits for the calls before it, 0 for ever. Default 30,000. */
  readonly timeout?: number;
  /** The application's function that receives the context of `withContext()`, as the pool's setting of this name. */
  readonly sessionContextFunction?: string;
}

/** What runs in a turn. */
interface Turn {
  readonly taker: Error;
  readonly query: string | undefined;
  since: number;
}

/** What a call is, beside what it does. */
interface TurnOptions {
  /** The statement's text, for whoever waits behind it in vain. */
  readonly query?: string;
  readonly signal?: AbortSignal | undefined;
}

/** An open transaction of the application's that the running code is in. */
interface Scope {
  readonly owner: TestTransaction;
  isOpen: boolean;
}

const scopes = new AsyncLocalStorage<Scope>();

/**
 * A transaction of a test, as a pool; made by {@link rollback} and {@link beginRollback}.
 *
 * It differs from a pool where one connection must: `now()` stands still, a transaction's isolation is that of the whole
 * test, what runs inside a transaction sees its changes, and `reserve()`, `listen()` and `advisoryLock()` are refused.
 */
export class TestTransaction extends Pool {
  readonly #transaction: Transaction;
  readonly #options: RollbackOptions;
  readonly #timeout: number;
  readonly #closed: () => Promise<void>;
  #isEnded = false;
  #current: Turn | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Made by {@link rollback}. `closed` rolls back. */
  constructor(transaction: Transaction, options: RollbackOptions, closed: () => Promise<void>) {
    // The settings of a pool that never connects: every call goes to the transaction.
    super("pglite:");
    this.#transaction = transaction;
    this.#options = options;
    this.#timeout = options.timeout ?? 30_000;
    this.#closed = closed;
  }

  /** Always 1. */
  override get size(): number {
    return 1;
  }

  /** One connection, reserved for the test. */
  override stats(): PoolStats {
    const inFlight = this.#current === undefined ? 0 : 1;
    return totalStats({
      primary: { size: 1, idle: 0, busy: 0, reserved: 1, healing: 0, waiting: this.#waiting, inFlight },
    });
  }

  /** Does nothing: there is a connection. */
  override connect(): Promise<void> {
    this.#assertOpen();
    return Promise.resolve();
  }

  /** Runs a checked statement. */
  protected override run(statement: Sql<unknown>, options: QueryOptions | undefined): Promise<QueryResult> {
    const turn = { query: statement.text, signal: options?.signal };
    return this.#take((tx) => runOn(tx, statement, options), turn);
  }

  /** The rows are read as a whole when the first is asked for. */
  override stream<Row = UnknownRow>(statement: Sql<Row>, options: StreamOptions = {}): RowStream<Row> {
    assertSql(statement);
    assertQueryOptions(options, STREAM_OPTIONS);
    this.#assertOpen();
    const { signal, timeout } = options;
    return new BufferedRowStream<Row>(() =>
      this.#take((tx) => tx.query<Row>(statement, { signal, timeout }), { query: statement.text, signal })
    );
  }

  /** Runs statements in one savepoint, or each in its own. See {@link Pool.batch}. */
  override batch<const Statements extends readonly Sql<unknown>[]>(
    statements: Statements,
    options?: QueryOptions & { readonly atomic?: true },
  ): Promise<BatchRows<Statements>>;
  /** Runs statements, each in a savepoint of its own. */
  override batch<const Statements extends readonly Sql<unknown>[]>(
    statements: Statements,
    options: QueryOptions & { readonly atomic: false },
  ): Promise<BatchOutcomes<Statements>>;
  override async batch(
    statements: readonly Sql<unknown>[],
    options: QueryOptions & { readonly atomic?: boolean } = {},
  ): Promise<unknown> {
    if (!Array.isArray(statements)) {
      throw new ValidationError("the statements of a batch", `${typeof statements} was given; give an array`);
    }
    for (const statement of statements) assertSql(statement);
    assertQueryOptions(options, BATCH_OPTIONS);
    const { atomic = true, ...each } = options;
    const turn = (statement: Sql<unknown>) => ({ query: statement.text, signal: each.signal });
    if (!atomic) {
      return await Promise.allSettled(
        statements.map((statement) => this.#take((tx) => tx.query(statement, each), turn(statement))),
      );
    }
    if (statements.length === 0) return [];
    return await this.#take(async (tx) => {
      const outcomes = await Promise.allSettled(statements.map((statement) => tx.query(statement, each)));
      return outcomes.map((outcome) => {
        if (outcome.status === "rejected") throw outcome.reason;
        return outcome.value;
      });
    }, turn(statements[0]));
  }

  /** A savepoint; what is to run after its commit runs when it succeeds. See {@link Pool.transaction}. */
  override async transaction<T>(
    work: (tx: Transaction) => Promise<T> | T,
    options: TransactionOptions = {},
  ): Promise<T> {
    if (typeof work !== "function") {
      throw new ValidationError("the transaction's work", `${typeof work} was given; give a function`);
    }
    beginText(options);
    const setup = setupStatements(options, this.#options.sessionContextFunction);
    const isOutermost = this.#scope() === undefined;
    const scope: Scope = { owner: this, isOpen: true };
    let done: Transaction | undefined;
    try {
      const result = await this.#take((tx) => {
        done = tx;
        const working = () => scopes.run(scope, async () => await work(tx));
        return withTransactionSetup(tx, {
          setup,
          settings: Object.keys(options.settings ?? {}),
          contextFunction: options.context === undefined ? undefined : this.#options.sessionContextFunction,
          readOnly: options.readOnly === true,
        }, working);
      }, { signal: options.signal });
      scope.isOpen = false;
      if (isOutermost && done instanceof TransactionSession) await done.committed();
      return result;
    } finally {
      scope.isOpen = false;
    }
  }

  /**
   * Of a call made inside a transaction, which runs inside it and is undone with it, registers the callback there. What
   * is called outside of any succeeded for good, as on a pool: see {@link Pool.afterRollback}.
   */
  override afterRollback(callback: () => void): void {
    if (this.#scope() !== undefined) calling.getStore()?.transaction?.afterRollback(callback);
  }

  /** The source is read to its end before anything is sent. */
  override async copyFrom(
    statement: Sql<unknown>,
    source: CopySource,
    options: CopyOptions = {},
  ): Promise<number> {
    assertSql(statement);
    assertQueryOptions(options, COPY_OPTIONS);
    this.#assertOpen();
    const turn = { query: statement.text, signal: options.signal };
    if (source instanceof CopiedRows) {
      return await this.#take((tx) => tx.copyFrom(statement, source, options), turn);
    }
    const chunks: (string | Uint8Array)[] = [];
    const reader = readCopySource(source);
    for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) {
      chunks.push(chunk);
    }
    return await this.#take((tx) => tx.copyFrom(statement, chunks, options), turn);
  }

  /** The data is read as a whole when it is first asked for. */
  override copyTo(
    statement: Sql<unknown>,
    options: CopyOptions = {},
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    assertSql(statement);
    assertQueryOptions(options, COPY_OPTIONS);
    this.#assertOpen();
    const turn = { query: statement.text, signal: options.signal };
    return new ReadableStream({
      pull: async (controller) => {
        const data = await this.#take(
          async (tx) => new Uint8Array(await new Response(tx.copyTo(statement, options)).arrayBuffer()),
          turn,
        );
        if (data.length > 0) controller.enqueue(data);
        controller.close();
      },
    }, { highWaterMark: 0 });
  }

  /** Refused: there is one session, which all callers share. */
  override reserve(): Promise<ReservedSession> {
    return Promise.reject(onlyOneSession("reserve a session"));
  }

  /** Refused: all callers share one session, so a lock would keep none of them out. */
  // deno-lint-ignore no-explicit-any -- as for batch()
  override advisoryLock(): Promise<any> {
    return Promise.reject<AdvisoryLock>(onlyOneSession("hold an advisory lock"));
  }

  /** Refused: PostgreSQL notifies when it commits, and this never does. */
  override listen(): Promise<Subscription> {
    return Promise.reject(onlyOneSession("listen"));
  }

  /** Refuses calls from now on and rolls back. */
  override async close(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    await within(this.#running, PROMPTLY);
    await super.close({ timeout: 0 });
    await this.#closed();
  }

  #assertOpen(): void {
    if (this.#isEnded) throw new TransactionClosedError("test's transaction");
  }

  /** The open transaction of this one's that the running code is in. */
  #scope(): Scope | undefined {
    const scope = scopes.getStore();
    return scope?.owner === this && scope.isOpen ? scope : undefined;
  }

  /** Runs something in a savepoint when its turn comes. */
  async #take<T>(work: (tx: Transaction) => Promise<T>, { query, signal }: TurnOptions): Promise<T> {
    this.#assertOpen();
    signal?.throwIfAborted();
    // Inside a turn the transaction itself nests the call there; it holds no turn of its own then.
    const isNested = this.#scope() !== undefined;
    const turn: Turn = { taker: new Error("taken here"), query, since: 0 };
    const { promise: late, reject } = Promise.withResolvers<never>();
    let isGivenUp = false;
    const timer = this.#timeout === 0 ? undefined : setTimeout(() => {
      isGivenUp = true;
      reject(this.#waitedInVain());
    }, this.#timeout);
    this.#waiting++;
    let isWaiting = true;
    const stopWaiting = (): void => {
      clearTimeout(timer);
      if (isWaiting) this.#waiting--;
      isWaiting = false;
    };
    const result = this.#transaction.transaction(async (tx) => {
      stopWaiting();
      if (isGivenUp || signal?.aborted) throw signal?.reason ?? new TransactionClosedError("turn");
      this.#assertOpen();
      if (isNested) return await work(tx);
      turn.since = performance.now();
      this.#current = turn;
      try {
        return await work(tx);
      } finally {
        this.#current = undefined;
      }
    });
    if (!isNested) this.#running = Promise.allSettled([this.#running, result]);
    late.catch(() => {});
    try {
      return await untilAborted(Promise.race([result, late]), signal);
    } finally {
      stopWaiting();
      result.catch(() => {});
    }
  }

  #waitedInVain(): PoolTimeoutError {
    const turn = this.#current;
    return new PoolTimeoutError(this.#timeout, {
      stats: this.stats(),
      longestHolder: turn === undefined ? undefined : {
        heldFor: performance.now() - turn.since,
        query: turn.query,
        takenAt: wordLine(turn.taker),
      },
      connectError: undefined,
    });
  }
}

/** The pool's way to run a statement with all of its result, which is open to nobody else by type. */
function runOn(
  tx: Transaction,
  statement: Sql<unknown>,
  options: QueryOptions | undefined,
): Promise<QueryResult> {
  return (tx as unknown as { run: TestTransaction["run"] }).run(statement, options);
}

function onlyOneSession(what: string): ValidationError {
  return new ValidationError(
    "a test's transaction",
    `it cannot ${what}, since all its callers share one session that never commits; test this on testPool()`,
  );
}

/** Checks the options of {@link rollback}. */
export function assertRollbackOptions(options: RollbackOptions): void {
  assertOptions(options, ["timeout", "sessionContextFunction"]);
  assertQueryOptions({ timeout: options.timeout });
}
