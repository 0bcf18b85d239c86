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
import { command } from "./commands.ts";
import { calling } from "./calling_context.ts";
import type { Lease } from "./lease.ts";
import { LeaseQueryable } from "./lease_queryable.ts";
import { type AdvisoryKey, advisoryLockSql } from "./advisory_key.ts";
import { pause } from "./pause.ts";
import { readResultSets, type ResultSet } from "./result_sets.ts";
import { TransactionAbortedError, TransactionClosedError } from "./pool_errors.ts";
import type { QueryOptions } from "./executor.ts";
import { assertSql, type Sql } from "./sql.ts";
import type { Transaction } from "./session_executor.ts";
import { setupStatements, type TransactionSetup } from "./transaction_setup.ts";
import { LifeguardError, ValidationError } from "./wire/errors.ts";
import { DeadlockError, SerializationError } from "./wire/postgres_error.ts";
import { QueryExchange, type QueryResult } from "./wire/query_exchange.ts";

/** The isolation levels of PostgreSQL. */
export const ISOLATION_LEVELS = [
  "read uncommitted",
  "read committed",
  "repeatable read",
  "serializable",
] as const;
/** See {@link ISOLATION_LEVELS}. */
export type IsolationLevel = typeof ISOLATION_LEVELS[number];

/** How a transaction is run. */
export interface TransactionOptions extends TransactionSetup {
  /** Its isolation level. Default: the server's, as a rule `"read committed"`. */
  readonly isolation?: IsolationLevel;
  /** Whether it may only read. Default false. */
  readonly readOnly?: boolean;
  /** Whether a serializable read-only transaction waits until it can run without conflicts. Default false. */
  readonly deferrable?: boolean;
  /** How often the whole function is run again after a serialization failure or deadlock. Default 0. */
  readonly retries?: number;
  /** Gives up waiting for a connection, and cancels what runs. */
  readonly signal?: AbortSignal;
}

const TRANSACTION_OPTIONS: readonly string[] = [
  "isolation",
  "readOnly",
  "deferrable",
  "retries",
  "signal",
  "settings",
  "context",
];

/** What a pool gives a transaction. */
export interface TransactionHome {
  /** Takes a slot. */
  readonly take: (signal: AbortSignal | undefined) => Promise<Lease>;
  /** Milliseconds a statement may take by default, 0 for ever. */
  readonly queryTimeout: number;
  /** The application's function that receives the context. */
  readonly contextFunction: string | undefined;
  /** Told what a callback after a commit threw. */
  readonly callbackFailed: (error: unknown) => void;
}

/** The implementation of {@link Transaction}. */
export class TransactionSession extends LeaseQueryable implements Transaction {
  readonly #home: TransactionHome;
  readonly #parent: TransactionSession | undefined;
  readonly #afterCommit: (() => void | Promise<void>)[] = [];
  readonly #savepoints: { count: number };
  #isEnded = false;
  #nested: Promise<unknown> = Promise.resolve();
  #failure: unknown;

  /** Made by `pool.transaction()`. */
  constructor(lease: Lease, home: TransactionHome, parent?: TransactionSession) {
    super(lease, home.queryTimeout);
    this.#home = home;
    this.#parent = parent;
    this.#savepoints = parent === undefined ? { count: 0 } : parent.#savepoints;
  }

  /** The error of the first statement that failed on it, if any. */
  get failure(): unknown {
    return this.#failure;
  }

