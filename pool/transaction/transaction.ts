/**
 * Transactions, nested ones as savepoints.
 *
 * States of a transaction: `open` → `ending` (COMMIT or ROLLBACK was sent) → `ended`. Everything on it is sent in order on
 * one connection; BEGIN and what sets it up leave in the same write as its first statement.
 *
 * Invariants: nothing is sent on a transaction that has ended; nested transactions of one parent run one after the
 * other, so that savepoints nest; what sets a transaction up (settings, context) cannot fail without failing everything
 * behind it, because values are checked before BEGIN and the server refuses the rest.
 *
 * @module
 */
import { watchSignal } from "../abort_watch.ts";
import { command } from "../commands.ts";
import { HOME_POOL } from "../home_pool.ts";
import type { Ticks } from "../consistency/ticks.ts";
import { calling } from "./calling_context.ts";
import type { Lease } from "../tier/lease.ts";
import { LeaseQueryable } from "./lease_queryable.ts";
import { type AdvisoryKey, advisoryLockSql } from "./advisory_key.ts";
import { atCaller } from "../caller.ts";
import { pause, within } from "../pause.ts";
import { anySignal, untilAborted } from "../with_signal.ts";
import { readResultSets, type ResultSet } from "./result_sets.ts";
import { TransactionAbortedError, TransactionClosedError } from "../pool_errors.ts";
import { isOutcomeUnknown, unknownOutcome } from "./unknown_outcome.ts";
import type { QueryOptions } from "../executor.ts";
import type { TransactionSpan } from "../telemetry/transaction_span.ts";
import { controlsTransaction } from "../tier/session_state.ts";
import { assertSql, type Sql } from "../sql/sql.ts";
import type { Transaction } from "../session_executor.ts";
import { beginText, type TransactionOptions } from "./transaction_options.ts";
import { type SetupStatement, setupStatements } from "./transaction_setup.ts";
import { LifeguardError, QueryTimeoutError, ValidationError } from "../wire/errors.ts";
import { DeadlockError, PostgresError, SerializationError, SQLSTATE } from "../wire/postgres_error.ts";
import { QueryExchange, type QueryResult } from "../wire/session/query_exchange.ts";

/** Milliseconds a call that was given up waits for its transaction to be rolled back. */
const PROMPTLY = 50;
/** Milliseconds to wait for the answer to BEGIN before a transaction that was given up is cleaned up behind. */
const BEGIN_TIMEOUT = 5_000;

/** What a pool gives a transaction. */
export interface TransactionHome {
  /** The pool. */
  readonly pool: object;
  /** Takes a slot. */
  readonly take: (signal: AbortSignal | undefined) => Promise<Lease>;
  /** Milliseconds a statement may take by default, 0 for ever. */
  readonly queryTimeout: number;
  /** The application's function that receives the context. */
  readonly contextFunction: string | undefined;
  /** Told what a callback after a commit threw. */
  readonly callbackFailed: (error: unknown) => void;
  /** The tokens of what is written. */
  readonly ticks?: Ticks | undefined;
  /** The span that everything in it belongs to, where spans are made. */
  readonly span?: TransactionSpan | undefined;
}

/** What a transaction offers the layers above the pool. */
export interface TransactionSession {
  /** Its pool. */
  readonly [HOME_POOL]: object;
}

/** The implementation of {@link Transaction}. */
export class TransactionSession extends LeaseQueryable implements Transaction {
  readonly #home: TransactionHome;
  readonly #parent: TransactionSession | undefined;
  readonly #afterCommit: (() => void | Promise<void>)[] = [];
  readonly #afterRollback: (() => void)[] = [];
  /** What it shares with those nested in it. */
  readonly #savepoints: { count: number; mayWrite: boolean };
  readonly #signal: AbortSignal | undefined;
  /** Whether it was ended by {@link TransactionSession.abandon}. */
  isAbandoned = false;
  #isEnded = false;
  /** Settles when the nested transactions that were begun have ended. */
  #nested: Promise<unknown> = Promise.resolve();
  #nestedCount = 0;
  #begun: Promise<unknown> = Promise.resolve();
  /** Whether it was told something right after BEGIN. */
  #isSetUp = false;
  #failure: unknown;

