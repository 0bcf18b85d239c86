/**
 * Electing a leader by an advisory lock of PostgreSQL: whoever holds it leads.
 *
 * Each candidate has one connection of its own, of which the leader's holds the lock.
 *
 * States of a candidate: `idle` → `following` (it tries the lock four times within a lease or more often, and looks at who holds it) →
 * `leading` → `idle`. A lost connection is made anew with growing pauses; it ends a leadership at once.
 *
 * Invariants:
 * - P1 The leader asks its connection something four times within a lease. One lease after the latest question that was
 *   answered had been sent it does not lead any more, and has destroyed its connection.
 * - P2 The server keeps the lock of a leader that is stopped or cut off. A follower ends that connection when it has
 *   begun no statement for longer than the lease, by the server's clock. The latest question that was answered began
 *   there after it was sent here, so that by then the leader has found out by itself (P1).
 * - P3 Locks are the primary's: a standby, which has its own, is refused. When the primary itself is lost or replaced,
 *   connections are lost and leadership with them. A leader that does not notice is refused by its term.
 *
 * @module
 */
import { pause } from "../../pool/pause.ts";
import type { PoolOptions } from "../../pool/configuration/pool_options.ts";
import { PostgresError, SQLSTATE } from "../../pool/wire/postgres_error.ts";
import { untilAborted } from "../../pool/with_signal.ts";
import { Campaigns } from "./campaign.ts";
import { candidateName, checkedElection, type ElectionOptions, leaderName } from "./candidate.ts";
import { HeldLeadership, QUESTIONS_PER_LEASE } from "./held_leadership.ts";
import { type LeaderElection, type Leadership, LeadershipLostError } from "./leader_election.ts";
import { type LockHolder, LockServer, type LockSession } from "./lock_session.ts";

/** What an election by PostgreSQL is told. */
export interface PostgresElectionOptions extends ElectionOptions {
  /** The server, as a pool takes it. All candidates need the same database, and had better log in as one role. */
  readonly database: string | URL | PoolOptions;
}

/** Milliseconds between two attempts at most, so that a leader that resigned is followed soon. */
const LONGEST_INTERVAL = 500;
/** Milliseconds in which a connection that was ended lets go of its lock. */
const ENDING = 30;

/**
 * A candidate whose lock is in PostgreSQL.
 *
 * @example
 * ```ts ignore
 * await using election = new PostgresElection({ name: "shop", database: "postgres://lifeguard@db.example/shop" });
 * const leadership = await election.campaign(new AbortController().signal);
 * leadership.lost.addEventListener("abort", () => console.log("another may lead now"));
 * ```
 */
export class PostgresElection implements LeaderElection {
  readonly kind = "postgres";
  readonly #lease: number;
  readonly #key: string;
  readonly #candidate = candidateName();
  readonly #server: LockServer;
  readonly #campaigns: Campaigns;
  readonly #options: PostgresElectionOptions;
  /** The connection of a candidate that does not lead. */
  #session: LockSession | undefined;
  /** What it is called since it leads. */
  #name: string | undefined;
  /** The holder about whom it has complained: once is enough. */
  #complained: number | undefined;

  /**
   * Creates a candidate; nothing is connected yet.
   *
   * @throws {ConfigError} When an option cannot be used.
   */
  constructor(options: PostgresElectionOptions) {
    const { name, lease } = checkedElection(options);
    this.#options = options;
    this.#lease = lease;
    this.#key = `lifeguard reflector ${name}`;
    this.#server = new LockServer(options.database, `${this.#candidate}:candidate`);
    this.#campaigns = new Campaigns({
      attempt: (signal) => this.#attempt(signal),
      interval: Math.min(LONGEST_INTERVAL, lease / QUESTIONS_PER_LEASE),
      longestPause: lease / 2,
      logger: options.logger,
    });
  }

  async campaign(signal: AbortSignal): Promise<Leadership> {
    return await this.#campaigns.run(signal);
  }

  async leader(signal: AbortSignal): Promise<string | undefined> {
    if (this.#campaigns.isLeading) return this.#name;
    const current = this.#session;
    if (current?.isOpen) return (await untilAborted(current.holder(this.#key), signal))?.name ?? undefined;
    const session = await this.#server.open(this.#lease, signal);
    try {
      return (await untilAborted(session.holder(this.#key), signal))?.name ?? undefined;
    } finally {
      await session.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#campaigns.close();
    await this.#session?.close();
    this.#session = undefined;
  }

  async #attempt(signal: AbortSignal): Promise<HeldLeadership | undefined> {
    if (this.#session?.isOpen !== true) {
      this.#session = undefined;
      this.#session = await this.#server.open(this.#lease, signal);
    }
    const session = this.#session;
    try {
      let askedAt = performance.now();
      let isLocked = await session.tryLock(this.#key);
      if (!isLocked && await this.#endSilentLeader(session)) {
        await pause(ENDING, signal);
        askedAt = performance.now();
        isLocked = await session.tryLock(this.#key);
      }
      if (!isLocked) return undefined;
      this.#name = leaderName(this.#candidate);
      await session.rename(this.#name);
      this.#session = undefined;
      return this.#lead(session, askedAt);
    } catch (error) {
      // With it goes the lock, should it have been taken.
      session.destroy();
      this.#session = undefined;
      throw error;
    }
  }

  #lead(session: LockSession, askedAt: number): HeldLeadership {
    const leadership = new HeldLeadership({
      lease: this.#lease,
      askedAt,
      renew: async () => await session.probe(),
      letGo: async () => {
        await session.unlock(this.#key);
        await session.close();
      },
      drop: () => session.destroy(),
    });
    void session.closed.then((cause) =>
      leadership.lose(
        new LeadershipLostError(`The leadership is lost with its connection: ${cause.message}`, { cause }),
      )
    );
    return leadership;
  }

  /** Ends the connection of a leader that is stopped or cut off; says whether it did. */
  async #endSilentLeader(session: LockSession): Promise<boolean> {
    const holder = await session.holder(this.#key);
    if (holder === undefined || holder.isGone) return false;
    if (holder.silence === null) {
      this.#complain(holder, "may not see whether its connection is silent; grant it pg_read_all_stats");
      return false;
    }
    if (holder.silence <= this.#lease) return false;
    try {
      return await session.endSilent(this.#key, this.#lease);
    } catch (error) {
      if (!(error instanceof PostgresError) || error.sqlState !== SQLSTATE.insufficientPrivilege) throw error;
      this.#complain(
        holder,
        `may not end its connection, silent for ${Math.round(holder.silence)} ms; grant it pg_signal_backend`,
      );
      return false;
    }
  }

  #complain({ pid, name, role }: LockHolder, what: string): void {
    if (this.#complained === pid) return;
    this.#complained = pid;
    this.#options.logger?.error?.(
      `Cannot succeed the leader "${name ?? pid}", role "${
        role ?? "unknown"
      }": this reflector's role ${what}, ` +
        "or let all reflectors log in as one role",
      { event: "election_failed", pid },
    );
  }
}
