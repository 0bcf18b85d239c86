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
import { SIBLING } from "../../pool/sibling.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";
import { describeOwner, FIND_OWNER, OWN_STATE, ownerOf, SHOW_SINCE, TRY_LOCK, UNLOCK } from "./lock_owner.ts";
import {
  MigrationLockedError,
  MigrationLockLostError,
  MigrationPoolerError,
  MigrationStateError,
} from "./migration_errors.ts";
import type { ResolvedMigratorOptions } from "./runner_options.ts";
import type { MigrationEvent } from "./progress_events.ts";

/** The pauses between attempts to get the lock, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 500;
/** Milliseconds between two reports that it is waited for. */
const REPORT_INTERVAL = 2_000;
/** Milliseconds the search for a pooler may take; it needs a second connection, which a server may not have left. */
const POOLER_TIMEOUT = 5_000;
/** How often two sessions are compared: others' use of a pooler may make one round look well. */
const POOLER_ROUNDS = 2;
/** Milliseconds what ends a run may take. */
const END_TIMEOUT = 5_000;
/** Milliseconds after which a server process that is busy notices that its client is gone. */
const CHECK_INTERVAL = 500;

/** What has to be known of a session. */
interface Facts {
  readonly pid: number;
  readonly version: number;
  readonly isEmbedded: boolean;
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  readonly role: string;
  readonly database: string;
}

const FACTS: Sql<Facts> = sql`select pg_catalog.pg_backend_pid() as pid,
  pg_catalog.current_setting('server_version_num')::int / 10000 as version,
  pg_catalog.version() ~* 'emscripten|emcc|wasm' as "isEmbedded",
  pg_catalog.pg_is_in_recovery() as "isStandby",
  pg_catalog.current_setting('transaction_read_only') = 'on' as "isReadOnly",
  current_user::text as role, pg_catalog.current_database()::text as database`;
const PID: Sql<{ pid: number }> = sql`select pg_catalog.pg_backend_pid() as pid`;

/** What a migration may have set without end and a run cannot live with, with the version that has it first. */
const LIMITS: readonly (readonly [name: string, since: number])[] = [
  ["statement_timeout", 0],
  ["idle_in_transaction_session_timeout", 0],
  ["idle_session_timeout", 14],
  ["transaction_timeout", 17],
];

/** What takes a session back to its beginning, in this order; what it has prepared by itself stays. */
const FORGET = [
  "reset session authorization",
  "reset role",
  "reset all",
  "close all",
  "unlisten *",
  "discard temp",
];

const FOREIGN_PREPARED: Sql<{ name: string }> =
  sql`select pg_catalog.quote_ident(name) as name from pg_catalog.pg_prepared_statements where from_sql`;

/** A session that has the lock. */
export class RunnerSession implements AsyncDisposable {
  /** Its process on the server. */
  readonly processId: number;
  /** The server's major version. */
  readonly serverVersion: number;
  /** Whether the database is inside of this process and has no second session. */
  readonly isEmbedded: boolean;
  /** Who it acts as where no migration says otherwise. */
  readonly role: string;
  /** The database it is of. */
  readonly database: string;
  readonly #pool: Pool;
  #session: ReservedSession;
  readonly #options: QueryOptions;

  private constructor(
    given: { readonly pool: Pool; readonly session: ReservedSession },
    facts: Facts,
    options: QueryOptions,
  ) {
    this.#pool = given.pool;
    this.#session = given.session;
    this.database = facts.database;
    this.processId = facts.pid;
    this.serverVersion = facts.version;
    this.isEmbedded = facts.isEmbedded;
    this.role = facts.role;
    this.#options = options;
  }

  /**
   * Opens the session and waits for the lock.
   *
   * @throws {MigrationLockedError} When another has it until the deadline.
   * @throws {MigrationPoolerError} When a pooler would change the session under it.
   * @throws {MigrationStateError} When the server or the session may only read.
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
      const facts = await session.one(FACTS, query);
      refuseReadOnly(facts);
      if (!facts.isEmbedded) await refusePooler(pool, session, facts);
      const runner = new RunnerSession({ pool, session }, facts, query);
      await runner.reset(options.lockTimeout);
      await takeLock(session, options, report);
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

  /** Gives a setting a value until the session is reset; returns the value it had. */
  async set(name: string, value: string): Promise<string> {
    const [row] = await this.query(
      sql<{ before: string }>`select pg_catalog.current_setting(${name}) as before`,
    );
    await this.execute(sql`select pg_catalog.set_config(${name}, ${value}, false)`);
    return row.before;
  }

