/**
 * The pool: what users call. Tiers do the work; see `tier.ts` for how a call gets a connection.
 *
 * States: `new` → `open` (with the first use or `connect()`) → `closing` → `closed`.
 *
 * @module
 */
import { type GiveUp, giveUpSubmitted, watchSignal } from "./abort_watch.ts";
import { type AdvisoryKey, advisoryKeySql } from "./transaction/advisory_key.ts";
import {
  type AdvisoryLock,
  type AdvisoryLockOptions,
  holdAdvisoryLock,
} from "./transaction/advisory_lock.ts";
import { type BatchOutcomes, type BatchRows, runBatch } from "./transaction/batch.ts";
import { atCaller, atTaker } from "./caller.ts";
import { command } from "./commands.ts";
import { ConsistencySessions, SESSIONS, TOKENS_ON } from "./consistency/current_session.ts";
import { LABELLED, type LabelledOptions, type LabelledRows } from "./consistency/labelled.ts";
import { ConsistencySession } from "./consistency/consistency_session.ts";
import { formatToken, parseToken } from "./consistency/token.ts";
import { READING, type Reading, type ReadPreference } from "./replicas/read_preference.ts";
import { ReadingPool } from "./replicas/reading_pool.ts";
import { Reads } from "./replicas/reads.ts";
import type { ReplicaStatus } from "./replicas/replica_monitor.ts";
import { Replicas } from "./replicas/replicas.ts";
import { RoleWatch } from "./replicas/role_watch.ts";
import { Ticks } from "./consistency/ticks.ts";
import type { QueryOptions, UnknownRow } from "./executor.ts";
import { guardCallbacks } from "./tier/guarded_callbacks.ts";
import type { Lease, LeasePurpose } from "./tier/lease.ts";
import { ListenHub, type ListenOptions, type NotificationHandler, type Subscription } from "./listen_hub.ts";
import { Maintenance } from "./tier/maintenance.ts";
import { within } from "./pause.ts";
import { PoolClosedError } from "./pool_errors.ts";
import type { PoolOptions, ResolvedPoolOptions } from "./configuration/pool_options.ts";
import { type PoolStats, totalStats } from "./pool_stats.ts";
import {
  assertOptions,
  assertQueryOptions,
  assertReadPreference,
  assertSignal,
  assertTimeout,
  BATCH_OPTIONS,
  COPY_OPTIONS,
  STREAM_OPTIONS,
} from "./query_options.ts";
import { Queryable } from "./queryable.ts";
import { LeasedSession } from "./transaction/reserved_session.ts";
import { resolvePoolOptions } from "./configuration/resolve_pool_options.ts";
import type { ResultSet } from "./transaction/result_sets.ts";
import { openTargetSession } from "./tier/target_session.ts";
import type { CopyOptions, ReservedSession, StreamOptions, Transaction } from "./session_executor.ts";
import { beginsTransaction, touchesSession } from "./tier/session_state.ts";
import { assertSql, type Sql, sql } from "./sql/sql.ts";
import { SIBLING } from "./sibling.ts";
import { Handshakes } from "./tier/handshakes.ts";
import type { Observation } from "./telemetry/observation.ts";
import { type PoolTelemetry, poolTelemetry } from "./telemetry/pool_telemetry.ts";
import type { TransactionSpan } from "./telemetry/transaction_span.ts";
import { createTiers, type PoolTier } from "./tier/pool_tiers.ts";
import type { Tier } from "./tier/tier.ts";
import { runTransaction, type TransactionHome } from "./transaction/transaction.ts";
import type { TransactionOptions } from "./transaction/transaction_options.ts";
import type { LocalSettings, SessionContext } from "./transaction/transaction_setup.ts";
import { copyIn } from "./wire/stream/copy_in.ts";
import { copyOut } from "./wire/stream/copy_out.ts";
import type { CopySource } from "./wire/stream/copy_source.ts";
import type { DatabaseKnowledge } from "./wire/session/database_knowledge.ts";
import { ConfigError, QueryTimeoutError, ValidationError } from "./wire/errors.ts";
import { openRowStream, type RowStream } from "./wire/stream/row_stream.ts";
import type { Session } from "./wire/session/session.ts";
import { QueryExchange, type QueryResult } from "./wire/session/query_exchange.ts";

/** Milliseconds a call that was given up waits for its slot to be clean. */
const PROMPTLY = 20;
/** Milliseconds to wait for an answer before a slot that was given up is cleaned. */
const CLEANING_DELAY = 5_000;