  protected override assertOpen(): void {
    if (this.#isEnded) throw new TransactionClosedError("transaction");
    if (this.#parent === undefined) super.assertOpen();
    else this.#parent.assertOpen();
  }

  protected override run(statement: Sql<unknown>, options: QueryOptions | undefined): Promise<QueryResult> {
    const result = super.run(statement, options);
    result.catch((error) => this.#failure ??= error);
    return result;
  }

  transaction<T>(work: (tx: Transaction) => Promise<T> | T): Promise<T> {
    this.assertOpen();
    // Called from inside a nested transaction of this one it must nest there, or it would wait for itself.
    const current = calling.getStore()?.transaction;
    if (current !== undefined && current !== this && current.#isInside(this)) {
      return current.transaction(work);
    }
    const result = this.#nested.then(() => this.#runNested(work));
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

  async #runNested<T>(work: (tx: Transaction) => Promise<T> | T): Promise<T> {
    this.assertOpen();
    const name = `lifeguard_${++this.#savepoints.count}`;
    const nested = new TransactionSession(this.lease, this.#home, this);
    const begun = this.#command(`SAVEPOINT ${name}`);
    begun.catch(() => {});
    try {
      const result = await calling.run({ lease: this.lease, transaction: nested }, () => work(nested));
      await nested.#nested;
      await begun;
      nested.#isEnded = true;
      await this.#command(`RELEASE SAVEPOINT ${name}`);
      this.#afterCommit.push(...nested.#afterCommit);
      return result;
    } catch (error) {
      nested.#isEnded = true;
      if (this.lease.lost === undefined) {
        await this.#command(`ROLLBACK TO SAVEPOINT ${name}`).catch(() => {});
        await this.#command(`RELEASE SAVEPOINT ${name}`).catch(() => {});
      }
      throw error;
    }
  }

  afterCommit(callback: () => void | Promise<void>): void {
    this.assertOpen();
    this.#afterCommit.push(callback);
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
  begin(text: string, setup: readonly Sql<unknown>[]): Promise<unknown> {
    const steps: Promise<unknown>[] = [this.#command(text)];
    for (const { text, values } of setup) {
      const exchange = new QueryExchange(text, values);
      this.lease.submitOwn(exchange);
      steps.push(exchange.promise);
    }
    const begun = Promise.all(steps);
    for (const step of steps) step.catch((error) => this.#failure ??= error);
    begun.catch(() => {});
    return begun;
  }

  /** Commits; rejects when nothing was committed. */
  async commit(begun: Promise<unknown>): Promise<void> {
    await this.#nested;
    this.#isEnded = true;
    const exchange = command(this.lease.session.shared.registry, "COMMIT");
    this.lease.submitOwn(exchange);
    const [start, end] = await Promise.allSettled([begun, exchange.promise]);
    if (start.status === "rejected") throw start.reason;
    if (end.status === "rejected") throw end.reason;
    if (end.value.tag === "ROLLBACK") throw new TransactionAbortedError({ cause: this.#failure });
  }

  /** Rolls back; never rejects, since a lost connection has rolled back already. */
  async rollback(): Promise<void> {
    this.#isEnded = true;
    if (this.lease.lost === undefined) await this.#command("ROLLBACK").catch(() => {});
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
  for (let attempt = 0;; attempt++) {
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
  readonly setup: readonly Sql<unknown>[];
  readonly signal: AbortSignal | undefined;
}

async function attemptTransaction<T>(
  home: TransactionHome,
  work: (tx: Transaction) => Promise<T> | T,
  { begin, setup, signal }: Attempt,
): Promise<T> {
  const lease = await home.take(signal);
  const tx = new TransactionSession(lease, home);
  const onAbort = (): void => void lease.session.cancel();
  signal?.addEventListener("abort", onAbort, { once: true });
  let result: T;
  try {
    try {
      const begun = tx.begin(begin, setup);
      result = await calling.run({ lease, transaction: tx }, () => work(tx));
      signal?.throwIfAborted();
      await tx.commit(begun);
    } catch (error) {
      await tx.rollback();
      throw signal?.aborted ? signal.reason : error;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await lease.release();
  }
  await tx.committed();
  return result;
}

function beginText(options: TransactionOptions): string {
  for (const key of Object.keys(options)) {
    if (!TRANSACTION_OPTIONS.includes(key)) {
      throw new ValidationError(
        `option "${key}" of a transaction`,
        `it is unknown; allowed are ${TRANSACTION_OPTIONS.join(", ")}`,
      );
    }
  }
  const { isolation, readOnly, deferrable, retries } = options;
  if (isolation !== undefined && !ISOLATION_LEVELS.includes(isolation)) {
    throw new ValidationError(
      `option "isolation"`,
      `"${isolation}" was given; allowed are ${ISOLATION_LEVELS.join(", ")}`,
    );
  }
  if (retries !== undefined && (!Number.isInteger(retries) || retries < 0 || retries > 1_000)) {
    throw new ValidationError(`option "retries"`, `${retries} was given; give an integer from 0 to 1000`);
  }
  let text = "BEGIN";
  if (isolation !== undefined) text += ` ISOLATION LEVEL ${isolation.toUpperCase()}`;
  if (readOnly !== undefined) text += readOnly ? " READ ONLY" : " READ WRITE";
  if (deferrable !== undefined) text += deferrable ? " DEFERRABLE" : " NOT DEFERRABLE";
  return text;
}

/** Whether running the whole again may succeed, also when the conflict is only the cause of what was thrown. */
function isConflict(error: unknown): boolean {
  if (error instanceof SerializationError || error instanceof DeadlockError) return true;
  return error instanceof LifeguardError && error.cause !== undefined && isConflict(error.cause);
}