  /** Made by `pool.transaction()`. */
  constructor(
    lease: Lease,
    home: TransactionHome,
    { parent, signal }: { readonly parent?: TransactionSession; readonly signal?: AbortSignal | undefined },
  ) {
    super(lease, home.queryTimeout);
    this.#home = home;
    this.#parent = parent;
    this.#signal = parent === undefined ? signal : parent.#signal;
    this.#savepoints = parent === undefined ? { count: 0, mayWrite: false } : parent.#savepoints;
  }

  static {
    Object.defineProperty(this.prototype, HOME_POOL, {
      get(this: TransactionSession): object {
        return this.#home.pool;
      },
    });
  }

  protected override assertOpen(): void {
    if (this.#isEnded) throw new TransactionClosedError("transaction");
    if (this.#parent === undefined) super.assertOpen();
    else this.#parent.assertOpen();
  }

  protected override get span(): TransactionSpan | undefined {
    return this.#home.span;
  }

  protected override signalFor(signal: AbortSignal | undefined): AbortSignal | undefined {
    if (this.#signal === undefined) return signal;
    return anySignal(this.#signal, signal);
  }

  protected override run(statement: Sql<unknown>, options: QueryOptions | undefined): Promise<QueryResult> {
    this.assertOpen();
    if (controlsTransaction(statement.text)) {
      throw new ValidationError(
        "a transaction command in a transaction",
        "it would end or begin one behind its back; return to commit, throw to roll back, nest with tx.transaction()",
      );
    }
    return this.#isBehindNested()
      ? this.#nested.then(() => super.run(statement, options))
      : super.run(statement, options);
  }

  protected override submitted({ promise }: QueryExchange): void {
    promise.catch((error) => this.#failed(error));
  }

  protected override writes(): undefined {
    this.#savepoints.mayWrite = true;
  }

  protected override async ready(): Promise<void> {
    if (this.#isBehindNested()) await this.#nested;
  }

  /**
   * Whether a nested transaction is open that the caller is not in: what the caller runs must not become a part of it,
   * and be lost with it.
   */
  #isBehindNested(): boolean {
    if (this.#nestedCount === 0) return false;
    const current = calling.getStore()?.transaction;
    return current === undefined || current === this || !current.#isInside(this);
  }

  /** Remembers the first failure: what comes after it only tells that there was one. */
  #failed(error: unknown): void {
    // What was refused before it was sent has not failed the transaction.
    if (!(error instanceof ValidationError)) this.#failure ??= error;
  }

  transaction<T>(work: (tx: Transaction) => Promise<T> | T): Promise<T> {
    this.assertOpen();
    if (typeof work !== "function") {
      throw new ValidationError("the nested transaction's work", `${typeof work} was given; give a function`);
    }
    // Called from inside a nested transaction of this one it must nest there, or it would wait for itself.
    const innermost = this.#innermost();
    if (innermost !== this) return innermost.transaction(work);
    this.#nestedCount++;
    const result = this.#nested.then(() => this.#runNested(work)).finally(() => this.#nestedCount--);
    this.#nested = result.catch(() => {});
    return result;
  }

  #isInside(ancestor: TransactionSession): boolean {
    if (this.#isEnded) return false;
    for (
      let level: TransactionSession | undefined = this.#parent;
      level !== undefined;
      level = level.#parent
    ) {
      if (level === ancestor) return true;
    }
    return false;
  }

  #runNested<T>(work: (tx: Transaction) => Promise<T> | T): Promise<T> {
    const span = this.#home.span?.nested();
    if (span === undefined) return this.#nest(work, this.#home);
    return span.run(() => this.#nest(work, { ...this.#home, span }));
  }

  async #nest<T>(work: (tx: Transaction) => Promise<T> | T, home: TransactionHome): Promise<T> {
    this.assertOpen();
    const name = `lifeguard_${++this.#savepoints.count}`;
    const nested = new TransactionSession(this.lease, home, { parent: this });
    const begun = this.#command(`SAVEPOINT ${name}`);
    begun.catch(() => {});
    try {
      const result = await calling.run({ lease: this.lease, transaction: nested }, () => work(nested));
      await nested.#settled();
      await begun;
      await nested.#end();
      this.assertOpen();
      await this.#command(`RELEASE SAVEPOINT ${name}`).catch((error) => {
        throw isAborted(error) ? new TransactionAbortedError({ cause: nested.#failure }) : error;
      });
      this.#afterCommit.push(...nested.#afterCommit);
      this.#afterRollback.push(...nested.#afterRollback);
      return result;
    } catch (error) {
      await nested.#end();
      // A parent that has ended took the savepoint with it.
      if (this.#isOpen) {
        const undone = this.#command(`ROLLBACK TO SAVEPOINT ${name}`).catch(() => {});
        const released = this.#command(`RELEASE SAVEPOINT ${name}`).catch(() => {});
        // A server that did not answer in time is not waited for again.
        if (!(error instanceof QueryTimeoutError)) await Promise.all([undone, released]);
      }
      nested.undone();
      throw error;
    }
  }

  get #isOpen(): boolean {
    if (this.#isEnded || this.lease.lost !== undefined || this.lease.isReleased) return false;
    return this.#parent === undefined || this.#parent.#isOpen;
  }

  /** Resolves when no nested transaction is open, also of those begun meanwhile. */
  async #settled(): Promise<void> {
    while (this.#nestedCount > 0) await this.#nested;
    // Statements that waited for these are on their way now.
    await this.#nested;
  }

  /** Takes nothing more, and ends what its user left open. */
  async #end(): Promise<void> {
    this.#isEnded = true;
    if (await this.endStreams()) this.#failed(new TransactionClosedError("COPY"));
  }

  afterCommit(callback: () => void | Promise<void>): void {
    this.assertOpen();
    this.#innermost().#afterCommit.push(callback);
  }

  afterRollback(callback: () => void): void {
    this.assertOpen();
    this.#innermost().#afterRollback.push(callback);
  }

  /** Where what the caller does on this transaction is done: called from inside a nested one, there. */
  #innermost(): TransactionSession {
    const current = calling.getStore()?.transaction;
    return current !== undefined && current !== this && current.#isInside(this) ? current : this;
  }

  async advisoryLock(
    key: AdvisoryKey,
    options: { readonly shared?: boolean; readonly wait?: boolean } = {},
  ): Promise<boolean> {
    return await this.value<boolean>(advisoryLockSql(key, { ...options, scope: "transaction" }));
  }

  async resultSets(statement: Sql<unknown>): Promise<ResultSet[]> {
    assertSql(statement);
    return await readResultSets(this, statement);
  }

  #command(text: string): Promise<unknown> {
    const exchange = command(this.lease.session.shared.registry, text);
    this.lease.submitOwn(exchange);
    return exchange.promise;
  }

  /** Sends BEGIN and what sets the transaction up; all of it leaves with the first statement. */
  begin(text: string, setup: readonly SetupStatement[]): void {
    const begin = this.#command(text);
    const steps = setup.map(({ text, values, explain }) => {
      const exchange = new QueryExchange(text, values);
      this.lease.submitOwn(exchange);
      return exchange.promise.catch((error) => {
        throw explain(error);
      });
    });
    this.#begun = Promise.all([begin, ...steps]);
    this.#isSetUp = steps.length > 0;
    // The application's function for the context may write what it likes.
    if (this.#isSetUp) this.writes();
    this.#begun.catch((error) => this.#failure = error);
    for (const step of steps) step.catch(() => {});
  }

  /** Commits; rejects when nothing was committed, or when that is unknown. */
  async commit(): Promise<void> {
    await this.#settled();
    await this.#end();
    // Setup that was refused on our side has not failed the transaction, which must not be committed without it.
    if (this.#isSetUp) {
      try {
        await this.#begun;
      } catch (error) {
        await this.rollback();
        throw error;
      }
    }
    const exchange = command(this.lease.session.shared.registry, "COMMIT");
    exchange.timeout = this.#home.queryTimeout;
    const tick = this.#savepoints.mayWrite ? this.#home.ticks?.take("transaction") : undefined;
    exchange.escort = tick;
    this.lease.submitOwn(exchange);
    watchSignal(
      exchange,
      this.#signal,
      (commit, reason) =>
        commit.session?.giveUp(commit, (isConfirmed) => isConfirmed ? reason : unknownOutcome(reason)),
    );
    const [start, end] = await Promise.allSettled([this.#begun, exchange.promise]);
    if (end.status === "fulfilled") await tick?.arrived();
    else {
      tick?.failed(end.reason);
      if (end.reason instanceof PostgresError) await tick?.drained();
      if (isOutcomeUnknown(end.reason)) throw end.reason;
    }
    if (start.status === "rejected") throw start.reason;
    if (end.status === "rejected") throw end.reason;
    if (end.value.tag === "ROLLBACK") throw new TransactionAbortedError({ cause: this.#failure });
  }

  /** Rolls back; never rejects, since a lost connection has rolled back already. */
  async rollback(): Promise<void> {
    await this.#end();
    if (this.lease.lost !== undefined) return;
    const rolledBack = this.#command("ROLLBACK");
    await within(this.#begun, BEGIN_TIMEOUT);
    // What the function left running is cancelled when the slot is cleaned.
    await within(rolledBack, PROMPTLY);
  }

  /** Ends it at once, without waiting for what runs; the slot is cleaned in the background. */
  async abandon(): Promise<void> {
    this.isAbandoned = true;
    await this.#end();
    // A CancelRequest that hit BEGIN would let what was sent behind it commit by itself.
    await within(this.#begun, BEGIN_TIMEOUT);
    await this.lease.release();
  }

  /** What is to be told of an error that the work threw: that of the setup, where it only followed from it. */
  async reasonFor(error: unknown): Promise<unknown> {
    if (!isAborted(error)) return error;
    return await this.#begun.then(() => error, (reason) => reason);
  }

  /** Runs what was to be run after the commit. */
  async committed(): Promise<void> {
    for (const callback of this.#afterCommit) {
      try {
        await callback();
      } catch (error) {
        this.#home.callbackFailed(error);
      }
    }
  }

  /** Runs what was to be run after a rollback, the last given first. */
  undone(): void {
    for (const callback of this.#afterRollback.splice(0).reverse()) {
      try {
        callback();
      } catch (error) {
        this.#home.callbackFailed(error);
      }
    }
  }
}

/**
 * Runs a function in a transaction on a slot of its own.
 *
 * @param home What the pool gives.
 * @param work The function.
 * @param options How; see {@link TransactionOptions}.
 * @returns What the function returned, once it is committed.
 */
export async function runTransaction<T>(
  home: TransactionHome,
  work: (tx: Transaction) => Promise<T> | T,
  options: TransactionOptions,
): Promise<T> {
  const begin = beginText(options);
  const setup = setupStatements(options, home.contextFunction);
  const retries = options.retries ?? 0;
  if (options.readOnly) home = { ...home, ticks: undefined };
  for (let attempt = 0;; attempt++) {
    home.span?.attempted(options.isolation);
    try {
      return await attemptTransaction(home, work, { begin, setup, signal: options.signal });
    } catch (error) {
      if (attempt >= retries || !isConflict(error)) throw error;
      await pause(Math.min(1_000, 10 * 2 ** attempt) * (0.5 + Math.random()), options.signal);
    }
  }
}

interface Attempt {
  readonly begin: string;
  readonly setup: readonly SetupStatement[];
  readonly signal: AbortSignal | undefined;
}

async function attemptTransaction<T>(
  home: TransactionHome,
  work: (tx: Transaction) => Promise<T> | T,
  { begin, setup, signal }: Attempt,
): Promise<T> {
  let lease: Lease;
  try {
    lease = await home.take(signal);
  } catch (error) {
    throw atCaller(error);
  }
  const tx = new TransactionSession(lease, home, { signal });
  let isCommitted = false;
  try {
    tx.begin(begin, setup);
    let result: T;
    try {
      const working = calling.run({ lease, transaction: tx }, async () => await work(tx));
      result = await untilAborted(working, signal);
    } catch (error) {
      if (signal?.aborted || error instanceof QueryTimeoutError || lease.session.owesAnswer) {
        await within(tx.abandon(), PROMPTLY);
        throw signal?.aborted ? signal.reason : error;
      }
      await tx.rollback();
      const reason = await tx.reasonFor(error);
      // What the work threw already shows where.
      throw reason === error ? error : atCaller(reason);
    }
    try {
      await tx.commit();
    } catch (error) {
      if (signal?.aborted || error instanceof QueryTimeoutError) await within(tx.abandon(), PROMPTLY);
      throw atCaller(error);
    }
    await lease.release();
    isCommitted = true;
    await tx.committed();
    return result;
  } finally {
    if (!tx.isAbandoned) await lease.release();
    if (!isCommitted) tx.undone();
  }
}

/** Whether a statement failed only because one before it in the transaction had. */
function isAborted(error: unknown): boolean {
  return error instanceof PostgresError && error.sqlState === SQLSTATE.failedTransaction;
}

/** Whether running the whole again may succeed, also when the conflict is only the cause of what was thrown. */
function isConflict(error: unknown): boolean {
  if (error instanceof SerializationError || error instanceof DeadlockError) return true;
  return error instanceof LifeguardError && error.cause !== undefined && isConflict(error.cause);
}