/** How a pool is closed. */
export interface CloseOptions {
  /** Milliseconds to wait for what runs before it is cancelled. Default: the setting `drainTimeout`. */
  readonly timeout?: number;
}

/** Who asks for a slot. */
interface SlotRequest {
  readonly purpose: LeasePurpose;
  readonly signal: AbortSignal | undefined;
  /** The transaction's that it is for, if there is one. */
  readonly span?: TransactionSpan | undefined;
}

/** A slot that is taken later. */
interface SlotOnDemand {
  readonly take: (signal: AbortSignal) => Promise<Session>;
  readonly release: () => void;
  readonly explain: (error: unknown) => unknown;
}

/**
 * What a pool offers the layers above it, under names that only these know.
 *
 * @ignore
 */
export interface Pool {
  /** The consistency sessions of who uses it. */
  readonly [SESSIONS]: ConsistencySessions;
  /** What its reads prefer. */
  readonly [READING]: Reading;
  /** Has every write take a token from now on. */
  readonly [TOKENS_ON]: () => void;
  /** A pool of another database of its primary with its settings, or for PGlite one of its own, empty, in memory. */
  readonly [SIBLING]: (database: string, options?: PoolOptions) => Pool;
  /** Reads rows, and between which moments of the database; the statement must write nothing and take no locks. */
  readonly [LABELLED]: <Row = Record<string, unknown>>(
    statement: Sql<unknown>,
    options?: LabelledOptions,
  ) => Promise<LabelledRows<Row>>;
}

/**
 * A pool of connections to PostgreSQL.
 *
 * @example
 * ```ts
 * import { Pool, sql } from "@lifeguard/core";
 * await using pool = new Pool("pglite:"); // or "postgres://user@host/database"
 * const name = "Ada";
 * const rows = await pool.query<{ greeting: string }>(sql`select 'Hello, ' || ${name} as greeting`);
 * console.assert(rows[0].greeting === "Hello, Ada");
 * ```
 */
