/**
 * The reflector: keeps a cache coherent with its database. Of all reflectors of one name one leads, and applies changes;
 * the others wait.
 *
 * ## States
 *
 *     idle → following → establishing → leading → establishing …
 *               ↑____________|____________|
 *     … → stopped, from anywhere
 *
 * - `following`: another leads, or nobody yet.
 * - `establishing`: elected. The source is opened, *then* it is read where the log is; with that the store is taken over in
 *   a new epoch, so that whatever was missed before counts for nothing.
 * - `leading`: see `applying/reign.ts`.
 *
 * What is lost decides what is done anew: the store, or the epoch in it → another epoch, the source stays open and what it
 * told meanwhile is dropped; the source, or PostgreSQL → both; the leadership → everything, as a follower. Who is elected and
 * cannot lead for a while, since a link of its own is lost perhaps, lets another try.
 *
 * ## Invariants
 *
 * - F1 Between the opening of the source and a take-over nothing that is heard is lost, or what was heard before the log was
 *   read is covered by the new epoch.
 * - F2 Nothing grows while the store or PostgreSQL is away.
 * - F3 Nothing but `stop()` ends it; whatever fails is told and tried again, with a growing pause.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { type Leader, NotLeaderError, StoreUnavailableError } from "../orm/cache/stores/cache_store.ts";
import { formatLsn } from "../pool/consistency/lsn.ts";
import type { PoolOptions } from "../pool/configuration/pool_options.ts";
import { pause, within } from "../pool/pause.ts";
import type { LogLevel, PoolLogFields } from "../pool/telemetry/pool_log.ts";
import { Pool } from "../pool/pool.ts";
import { Primary } from "./applying/primary.ts";
import { Reign } from "./applying/reign.ts";
import { Coverage, COVERAGE_DOCUMENT } from "./coverage/coverage.ts";
import type { Leadership } from "./election/leader_election.ts";
import {
  type ReflectorOptions,
  type ResolvedReflectorOptions,
  resolveReflectorOptions,
} from "./reflector_options.ts";
import { type ChangeSource, SourceLostError } from "./source/change_source.ts";
import { makeSource } from "./source/make_source.ts";
import { SourceFeed } from "./source/source_feed.ts";
import type { ReflectorState, ReflectorStatus } from "./status.ts";
import { StatusBoard } from "./status_board.ts";

/** Milliseconds between two attempts to establish: at first, and at most. */
const FIRST_PAUSE = 50;
const LAST_PAUSE = 2_000;
/** Milliseconds for which one that was deposed does not campaign. */
const DEPOSED = 1_000;
/** Milliseconds after which one that is elected and cannot lead resigns, and for which it does not campaign then. */
const HELPLESS = 5_000;
const ASIDE = 1_000;
/** Milliseconds between two looks at who leads. */
const LEADER_INTERVAL = 1_000;
/** Milliseconds that handing over, and closing what is lost, may take. */
const GOODBYE = 2_000;

/** A source that has to be told what to follow. */
interface FollowingSource extends ChangeSource {
  follow(tables: Coverage["tables"]): void;
}

/** What an epoch was established with. */
interface Established {
  readonly leader: Leader;
  readonly timeline: string;
  readonly database: string;
  readonly reign: Reign;
}

/**
 * Keeps a cache coherent with its database.
 *
 * @example
 * ```ts
 * import { MemoryStore, Pool } from "@lifeguard/core";
 * import { Reflector } from "@lifeguard/core/reflector";
 *
 * await using pool = new Pool("pglite:");
 * await using store = new MemoryStore();
 * await using reflector = new Reflector({ database: pool, store });
 * await reflector.start();
 * console.assert(reflector.status().state !== "idle");
 * ```
 */
export class Reflector implements AsyncDisposable {
  readonly #options: ResolvedReflectorOptions;
  readonly #board: StatusBoard;
  readonly #abort = new AbortController();
  readonly #pool: Pool;
  readonly #ownsPool: boolean;
  readonly #primary: Primary;
  #state: ReflectorState = "idle";
  #since = new Date();
  #running: Promise<void> | undefined;
  #feed: SourceFeed | undefined;
  #established: Established | undefined;
  #coverage: Coverage | undefined;
  #storeAnswers = true;
  #leaderName: string | undefined;

  /**
   * Creates a reflector; nothing is connected yet.
   *
   * @throws {ConfigError} When an option is wrong; says which, and what to give.
   */
  constructor(options: ReflectorOptions) {
    this.#options = resolveReflectorOptions(options);
    const { database, observer, logger } = this.#options;
    this.#board = new StatusBoard(observer, logger);
    this.#ownsPool = !(database instanceof Pool);
    this.#pool = database instanceof Pool ? database : new Pool(withLogger(database, this.#board));
    this.#primary = new Primary(this.#pool, this.#board);
  }