  /**
   * Brings the session back to what it was but for its lock: settings, role, temporary tables, cursors, prepared statements.
   * `lock_timeout` is so many milliseconds then, and no other limit can end it.
   */
  async reset(lockTimeout: number): Promise<void> {
    // Without waiting for each: the session keeps their order.
    const forgotten = FORGET.map((text) => this.run(text));
    const [prepared] = await Promise.all([this.query(FOREIGN_PREPARED), ...forgotten]);
    for (const { name } of prepared) await this.run(`deallocate ${name}`);
    const values = [
      ["standard_conforming_strings", "on"],
      ["lock_timeout", String(lockTimeout)],
      ...LIMITS.filter(([, since]) => this.serverVersion >= since).map(([name]) => [name, "0"]),
    ];
    await Promise.all([
      this.execute(sql`select count(pg_catalog.set_config(name, value, false)) as settings
        from unnest(${values.map(([name]) => name)}::text[], ${
        values.map(([, value]) => value)
      }::text[]) as s(name, value)`),
      this.isEmbedded ? undefined : this.execute(
        sql`select pg_catalog.set_config('client_connection_check_interval', ${
          String(CHECK_INTERVAL)
        }, false) as value`,
      ).catch(() => {}),
    ]);
  }

  /**
   * Asserts that the statements that follow are under the lock; call it at the beginning of a transaction and at its end.
   *
   * @param timeout Milliseconds after which it is believed to be lost. Default 0, never.
   * @returns Whether the session acts as who it is, so that it may write the state.
   */
  async assertLocked(timeout = 0): Promise<boolean> {
    const { held, pid, role } = await this.#session.one(OWN_STATE, { ...this.#options, timeout });
    if (pid !== this.processId) throw new MigrationPoolerError();
    if (!held) throw new MigrationLockLostError();
    return role === this.role;
  }

  /**
   * Does something on other connections. A database inside of this process has one only, which is given back meanwhile:
   * nobody else is there who could take the lock.
   */
  async apart<T>(work: () => Promise<T>): Promise<T> {
    if (!this.isEmbedded) return await work();
    await this.#session.release();
    try {
      return await work();
    } finally {
      this.#session = await this.#pool.reserve();
      await this.#session.query(TRY_LOCK, this.#options);
    }
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

/** Nothing can be run, nor remembered, where nothing can be written. */
function refuseReadOnly({ isStandby, isReadOnly, database }: Facts): void {
  if (isStandby) {
    throw new MigrationStateError(
      "the server is a standby, which only reads",
      "give migrations the address of the primary",
    );
  }
  if (isReadOnly) {
    throw new MigrationStateError(
      `the sessions of this role in database "${database}" only read (default_transaction_read_only)`,
      "set it off for the role that migrates: alter role … set default_transaction_read_only = off",
    );
  }
}

/** Two sessions that are one of the server, or one that becomes another, are behind a pooler that gives out sessions by the transaction. */
async function refusePooler(pool: Pool, session: ReservedSession, facts: Facts): Promise<void> {
  const signal = AbortSignal.timeout(POOLER_TIMEOUT);
  const options = { signal, timeout: POOLER_TIMEOUT };
  await using other = pool[SIBLING](facts.database, { min: 0, max: 1 });
  try {
    for (let round = 0; round < POOLER_ROUNDS; round++) {
      await other.transaction(async (tx) => {
        if ((await tx.one(PID, options)).pid === facts.pid) throw new MigrationPoolerError();
        if ((await session.one(PID, options)).pid !== facts.pid) throw new MigrationPoolerError();
      }, { signal });
    }
  } catch (error) {
    // Where there is no second connection the look at the lock in each transaction remains.
    if (error instanceof MigrationPoolerError) throw error;
  }
}