export class Pool extends Queryable implements AsyncDisposable {
  readonly #settings: ResolvedPoolOptions;
  readonly #tiers: ReadonlyMap<string, PoolTier>;
  readonly #primary: Tier;
  readonly #knowledge: DatabaseKnowledge;
  readonly #home: TransactionHome;
  readonly #hub: ListenHub;
  /** Gives up a statement that waits in the primary's tier, or runs there. */
  readonly #giveUp: GiveUp = (exchange, reason) => {
    if (!this.#primary.giveUpQuery(exchange, reason)) giveUpSubmitted(exchange, reason);
  };
  readonly #telemetry: PoolTelemetry;
  readonly #ticks: Ticks;
  readonly #replicas: Replicas;
  readonly #reads: Reads;
  readonly #roles: RoleWatch;
  readonly #views = new Map<ReadPreference, ReadingPool>();
  readonly #closed = new AbortController();
  readonly #sessions = new ConsistencySessions();
  #maintenance: Maintenance | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Creates a pool. Nothing is connected yet; every setting is checked.
   *
   * @param options A `postgres://` URL, a `key=value` string, `pglite:` or `pglite:directory` for an embedded
   * database, or options. Left out: the `LIFEGUARD__DATABASE__…` and `PG*` variables and the configuration file.
   * @throws {ConfigError} When a setting is unknown, malformed or out of range; says which, from where, and what is
   * allowed.
   */
  constructor(options: string | URL | PoolOptions = {}) {
    super();
    // Other clients take the URL and options beside it; here these would be lost without a word.
    if (arguments.length > 1 && arguments[1] !== undefined) {
      throw new ConfigError(
        "options",
        "a pool takes one argument; put the URL among the options, as in new Pool({ url, max: 20 })",
        "the second argument",
      );
    }
    const settings = guardCallbacks(resolvePoolOptions(options));
    this.#settings = settings;
    const handshakes = new Handshakes();
    this.#tiers = createTiers(settings, { hub: () => this.#hub, handshakes });
    const primary = this.#tiers.get("primary")!;
    const { tier, knowledge } = primary;
    this.#primary = tier;
    this.#knowledge = knowledge;
    this.#replicas = new Replicas(this.#tiers, settings);
    this.#telemetry = poolTelemetry(settings, this.#tiers.values());
    this.#hub = new ListenHub({
      connect: settings.primary.kind === "pglite"
        ? undefined
        : (signal) => openTargetSession(settings.primary, knowledge, signal),
      handshakes: handshakes.line("primary"),
      runOnPool: (text) => this.#runCommand(text),
      timeout: settings.acquireTimeout,
      probeInterval: settings.probeInterval,
      backoffMax: settings.backoffMax,
      logger: settings.logger,
    });
    this.#ticks = new Ticks(this.#sessions, {
      run: (exchange) => tier.run(exchange, undefined),
      registry: knowledge.registry,
      logger: settings.logger,
      closed: this.#closed.signal,
    });
    if (settings.replicas.length > 0) this.#ticks.turnOn();
    this.#roles = new RoleWatch(primary, () => void this.#replicas.check());
    this.#reads = new Reads({ primary, replicas: this.#replicas, sessions: this.#sessions, settings });
    Object.defineProperties(this, {
      [READING]: { value: this.#readingOf(settings.read) },
      [SESSIONS]: { value: this.#sessions },
      [TOKENS_ON]: { value: () => this.#ticks.turnOn() },
      [SIBLING]: {
        value: (database: string, more?: PoolOptions) => {
          if (settings.primary.kind === "pglite") return new Pool({ url: "pglite:" });
          const given = typeof options === "string" || options instanceof URL ? { url: options } : options;
          return new Pool({ ...given, replicas: [], ...more, database });
        },
      },
      [LABELLED]: {
        value: (statement: Sql<unknown>, options?: LabelledOptions) => this.#readLabelled(statement, options),
      },
    });
    this.#home = {
      pool: this,
      ticks: this.#ticks,
      take: (signal) => this.#take("transaction", signal),
      queryTimeout: settings.queryTimeout,
      contextFunction: settings.sessionContextFunction,
      callbackFailed: (error) =>
        settings.logger?.error?.(
          `A callback after a commit failed: ${error instanceof Error ? error.message : String(error)}`,
          { event: "callback_failed", error },
        ),
    };
  }

  /** How many connections are open. */
  get size(): number {
    return this.stats().size;
  }

  /**
   * The counts of connections and calls, in all and by tier.
   *
   * @returns A snapshot.
   */
  stats(): PoolStats {
    return totalStats(Object.fromEntries(this.#each((tier, name) => [name, tier.stats()] as const)));
  }

  /**
   * Connects the connections that are kept open. Without it the first statement does.
   *
   * @throws {ConnectionError} When the first attempt fails; the pool stays usable and tries again on use.
   */
  async connect(): Promise<void> {
    try {
      this.#assertOpen("connect");
      this.#start();
      await Promise.all(this.#each((tier) => tier.open()));
      // The first reads can go to replicas already.
      if (!this.#replicas.isEmpty) await this.#replicas.check();
    } catch (error) {
      throw atCaller(error);
    }
  }

  /** Runs a checked statement. */
  protected override run(statement: Sql<unknown>, options: QueryOptions | undefined): Promise<QueryResult> {
    if (this.#maintenance === undefined) {
      this.#assertOpen("run the statement");
      this.#start();
    }
    const { text } = statement;
    const plan = this.#knowledge.plans.get(text);
    if (plan === undefined ? touchesSession(text) : plan.leavesTraces ??= touchesSession(text)) {
      return this.#runAlone(statement, options);
    }
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (options?.readOnly === true) {
      const preference = options.read ?? this.#settings.read;
      if (preference !== "primary" && this.#routes(preference)) {
        return this.#reads.run(statement, options, preference);
      }
    }
    const observed = this.#primary.observer?.statement(statement, options);
    const exchange = observed ?? new QueryExchange(text, statement.values, options);
    exchange.timeout = options?.timeout ?? this.#settings.queryTimeout;
    const tick = this.#ticks.isOn && options?.readOnly !== true ? this.#ticks.take() : undefined;
    if (tick !== undefined) exchange.escort = tick;
    this.#primary.run(exchange, plan?.estimate);
    if (signal !== undefined) watchSignal(exchange, signal, this.#giveUp);
    const outcome = observed === undefined ? exchange.promise : observed.whenGiven();
    return tick === undefined ? outcome : tick.finish(outcome);
  }

  #readLabelled(statement: Sql<unknown>, options: LabelledOptions = {}): Promise<LabelledRows<unknown>> {
    if (this.#maintenance === undefined) {
      this.#assertOpen("run the statement");
      this.#start();
    }
    return this.#reads.labelled(statement, options);
  }

  /** Whether a preference makes a difference. */
  #routes(preference: ReadPreference): boolean {
    return !this.#replicas.isEmpty || (preference === "strong" && this.#ticks.isOn);
  }

  /** Told of every error before its caller is. */
  protected override failed(error: unknown): void {
    this.#roles.failed(error);
  }

  #readingOf(preference: ReadPreference): Reading {
    return { preference, company: () => preference === "strong" ? this.#sessions.current : this };
  }

  /**
   * This pool with another preference for its reads: for models, `User.on(pool.reading("replica"))`, or for statements
   * with `readOnly`. Everything else goes to the primary, as ever.
   *
   * @param preference Where reads may come from; `docs/replicas.md` says what each promises.
   * @returns What models and queries run on; one for each preference.
   *
   * @example
   * ```ts
   * import { Pool, sql } from "@lifeguard/core";
   * await using pool = new Pool("pglite:"); // without replicas all reads go to the primary
   * const replicas = pool.reading("replica");
   * console.assert(await replicas.value(sql`select 1`, { readOnly: true }) === 1);
   * ```
   */
  reading(preference: ReadPreference): ReadingPool {
    assertReadPreference(preference);
    let view = this.#views.get(preference);
    if (view === undefined) {
      const run = (statement: Sql<unknown>, options: QueryOptions | undefined) =>
        this.run(statement, options);
      view = new ReadingPool(this, run, this.#readingOf(preference));
      this.#views.set(preference, view);
    }
    return view;
  }

  /**
   * What is known of each replica.
   *
   * @returns One status for each, in the order of the `replicas` option.
   */
  replicas(): readonly ReplicaStatus[] {
    return this.#replicas.status;
  }

  /**
   * Runs a function as one user of the database: its strong reads, wherever they come from, are never older than what it
   * has written, nor than what it has read. Outside of any such function everything is one user.
   *
   * @param work The function: a request's handler, say.
   * @param options `token`: what another service's {@link Pool.token} returned, which reads must not be older than.
   * @returns What the function returned.
   * @throws {ValidationError} When the token is none.
   *
   * @example
   * ```ts
   * import { Pool, sql } from "@lifeguard/core";
   * await using pool = new Pool("pglite:");
   * const token = await pool.consistent(async () => {
   *   await pool.execute(sql`create table notes (body text)`);
   *   return pool.token();
   * });
   * console.assert(token !== undefined); // for a header to the next service
   * ```
   */
  consistent<T>(work: () => T, options: { readonly token?: string | undefined } = {}): T {
    if (typeof work !== "function") {
      throw new ValidationError("the work of consistent()", `${typeof work} was given; give a function`);
    }
    assertOptions(options, ["token"]);
    const session = new ConsistencySession();
    if (options.token !== undefined) session.raise(parseToken(options.token));
    this.#ticks.turnOn();
    return this.#sessions.run(session, work);
  }

  /**
   * The consistency token of the running code: how new a strong read of whoever gets it must be to see what was written.
   *
   * @returns Its text, for a header; undefined when nothing was written since tokens are taken: from the beginning where
   * the pool has replicas, else from the first {@link Pool.consistent}.
   */
  token(): string | undefined {
    const { token } = this.#sessions.current;
    return token === undefined ? undefined : formatToken(token);
  }

  /**
   * Makes the strong reads of the running code at least as new as another's token.
   *
   * @param text What {@link Pool.token} returned, there.
   * @throws {ValidationError} When it is no token.
   */
  acceptToken(text: string): void {
    const token = parseToken(text);
    this.#ticks.turnOn();
    this.#sessions.current.raise(token);
  }

  /** Runs a statement that changes its session, which is reset afterwards. */
  async #runAlone(statement: Sql<unknown>, options: QueryOptions | undefined): Promise<QueryResult> {
    if (beginsTransaction(statement.text)) {
      throw new ValidationError(
        "BEGIN on a pool",
        "the next statement may run on another connection; use pool.transaction(), or pool.reserve()",
      );
    }
    const lease = await this.#take("statement", options?.signal);
    let isGivenUp = false;
    try {
      const observed = lease.observer?.leased(statement, undefined);
      const exchange = observed ?? new QueryExchange(statement.text, statement.values);
      exchange.timeout = options?.timeout ?? this.#settings.queryTimeout;
      const tick = options?.readOnly === true ? undefined : this.#ticks.take();
      exchange.escort = tick;
      lease.submit(exchange);
      watchSignal(exchange, options?.signal);
      const outcome = observed === undefined ? exchange.promise : observed.outcome();
      return await (tick === undefined ? outcome : tick.finish(outcome));
    } catch (error) {
      if (options?.signal?.aborted || error instanceof QueryTimeoutError) isGivenUp = true;
      throw error;
    } finally {
      await (isGivenUp ? releasePromptly(lease) : lease.release());
    }
  }

  async #runCommand(text: string): Promise<void> {
    const lease = await this.#take("statement", undefined);
    try {
      const exchange = command(this.#knowledge.registry, text);
      lease.submitOwn(exchange);
      await exchange.promise;
    } finally {
      await lease.release();
    }
  }

  /**
   * Runs a statement and returns its rows one at a time as they are asked for.
   *
   * @param statement What to run.
   * @param options How; `batchSize` rows are fetched at a time.
   * @returns The rows; breaking out of the loop ends the statement and keeps the connection.
   *
   * @example
   * ```ts
   * import { Pool, sql } from "@lifeguard/core";
   * await using pool = new Pool("pglite:");
   * let sum = 0;
   * for await (const { n } of pool.stream(sql<{ n: number }>`select n from generate_series(1, 1000) as n`)) {
   *   sum += n;
   *   if (n === 100) break;
   * }
   * console.assert(sum === 5050);
   * ```
   */
  stream<Row = UnknownRow>(statement: Sql<Row>, options: StreamOptions = {}): RowStream<Row> {
    assertSql(statement);
    assertQueryOptions(options, STREAM_OPTIONS);
    const { text, values } = statement;
    const { signal, batchSize, timeout = this.#settings.queryTimeout } = options;
    const slot = this.#takeWhenRead("stream", text);
    return openRowStream<Row>(slot.take, text, values, {
      signal,
      batchSize,
      timeout,
      onEnd: slot.release,
      explain: slot.explain,
    });
  }

  /** A slot that is taken when a stream is first read. */
  #takeWhenRead(purpose: LeasePurpose, text: string): SlotOnDemand {
    const taker = new Error("taken here");
    let lease: Lease | undefined;
    let observation: Observation | undefined;
    return {
      take: async (signal) => {
        lease = await this.#takeFor(taker, { purpose, signal });
        lease.note(text);
        observation = lease.observer?.operation(text);
        return lease.session;
      },
      release: () => {
        observation?.end({ address: lease?.session.address });
        if (lease === undefined) return;
        // Nobody knows whether it has written.
        const tick = this.#ticks.take();
        tick?.followAlone(lease.session);
        void (tick === undefined ? lease.release() : tick.drained().then(() => lease!.release()));
      },
      explain: (error) => {
        observation?.end({ address: lease?.session.address, failure: { error } });
        return atTaker(error, taker);
      },
    };
  }

  /**
   * Runs statements in one round trip.
   *
   * @param statements The statements.
   * @param options `atomic`: whether they are one transaction (default true); otherwise each is its own.
   * @returns Their rows, in order; when not atomic, the outcome of each.
   * @throws {PostgresError} When atomic and one of them fails; nothing has taken effect then.
   *
   * @example
   * ```ts
   * import { Pool, sql } from "@lifeguard/core";
   * await using pool = new Pool("pglite:");
   * const [first, second] = await pool.batch([
   *   sql<{ a: number }>`select 1 as a`,
   *   sql<{ b: string }>`select 'x' as b`,
   * ]);
   * console.assert(first[0].a === 1 && second[0].b === "x");
   * ```
   */
  batch<const Statements extends readonly Sql<unknown>[]>(
    statements: Statements,
    options?: QueryOptions & { readonly atomic?: true },
  ): Promise<BatchRows<Statements>>;
  /** Runs statements in one round trip, each for itself. */
  batch<const Statements extends readonly Sql<unknown>[]>(
    statements: Statements,
    options: QueryOptions & { readonly atomic: false },
  ): Promise<BatchOutcomes<Statements>>;
  async batch(
    statements: readonly Sql<unknown>[],
    options: QueryOptions & { readonly atomic?: boolean } = {},
  ): Promise<unknown> {
    try {
      if (!Array.isArray(statements)) {
        throw new ValidationError("the batch", "give an array of sql statements");
      }
      statements.forEach((statement, index) => assertSql(statement, `statement ${index + 1} of the batch`));
      assertQueryOptions(options, BATCH_OPTIONS);
      if (statements.length === 0) return [];
      const { atomic = true, timeout = this.#settings.queryTimeout, signal } = options;
      const lease = await this.#take("batch", signal);
      const observation = lease.observer?.batch(statements);
      const { address } = lease.session;
      let isGivenUp = false;
      try {
        const results = await runBatch(lease, statements, {
          atomic,
          timeout,
          signal,
          tick: options.readOnly === true ? undefined : this.#ticks.take(),
        });
        observation?.end({ address });
        if (!atomic) return results;
        return results.map((result) => (result as PromiseFulfilledResult<unknown[]>).value);
      } catch (error) {
        observation?.end({ address, failure: { error } });
        if (signal?.aborted || error instanceof QueryTimeoutError) isGivenUp = true;
        throw error;
      } finally {
        observation?.report();
        await (isGivenUp ? releasePromptly(lease) : lease.release());
      }
    } catch (error) {
      throw atCaller(error);
    }
  }

  /**
   * Runs a function in a transaction: committed when it returns, rolled back when it throws.
   *
   * @param work The function; everything in the transaction goes through its argument.
   * @param options Isolation, retries after conflicts, settings, context; see {@link TransactionOptions}.
   * @returns What the function returned, once it is committed.
   * @throws {TransactionAbortedError} When a statement had failed and its error was swallowed: nothing is committed.
   * @throws {ConnectionError} With `outcomeUnknown` when the connection was lost while it committed.
   *
   * @example
   * ```ts
   * import { Pool, sql } from "@lifeguard/core";
   * await using pool = new Pool("pglite:");
   * await pool.execute(sql`create table counters (n int)`);
   * const n = await pool.transaction(async (tx) => {
   *   await tx.execute(sql`insert into counters values (1)`);
   *   return await tx.value<number>(sql`update counters set n = n + 1 returning n`);
   * }, { isolation: "serializable", retries: 3 });
   * console.assert(n === 2);
   * ```
   */
  async transaction<T>(
    work: (tx: Transaction) => Promise<T> | T,
    options: TransactionOptions = {},
  ): Promise<T> {
    if (typeof work !== "function") {
      throw new ValidationError("the transaction's work", `${typeof work} was given; give a function`);
    }
    const taker = new Error("taken here");
    if (this.#closing === undefined) this.#start();
    const span = this.#primary.observer?.transaction();
    const home = {
      ...this.#home,
      span,
      take: (signal: AbortSignal | undefined) =>
        this.#takeFor(taker, { purpose: "transaction", signal, span }),
    };
    const run = () => runTransaction(home, work, options);
    try {
      return await (span === undefined ? run() : span.run(run));
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  /**
   * Runs a function in a transaction with settings of its own, as row-level security policies read them by
   * `current_setting('app.tenant', true)`.
   *
   * @param settings Names and values; they end with the transaction.
   * @param work The function.
   * @param options As for {@link Pool.transaction}.
   * @returns What the function returned.
   *
   * @example
   * ```ts
   * import { Pool, sql } from "@lifeguard/core";
   * await using pool = new Pool("pglite:");
   * const tenant = await pool.withSettings({ "app.tenant": 42 }, (tx) => tx.value(sql`select current_setting('app.tenant')`));
   * console.assert(tenant === "42");
   * ```
   */
  async withSettings<T>(
    settings: LocalSettings,
    work: (tx: Transaction) => Promise<T> | T,
    options: TransactionOptions = {},
  ): Promise<T> {
    assertRecord(settings, "the settings of withSettings()");
    return await this.transaction(work, { ...options, settings: { ...options.settings, ...settings } });
  }

  /**
   * Runs a function in a transaction that acts for somebody: the context goes to the application's own function (setting
   * `sessionContextFunction`) right after BEGIN, in the same round trip.
   *
   * @param context Tenant, subject, roles … as the function understands them.
   * @param work The function.
   * @param options As for {@link Pool.transaction}.
   * @returns What the function returned.
   */
  async withContext<T>(
    context: SessionContext,
    work: (tx: Transaction) => Promise<T> | T,
    options: TransactionOptions = {},
  ): Promise<T> {
    assertRecord(context, "the context of withContext()");
    return await this.transaction(work, { ...options, context: { ...options.context, ...context } });
  }

  /**
   * Runs a function at once, since each statement of a pool commits by itself: so that what is given either a pool or
   * a transaction need not tell them apart.
   *
   * @param callback The function; what it throws goes to the logger, as after the commit of a transaction.
   * @returns Resolves when it has ended; never rejects.
   */
  async afterCommit(callback: () => void | Promise<void>): Promise<void> {
    try {
      await callback();
    } catch (error) {
      this.#home.callbackFailed(error);
    }
  }

  /**
   * Does nothing, since a statement of a pool is never undone once it succeeded: see {@link Pool.afterCommit}.
   *
   * @param _callback Never called.
   */
  afterRollback(_callback: () => void): void {}

  /**
   * Calls a function that returns cursors, in a transaction of its own, and reads all of them.
   *
   * @param statement The call.
   * @returns One array of rows for each cursor, in order.
   */
  async resultSets(statement: Sql<unknown>): Promise<ResultSet[]> {
    assertSql(statement);
    return await this.transaction((tx) => tx.resultSets(statement));
  }

  /**
   * Takes a session for yourself until you release it.
   *
   * @param options A signal that gives up waiting for it.
   * @returns The session; release it with `await using` or `release()`.
   */
  async reserve(options: { readonly signal?: AbortSignal } = {}): Promise<ReservedSession> {
    try {
      assertOptions(options, ["signal"]);
      if (options.signal !== undefined) assertSignal(options.signal);
      return new LeasedSession(
        await this.#take("reserved session", options.signal),
        this.#settings.queryTimeout,
        this.#ticks,
      );
    } catch (error) {
      throw atCaller(error);
    }
  }

  /**
   * Takes an advisory lock, and a connection to hold it.
   *
   * @param key A bigint or safe integer, or text that is hashed to one.
   * @param options `shared` for a shared lock; `wait: false` not to wait; a signal that ends the wait.
   * @returns The lock; undefined when it is not to be waited for and somebody else has it.
   *
   * @example
   * ```ts
   * import { Pool } from "@lifeguard/core";
   * await using pool = new Pool("pglite:");
   * await using lock = await pool.advisoryLock("nightly report");
   * console.assert(lock !== undefined);
   * ```
   */
  advisoryLock(
    key: AdvisoryKey,
    options?: AdvisoryLockOptions & { readonly wait?: true },
  ): Promise<AdvisoryLock>;
  /** Takes an advisory lock if nobody else has it. */
  advisoryLock(
    key: AdvisoryKey,
    options: AdvisoryLockOptions,
  ): Promise<AdvisoryLock | undefined>;
  async advisoryLock(
    key: AdvisoryKey,
    options: AdvisoryLockOptions = {},
  ): Promise<AdvisoryLock | undefined> {
    try {
      assertOptions(options, ["shared", "wait", "signal"]);
      const { signal } = options;
      if (signal !== undefined) assertSignal(signal);
      advisoryKeySql(key);
      return await holdAdvisoryLock(await this.#take("advisory lock", signal), key, options);
    } catch (error) {
      throw atCaller(error);
    }
  }

  /**
   * Runs a `COPY … FROM STDIN`.
   *
   * @param statement The COPY.
   * @param source Its data in the format the COPY names; an error in it aborts the COPY.
   * @param options A signal that aborts it.
   * @returns How many rows were copied.
   *
   * @example
   * ```ts
   * import { Pool, sql } from "@lifeguard/core";
   * await using pool = new Pool("pglite:");
   * await pool.execute(sql`create table points (x int, y int)`);
   * const rows = await pool.copyFrom(sql`copy points from stdin (format csv)`, ["1,2\n", "3,4\n"]);
   * console.assert(rows === 2);
   * ```
   */
  async copyFrom(statement: Sql<unknown>, source: CopySource, options: CopyOptions = {}): Promise<number> {
    try {
      assertSql(statement);
      assertQueryOptions(options, COPY_OPTIONS);
      const lease = await this.#take("COPY", options.signal);
      try {
        lease.note(statement.text);
        const { signal, timeout = this.#settings.queryTimeout } = options;
        const copy = () => copyIn(lease.session, statement.text, source, { signal, timeout });
        const { observer, session } = lease;
        const tick = this.#ticks.take();
        const outcome = observer === undefined ? copy() : observer.copied(statement.text, copy, session);
        return await (tick === undefined ? outcome : tick.finishOn(session, outcome));
      } finally {
        await lease.release();
      }
    } catch (error) {
      throw atCaller(error);
    }
  }

  /**
   * Runs a `COPY … TO STDOUT`.
   *
   * @param statement The COPY.
   * @param options A signal that cancels it.
   * @returns Its data in the format the COPY names; cancelling the stream cancels the COPY.
   *
   * @example
   * ```ts
   * import { Pool, sql } from "@lifeguard/core";
   * await using pool = new Pool("pglite:");
   * const data = pool.copyTo(sql`copy (select 1, 'a') to stdout (format csv)`);
   * console.assert(await new Response(data).text() === "1,a\n");
   * ```
   */
  copyTo(statement: Sql<unknown>, options: CopyOptions = {}): ReadableStream<Uint8Array<ArrayBuffer>> {
    assertSql(statement);
    assertQueryOptions(options, COPY_OPTIONS);
    const slot = this.#takeWhenRead("COPY", statement.text);
    return copyOut(slot.take, statement.text, {
      signal: options.signal,
      timeout: options.timeout ?? this.#settings.queryTimeout,
      onEnd: slot.release,
      explain: slot.explain,
    });
  }

  /**
   * Listens to a channel over a connection of the pool's own, made with the first subscription and healed when it is
   * lost.
   *
   * @param channel The channel's name, as it is; it is quoted.
   * @param handler Called with each payload.
   * @param options `onReconnect` is told when notifications may have been missed; `signal` ends the subscription.
   * @returns The subscription, once LISTEN is in force.
   *
   * @example
   * ```ts
   * import { Pool } from "@lifeguard/core";
   * await using pool = new Pool("pglite:");
   * const heard = Promise.withResolvers<string>();
   * await using _subscription = await pool.listen("news", (payload) => heard.resolve(payload));
   * await pool.notify("news", "hello");
   * console.assert(await heard.promise === "hello");
   * ```
   */
  async listen(
    channel: string,
    handler: NotificationHandler,
    options: ListenOptions = {},
  ): Promise<Subscription> {
    try {
      this.#assertOpen("listen");
      assertOptions(options, ["onReconnect", "signal"]);
      if (options.signal !== undefined) assertSignal(options.signal);
      this.#start();
      return await this.#hub.listen(channel, handler, options);
    } catch (error) {
      throw atCaller(error);
    }
  }

  /**
   * Notifies a channel.
   *
   * @param channel The channel's name.
   * @param payload What its listeners get, shorter than 8,000 bytes. Default empty.
   */
  async notify(channel: string, payload = ""): Promise<void> {
    await this.execute(sql`select pg_notify(${channel}, ${payload})`);
  }

  /**
   * Closes the pool: refuses new calls, waits for those that run or wait, then closes every connection.
   *
   * @param options How long to wait before what is left is cancelled.
   */
  close(options: CloseOptions = {}): Promise<void> {
    assertOptions(options, ["timeout"]);
    if (options.timeout !== undefined) assertTimeout(options.timeout);
    return this.#closing ??= this.#close(options.timeout ?? this.#settings.drainTimeout);
  }

  /** The same as {@link Pool.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(timeout: number): Promise<void> {
    this.#replicas.stop();
    this.#roles.stop();
    await Promise.all([
      this.#hub.close(),
      ...this.#each((tier) => tier.close(timeout)),
    ]);
    this.#closed.abort(new PoolClosedError("ask what became of a write"));
    this.#maintenance?.stop();
    this.#maintenance = undefined;
    this.#telemetry.close();
  }

  /** Something of every tier. */
  #each<T>(of: (tier: Tier, name: string) => T): T[] {
    return Array.from(this.#tiers, ([name, { tier }]) => of(tier, name));
  }

  #assertOpen(what: string): void {
    if (this.#closing !== undefined) throw new PoolClosedError(what);
  }

  #start(): void {
    if (this.#maintenance !== undefined) return;
    this.#telemetry.look();
    this.#replicas.start();
    this.#roles.start();
    this.#maintenance = new Maintenance(this.#each((tier) => tier), {
      settings: this.#settings,
      onLook: () => this.#telemetry.look(),
    });
  }

  #take(purpose: LeasePurpose, signal: AbortSignal | undefined): Promise<Lease> {
    return this.#takeFor(new Error("taken here"), { purpose, signal });
  }

  /** Not async: thousands may wait here, and each would keep one frame more. */
  #takeFor(taker: Error, { purpose, signal, span }: SlotRequest): Promise<Lease> {
    if (this.#closing !== undefined) return Promise.reject(new PoolClosedError(`begin a ${purpose}`));
    this.#start();
    const tier = this.#primary;
    if (tier.observer === undefined) return tier.lease(purpose, taker, signal);
    return tier.observer.acquire(purpose, () => tier.lease(purpose, taker, signal), span);
  }
}

/** Releases what was given up: its user is told at once, and the slot is cleaned in the background. */
async function releasePromptly(lease: Lease): Promise<void> {
  await within(within(lease.answered(), CLEANING_DELAY).then(() => lease.release()), PROMPTLY);
}

/** Asserts that settings or a context were given: with nothing instead, a transaction would run without them. */
function assertRecord(value: unknown, subject: string): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  throw new ValidationError(subject, "it is not an object of names and values; give one");
}