  /** Begins: it takes part in the election, and leads when it is elected. Returns at once. */
  start(): Promise<void> {
    if (this.#state === "stopped") {
      return Promise.reject(new Error("Cannot start the reflector: it was stopped; create another"));
    }
    if (this.#running === undefined) {
      this.#running = Promise.all([this.#run(), this.#watchLeader()]).then(() => {}, (error) => {
        this.#board.fault("callback_failed", "The reflector ended by itself", error);
      });
    }
    return Promise.resolve();
  }

  /** Ends, and hands the leadership over. */
  async stop(): Promise<void> {
    if (!this.#abort.signal.aborted) {
      this.#abort.abort(new Error("The reflector was stopped"));
      await this.#running;
      this.#move("stopped", "it was stopped");
      if (this.#ownsPool) await this.#pool.close({ timeout: GOODBYE });
    }
    await this.#running;
  }

  /** Ends, and hands the leadership over. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** A snapshot of what it does. */
  status(): ReflectorStatus {
    const { name, election, store } = this.#options;
    const established = this.#established;
    const figures = established?.reign.figures;
    const coverage = this.#coverage;
    const isLeading = this.#state === "leading";
    return {
      name,
      state: this.#state,
      since: this.#since,
      leader: this.#leaderName,
      election: election.kind,
      source: this.#feed?.source.kind,
      store: store.kind,
      storeAnswers: this.#storeAnswers,
      watermark: established === undefined ? undefined : {
        ...established.leader,
        timeline: established.timeline,
        database: established.database,
        lsn: formatLsn(figures!.lsn),
        seq: figures!.seq,
      },
      lag: {
        canary: isLeading ? figures?.canary : undefined,
        silence: isLeading && figures?.heardAt !== undefined
          ? performance.now() - figures.heardAt
          : undefined,
        apply: isLeading ? figures?.apply : undefined,
        walBytes: isLeading ? figures?.backlog?.walBytes : undefined,
        queueUsage: isLeading ? figures?.backlog?.queueUsage : undefined,
      },
      activeKeys: this.#board.activeKeys,
      coverage: coverage === undefined ? undefined : {
        hash: coverage.hash,
        tables: coverage.tables.map((table) => table.name),
        refused: coverage.refused,
      },
      counters: { ...this.#board.counters },
      rates: this.#board.rates,
      alarms: isLeading ? figures?.backlog?.alarms ?? [] : [],
      faults: this.#board.faults,
    };
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      this.#move("following", "another may lead");
      let leadership: Leadership;
      try {
        leadership = await this.#options.election.campaign(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#board.fault("postgres_lost", "The election failed", error);
        await pause(LAST_PAUSE, signal).catch(() => {});
        continue;
      }
      this.#board.count("leaderChanges");
      let aside = 0;
      try {
        aside = await this.#lead(leadership);
      } finally {
        if (this.#established !== undefined) this.#board.count("leaderChanges");
        await this.#closeFeed();
        await within(leadership.resign(), GOODBYE);
      }
      if (aside > 0) await pause(aside, signal).catch(() => {});
    }
  }

  /** Leads until the leadership is lost, it is stopped, or it cannot; for how long another is to try first. */
  async #lead({ lost }: Leadership): Promise<number> {
    const signal = AbortSignal.any([this.#abort.signal, lost]);
    let couldLead = performance.now();
    for (let wait = FIRST_PAUSE; !signal.aborted;) {
      this.#move("establishing", "it was elected, or has to begin anew");
      try {
        const established = await this.#establish(signal);
        this.#established = established;
        this.#move("leading", `epoch ${established.leader.epoch}`);
        wait = FIRST_PAUSE;
        await established.reign.run(signal).finally(() => couldLead = performance.now());
      } catch (error) {
        if (signal.aborted) break;
        if (error instanceof NotLeaderError) {
          if (await this.#isDeposed()) {
            this.#board.fault("deposed", "Another reflector has taken over", error);
            // Two that both believe to be elected must not chase each other.
            await pause(DEPOSED, signal).catch(() => {});
            return 0;
          }
          this.#board.fault("store_lost", "The store is not what it was", error);
        } else if (error instanceof StoreUnavailableError) {
          this.#storeAnswers = false;
          this.#board.fault("store_lost", "The store does not answer", error);
        } else {
          const event = error instanceof SourceLostError ? "source_lost" : "postgres_lost";
          this.#board.fault(event, "What changes is not heard any more", error);
          await this.#closeFeed();
        }
      }
      if (performance.now() - couldLead > HELPLESS) {
        this.#board.fault(
          "deposed",
          `It was elected, but could not lead for ${HELPLESS} ms; another may try`,
        );
        return ASIDE;
      }
      await pause(wait * (1 + Math.random() / 2), signal).catch(() => {});
      wait = Math.min(LAST_PAUSE, 2 * wait);
    }
    if (lost.aborted && !this.#abort.signal.aborted) {
      this.#board.fault("deposed", "The leadership was lost", lost.reason);
    }
    return 0;
  }

  /** Begins an epoch. */
  async #establish(signal: AbortSignal): Promise<Established> {
    const { store, publication, tables, canaryInterval, refresh, refreshConcurrency, prefix } = this.#options;
    this.#feed?.assertOpen();
    const feed = this.#feed ??= await SourceFeed.open(
      await makeSource(this.#options, { pool: this.#pool, board: this.#board, signal }),
      signal,
    );
    const candidates = { source: feed.source.kind, publication, tables };
    const coverage = await this.#primary.probe((pool) => Coverage.read(pool, candidates, signal));
    this.#cover(coverage);
    // Whatever comes later than this is kept, and applied in the new epoch.
    this.#board.count("dropped", feed.forget());
    const { lsn, timeline, database } = await this.#primary.place(signal);
    const epoch = randomBytes(12).toString("base64url");
    await this.#board.timed("store", "document", () => store.document(COVERAGE_DOCUMENT, coverage.text));
    const leader = await this.#board.timed(
      "store",
      "advance",
      () => store.advance({ takeOver: true, epoch, timeline, database, lsn, coverage: coverage.hash }),
    );
    this.#answered(true);
    this.#board.count("epochs");
    const reign = new Reign({
      ...{ store, feed, leader, coverage, prefix, canaryInterval },
      primary: this.#primary,
      board: this.#board,
      refreshConcurrency: refresh ? refreshConcurrency : 0,
      covered: (changed) => this.#cover(changed),
      answered: (answers) => this.#answered(answers),
    }, lsn);
    return { leader, timeline, database, reign };
  }

  #cover(coverage: Coverage): void {
    if (coverage.hash !== this.#coverage?.hash) {
      this.#board.log("info", `${coverage.tables.length} tables are covered`, "coverage", {
        tables: coverage.tables.map(({ name }) => name),
        hash: coverage.hash,
      });
      for (const { name, reason } of coverage.refused) {
        this.#board.log("warn", `"${name}" is not covered: ${reason}`, "refused", { table: name, reason });
      }
    }
    this.#coverage = coverage;
    const source = this.#feed?.source;
    if (source !== undefined && "follow" in source) (source as FollowingSource).follow(coverage.tables);
  }

  /** Whether a store that does not let it write has another leader. */
  async #isDeposed(): Promise<boolean> {
    const leader = this.#established?.leader;
    if (leader === undefined) return false;
    try {
      const seen = await this.#options.store.watermarks();
      return seen.some((watermark) =>
        watermark !== undefined && watermark.term >= leader.term && watermark.epoch !== leader.epoch
      );
    } catch {
      return false;
    }
  }

  #answered(answers: boolean): void {
    if (answers === this.#storeAnswers) return;
    this.#storeAnswers = answers;
    if (answers) this.#board.log("info", "The store answers again", "store_back");
    else this.#board.fault("store_lost", "The store does not answer; it is asked again");
  }

  async #closeFeed(): Promise<void> {
    const feed = this.#feed;
    this.#feed = undefined;
    if (feed !== undefined) await within(feed[Symbol.asyncDispose](), GOODBYE);
  }

  #move(state: ReflectorState, reason: string): void {
    const before = this.#state;
    if (state === before) return;
    this.#state = state;
    this.#since = new Date();
    if (state !== "idle") this.#board.log("info", `${state}: ${reason}`, state);
    this.#board.moved(state, before);
  }

  /** Looks now and then who leads, for those who ask this one. */
  async #watchLeader(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        this.#leaderName = await this.#options.election.leader(
          AbortSignal.any([signal, AbortSignal.timeout(GOODBYE)]),
        );
      } catch {
        this.#leaderName = undefined;
      }
      await pause(LEADER_INTERVAL, signal).catch(() => {});
    }
  }
}

/** A pool's options, with what it reports among the reflector's. */
function withLogger(database: string | URL | PoolOptions, board: StatusBoard): PoolOptions {
  const at = (level: LogLevel) => (message: string, { event, ...fields }: PoolLogFields): void =>
    board.log(level, message, "connection", { ...fields, what: event });
  const logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return typeof database === "string" || database instanceof URL
    ? { url: String(database), logger }
    : { logger, ...database };
}
