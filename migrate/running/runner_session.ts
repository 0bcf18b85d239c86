/**
 * The one session of the server on which migrations are run, with the lock that keeps other runners away.
 *
 * ## Invariants
 *
 * - Lock, state and statements share the session: when it is lost, so is the lock, and nothing more can happen under it.
 *   A server process that is still busy with a statement of a killed runner keeps the lock until it has ended.
 * - The lock is asked for again and again, never waited for in the server: a waiting statement has a snapshot, and
 *   `create index concurrently` of the lock's owner would wait for that.
 *
 * @module
 */
import type { QueryOptions } from "../../pool/executor.ts";
import { pause } from "../../pool/pause.ts";
import type { Pool } from "../../pool/pool.ts";
import type { ReservedSession } from "../../pool/session_executor.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";
import {
  describeOwner,
  FIND_OWNER,
  HOLDS_LOCK,
  ownerOf,
  SHOW_SINCE,
  TRY_LOCK,
  UNLOCK,
} from "./lock_owner.ts";
import { MigrationLockedError, MigrationPoolerError } from "./migration_errors.ts";
import type { ResolvedMigratorOptions } from "./runner_options.ts";
import type { MigrationEvent } from "./progress_events.ts";

/** The pauses between attempts to get the lock, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 500;
/** Milliseconds between two reports that it is waited for. */
const REPORT_INTERVAL = 2_000;
/** Milliseconds the search for a pooler may take; it needs a second connection, which a pool of one does not have. */
const POOLER_TIMEOUT = 1_500;
/** Milliseconds what ends a run may take. */
const END_TIMEOUT = 5_000;
/** Milliseconds after which a server process that is busy notices that its client is gone. */
const CHECK_INTERVAL = 500;

const PROCESS = sql<{ pid: number; version: number; isEmbedded: boolean }>`select pg_backend_pid() as pid,
  current_setting('server_version_num')::int / 10000 as version,
  version() ~* 'emscripten|emcc|wasm' as "isEmbedded"`;
const PID = sql<{ pid: number }>`select pg_backend_pid() as pid`;

/** A session that has the lock. */
export class RunnerSession implements AsyncDisposable {
  /** Its process on the server. */
  readonly processId: number;
  /** The server's major version. */
  readonly serverVersion: number;
  /** Whether the database is inside of this process and has no second session. */
  readonly isEmbedded: boolean;
  readonly #session: ReservedSession;
  readonly #options: QueryOptions;

  private constructor(
    session: ReservedSession,
    facts: { readonly pid: number; readonly version: number; readonly isEmbedded: boolean },
    options: QueryOptions,
  ) {
    this.#session = session;
    this.processId = facts.pid;
    this.serverVersion = facts.version;
    this.isEmbedded = facts.isEmbedded;
    this.#options = options;
  }

  /**
   * Opens the session and waits for the lock.
   *
   * @throws {MigrationLockedError} When another has it until the deadline.
   * @throws {MigrationPoolerError} When a pooler would change the session under it.
   */
  static async open(
    pool: Pool,
    options: ResolvedMigratorOptions,
    report: (event: MigrationEvent) => void,
  ): Promise<RunnerSession> {
    const { signal } = options;
    const query: QueryOptions = { timeout: 0, ...(signal === undefined ? {} : { signal }) };
    const session = await pool.reserve(signal === undefined ? {} : { signal });
    try {
      const facts = await session.one(PROCESS, query);
      if (!facts.isEmbedded) await refusePooler(pool, session, facts.pid);
      await takeLock(session, options, report);
      const runner = new RunnerSession(session, facts, query);
      await runner.set("client_connection_check_interval", String(CHECK_INTERVAL)).catch(() => {});
      return runner;
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  /** Runs a statement of ours. */
  async execute(statement: Sql): Promise<void> {
    await this.#session.execute(statement, this.#options);
  }

  /** Runs a statement of ours that returns rows. */
  query<Row>(statement: Sql<Row>): Promise<Row[]> {
    return this.#session.query<Row>(statement, this.#options);
  }

  /** Runs text as it is. */
  async run(text: string): Promise<void> {
    await this.#session.execute(sql.unsafe(text), this.#options);
  }

  /** What reads and writes the state. */
  get executor(): ReservedSession {
    return this.#session;
  }

  /** Gives a setting a value until the session is reset. */
  async set(name: string, value: string): Promise<void> {
    await this.execute(sql`select set_config(${name}, ${value}, false)`);
  }

  /** Brings the session's settings and role back to what they were, and has `lock_timeout` be so many milliseconds. */
  async reset(lockTimeout: number): Promise<void> {
    await this.run("reset session authorization");
    await this.run("reset role");
    await this.run("reset all");
    await this.set("standard_conforming_strings", "on");
    await this.set("statement_timeout", "0");
    await this.set("lock_timeout", String(lockTimeout));
    await this.set("idle_in_transaction_session_timeout", "0");
    if (!this.isEmbedded) {
      await this.set("client_connection_check_interval", String(CHECK_INTERVAL)).catch(() => {});
    }
  }

  /** Asserts that the statements that follow are under the lock; call it at the beginning of a transaction. */
  async assertLocked(): Promise<void> {
    const { held } = await this.#session.one(HOLDS_LOCK, this.#options);
    if (!held) throw new MigrationPoolerError();
  }

  /** Rolls back what is open; a session that is lost has done so. */
  async rollback(): Promise<void> {
    await this.#session.execute(sql`rollback`, { timeout: END_TIMEOUT }).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.execute(UNLOCK, { timeout: END_TIMEOUT }).catch(() => {});
    await this.#session.release();
  }
}

async function takeLock(
  session: ReservedSession,
  options: ResolvedMigratorOptions,
  report: (event: MigrationEvent) => void,
): Promise<void> {
  const { signal, lockDeadline } = options;
  const query: QueryOptions = { timeout: 0, ...(signal === undefined ? {} : { signal }) };
  const start = performance.now();
  let reported = -Infinity;
  for (let wait = FIRST_PAUSE;; wait = Math.min(wait * 1.5, LONGEST_PAUSE)) {
    const waited = performance.now() - start;
    if ((await session.one(TRY_LOCK, query)).locked) {
      await session.query(SHOW_SINCE, query);
      report({ type: "locked", waited });
      return;
    }
    const isLate = waited >= lockDeadline;
    if (isLate || waited - reported >= REPORT_INTERVAL) {
      const row = await session.maybeOne(FIND_OWNER, query);
      const owner = row === undefined ? undefined : ownerOf(row);
      if (isLate) throw new MigrationLockedError(waited, owner, describeOwner(owner));
      report({ type: "waiting", owner, waited });
      reported = waited;
    }
    await pause(Math.min(wait * (0.5 + Math.random()), lockDeadline - waited), signal);
  }
}

/**
 * Two sessions of the pool that are one of the server, or one that becomes another, are behind a pooler that gives out
 * sessions by the transaction. Where there is no second connection the check of the lock in each transaction remains.
 */
async function refusePooler(pool: Pool, session: ReservedSession, processId: number): Promise<void> {
  const seen = await pool.transaction(async (tx) => {
    const other = await tx.one(PID);
    const own = await session.one(PID, { timeout: POOLER_TIMEOUT });
    return { other: other.pid, own: own.pid };
  }, { signal: AbortSignal.timeout(POOLER_TIMEOUT) }).catch(() => undefined);
  if (seen === undefined) return;
  if (seen.other === processId || seen.own !== processId) throw new MigrationPoolerError();
}
