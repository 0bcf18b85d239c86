/**
 * A pool whose reads go where a preference says: what `pool.reading()` returns.
 *
 * @module
 */
import type { QueryOptions } from "../executor.ts";
import { HOME_POOL } from "../home_pool.ts";
import type { Pool } from "../pool.ts";
import { Queryable } from "../queryable.ts";
import type { SessionExecutor } from "../session_executor.ts";
import type { Sql } from "../sql/sql.ts";
import type { QueryResult } from "../wire/session/query_exchange.ts";
import { READING, type Reading, type ReadPreference } from "./read_preference.ts";

/** Runs a checked statement on a pool. */
export type RunOnPool = (statement: Sql<unknown>, options: QueryOptions | undefined) => Promise<QueryResult>;

/** Whatever a preference does not concern. */
type Rest = Pick<
  Pool,
  "transaction" | "withSettings" | "withContext" | "batch" | "resultSets" | "afterCommit" | "afterRollback"
>;

/**
 * What a reading pool offers the layers above it.
 *
 * @ignore
 */
export interface ReadingPool {
  /** What its reads prefer. */
  readonly [READING]: Reading;
}

/** A pool whose reads go where a preference says; made by `pool.reading()`. */
export class ReadingPool extends Queryable implements SessionExecutor, Rest {
  /** The pool. */
  readonly pool: Pool;
  /** Where its reads may come from. */
  readonly preference: ReadPreference;
  /** As {@link Pool.stream}, on the primary. */
  readonly stream: Pool["stream"];
  /** As {@link Pool.copyFrom}, on the primary. */
  readonly copyFrom: Pool["copyFrom"];
  /** As {@link Pool.copyTo}, on the primary. */
  readonly copyTo: Pool["copyTo"];
  /** As {@link Pool.transaction}, on the primary. */
  readonly transaction: Pool["transaction"];
  /** As {@link Pool.withSettings}, on the primary. */
  readonly withSettings: Pool["withSettings"];
  /** As {@link Pool.withContext}, on the primary. */
  readonly withContext: Pool["withContext"];
  /** As {@link Pool.batch}, on the primary. */
  readonly batch: Pool["batch"];
  /** As {@link Pool.resultSets}, on the primary. */
  readonly resultSets: Pool["resultSets"];
  /** As {@link Pool.afterCommit}, on the primary. */
  readonly afterCommit: Pool["afterCommit"];
  /** As {@link Pool.afterRollback}, on the primary. */
  readonly afterRollback: Pool["afterRollback"];
  readonly #run: RunOnPool;

  /** Made by `pool.reading()`; everything but reads goes to `pool`. */
  constructor(pool: Pool, run: RunOnPool, { preference, company }: Reading) {
    super();
    this.pool = pool;
    this.preference = preference;
    this.#run = run;
    Object.defineProperty(this, HOME_POOL, { value: pool });
    Object.defineProperty(this, READING, {
      value: { preference, company: preference === "strong" ? company : () => this },
    });
    this.stream = pool.stream.bind(pool) as Pool["stream"];
    this.copyFrom = pool.copyFrom.bind(pool);
    this.copyTo = pool.copyTo.bind(pool);
    this.transaction = pool.transaction.bind(pool) as Pool["transaction"];
    this.withSettings = pool.withSettings.bind(pool) as Pool["withSettings"];
    this.withContext = pool.withContext.bind(pool) as Pool["withContext"];
    this.batch = pool.batch.bind(pool) as Pool["batch"];
    this.resultSets = pool.resultSets.bind(pool);
    this.afterCommit = pool.afterCommit.bind(pool);
    this.afterRollback = pool.afterRollback.bind(pool);
  }

  /** Runs a checked statement. */
  protected override run(
    statement: Sql<unknown>,
    options: QueryOptions | undefined,
  ): Promise<QueryResult> {
    if (options?.readOnly !== true || options.read !== undefined) return this.#run(statement, options);
    return this.#run(statement, { ...options, read: this.preference });
  }
}
