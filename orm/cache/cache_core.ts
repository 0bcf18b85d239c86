/**
 * What all models cached on one pool share: the store, whether it may be believed, and what is covered.
 *
 * A clock asks for the watermarks ten times a second. Its answers close the breaker, move the trust window, and say when
 * the list of covered tables has changed; so no read waits to find out that there is nothing to be had.
 *
 * Invariants: a fault of the store never reaches a caller; nobody waits for the store longer than its timeout, and
 * while the breaker is open nobody does at all; nothing is filled or believed of a table that is not covered.
 *
 * @module
 */
import { LABELLED, type LabelledRows } from "../../pool/consistency/labelled.ts";
import { currentSession } from "../../pool/consistency/current_session.ts";
import { pause } from "../../pool/pause.ts";
import type { Pool } from "../../pool/pool.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import { Breaker } from "./breaker.ts";
import { CacheCounters } from "./cache_counters.ts";
import { CacheTelemetry, type CacheTelemetryOptions } from "./cache_telemetry.ts";
import { type Coverage, NO_COVERAGE, readCoverage } from "./coverage.ts";
import { KnownDatabase } from "./known_database.ts";
import type { CacheStore, Fill, KeyLook, LookKey, SeenWatermark } from "./stores/cache_store.ts";
import { Trust } from "./trust.ts";

/** Milliseconds between two questions for the watermarks. */
const POLL_INTERVAL = 100;
/** Milliseconds between two warnings that the store does not answer. */
const WARN_INTERVAL = 10_000;
/** After how many questions it is looked who wants to be told of what it does. */
const LOOK_EVERY = 10;
/** How many different things an operator is told once. */
const MAX_WARNINGS = 1_000;
/** How many batches of fills may be under way; what would be more is not filled. */
const MAX_FILLS = 256;

/** Told what an operator should know. */
export interface CacheLogger {
  /** Something is not as it should be. */
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/** What a core is made of. */
export interface CacheCoreOptions {
  readonly pool: Pool;
  readonly store: CacheStore;
  /** What the store's keys begin with. */
  readonly prefix: string;
  /** Rows kept in this process, a model. */
  readonly nearRows: number;
  readonly logger: CacheLogger;
  readonly telemetry: CacheTelemetryOptions;
}

/** What a look found, and when it was asked. */
export interface Looked {
  readonly sentAt: number;
  readonly looks: readonly KeyLook[];
  /** For each key, since when what it shows is current; -Infinity where it is not to be believed. */
  readonly currentAt: readonly number[];
}

/** See the module's head. */
export class CacheCore {
  readonly pool: Pool;
  readonly prefix: string;
  readonly nearRows: number;
  readonly counters: CacheCounters = new CacheCounters();
  readonly trust: Trust;
  readonly #store: CacheStore;
  readonly #breaker = new Breaker();
  readonly #logger: CacheLogger;
  readonly #database: KnownDatabase;
  readonly #onEpoch = new Set<() => void>();
  readonly #telemetry: CacheTelemetry;
  readonly #warned = new Set<string>();
  #coverage: Coverage = NO_COVERAGE;
  #timer: ReturnType<typeof setInterval> | undefined;
  #polling: Promise<void> | undefined;
  /** When the loss of the store was told last. */
  #warnedAt = -Infinity;
  #filling = 0;
  #polls = 0;
  /** Whether nothing was to be had since the last question was answered. */
  #isInDoubt = false;
  #isClosed = false;

  /** Starts asking. */
  constructor({ pool, store, prefix, nearRows, logger, telemetry }: CacheCoreOptions) {
    this.pool = pool;
    this.prefix = prefix;
    this.nearRows = nearRows;
    this.#store = store;
    this.#logger = logger;
    this.#database = new KnownDatabase(pool);
    this.trust = new Trust((watermark) => this.#database.owns(watermark), () => {
      for (const forget of this.#onEpoch) forget();
    });
    this.#telemetry = new CacheTelemetry(telemetry, {
      attributes: { "db.system.name": store.kind, "lifeguard.cache.prefix": prefix },
      counters: this.counters,
      trusted: () => this.#breaker.state === "closed" && this.trust.holds(performance.now()),
    });
    this.#timer = setInterval(() => void this.poll(), POLL_INTERVAL);
    // Open connections keep a program running, the clock alone must not.
    (this.#timer as unknown as { unref?(): void }).unref?.();
    void this.poll();
  }

  /** The state of the circuit breaker. */
  get breaker(): "closed" | "open" {
    return this.#breaker.state;
  }

  /** What is covered. */
  get coverage(): Coverage {
    return this.#coverage;
  }

  /**
   * Whether the changes of a table are heard; says once why not.
   *
   * @param name `schema.table`.
   */
  covers(name: string): boolean {
    if (this.#coverage.tables.has(name)) return true;
    if (this.#coverage.version !== "") {
      this.warnOnce(
        `Rows of "${name}" are not cached although its model says so: ${
          this.#coverage.refused.get(name) ??
            "the reflector does not hear of its changes; install its triggers, or add it to the publication"
        }`,
      );
    }
    return false;
  }

  /**
   * Whether rows are voided by the key that a model gives them; says once why not. By another key, or the same columns in
   * another order, nobody would ever void them.
   *
   * @param name `schema.table`.
   * @param key The columns' names joined by `+`.
   */
  coversKey(name: string, key: string): boolean {
    if (!this.covers(name)) return false;
    const told = this.#coverage.tables.get(name)!.key;
    if (told === key) return true;
    this.warnOnce(
      `Rows of "${name}" are not cached although its model says so: the model's primary key is "${key}", the table's is "${told}"; declare the same columns in the same order`,
    );
    return false;
  }

  /**
   * Whether lookups by some columns are voided with the changes of their table.
   *
   * @param name `schema.table`.
   * @param lookup The columns' names joined by `+`.
   */
  coversLookup(name: string, lookup: string): boolean {
    return this.covers(name) && this.#coverage.tables.get(name)!.lookups.has(lookup);
  }

  /** Whether it pays to ask the store at this moment. */
  canLook(now: number): boolean {
    const can = this.#breaker.state === "closed" && this.trust.holds(now);
    this.#isInDoubt = !can;
    return can;
  }

  /** Whether that is known not to pay, without asking the clock: until the next question is answered time changes nothing. */
  get isInDoubt(): boolean {
    return this.#isInDoubt;
  }

  /** Has something told when all that was kept is void. */
  onEpoch(forget: () => void): void {
    this.#onEpoch.add(forget);
  }

  /** Tells an operator something, once. */
  warnOnce(message: string): void {
    if (this.#isClosed || this.#warned.size >= MAX_WARNINGS || this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#logger.warn(message, { event: "cache" });
  }

  /** Asks for the watermarks. Never rejects. */
  poll(): Promise<void> {
    return this.#polling ??= this.#poll().finally(() => this.#polling = undefined);
  }

  async #poll(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#polls++ % LOOK_EVERY === 0) this.#telemetry.look();
    const sentAt = performance.now();
    try {
      const watermarks = await this.#store.watermarks();
      if (this.#isClosed) return;
      this.#breaker.answered();
      this.#database.refresh();
      watermarks.forEach((watermark, index) => this.trust.saw(watermark, sentAt, index));
      this.#isInDoubt = false;
      await this.#readCoverage(watermarks.find((watermark) => watermark !== undefined));
    } catch (error) {
      this.#failed(error);
    }
  }

  async #readCoverage(watermark: SeenWatermark | undefined): Promise<void> {
    if (watermark === undefined || watermark.coverage === this.#coverage.version) return;
    this.#coverage = NO_COVERAGE;
    const text = await this.#store.document("coverage");
    if (text !== undefined) this.#coverage = readCoverage(text, watermark.coverage);
  }

  /**
   * Looks at keys; leaves tickets where nothing is. Undefined when the store did not answer.
   *
   * @param keys The keys and their tables.
   */
  async look(keys: readonly LookKey[]): Promise<Looked | undefined> {
    const sentAt = performance.now();
    try {
      const looks = await this.#telemetry.around("look", keys.length, () => this.#store.look(keys));
      // What one answer showed has one watermark for all its keys.
      let last: SeenWatermark | undefined;
      let since = -Infinity;
      const currentAt = looks.map(({ watermark }) => {
        if (watermark === undefined) return -Infinity;
        if (watermark !== last) since = this.trust.saw(last = watermark, sentAt);
        return since;
      });
      return { sentAt, looks, currentAt };
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  /** Reads rows from the primary, as bytes, between two questions for the LSN; learns on which timeline it is. */
  async labelled(statement: Sql): Promise<LabelledRows<Uint8Array>> {
    const read = await this.pool[LABELLED]<Uint8Array>(statement, { raw: true });
    this.#database.saw(read.timeline);
    return read;
  }

  /** Stores what was read, in the background. */
  fill(fills: readonly Fill[]): void {
    if (fills.length === 0 || this.#isClosed) return;
    if (this.#filling >= MAX_FILLS || this.#breaker.state === "open") {
      this.counters.fills.skipped += fills.length;
      return;
    }
    this.#filling++;
    this.#telemetry.around("fill", fills.length, () => this.#store.fill(fills)).then(
      (outcomes) => {
        for (const outcome of outcomes) this.counters.fills[outcome]++;
      },
      (error) => {
        this.counters.fills.skipped += fills.length;
        this.#failed(error);
      },
    ).finally(() => this.#filling--);
  }

  /** Keeps a shape's description where the reflector finds it. Never rejects. */
  async describe(name: string, text: string): Promise<void> {
    try {
      await this.#store.document(name, text);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Waits until it is trusted; false when that takes too long. */
  async ready(timeout: number, signal: AbortSignal | undefined): Promise<boolean> {
    const deadline = performance.now() + timeout;
    while (!this.canLook(performance.now()) || this.#coverage.version === "") {
      const left = deadline - performance.now();
      if (left <= 0 || this.#isClosed) return false;
      await pause(Math.min(left, POLL_INTERVAL / 4), signal);
    }
    return true;
  }

  /** Voids keys after a commit of the running code's session, whose token says up to where. Never rejects. */
  async voidAfterWrite(keys: readonly LookKey[]): Promise<void> {
    const { token } = currentSession(this.pool);
    if (token !== undefined) await this.void(keys, token.lsn);
  }

  /**
   * Voids keys after a commit, so that others see it within a round trip. Never rejects: the reflector does it anyway.
   *
   * @param keys The keys.
   * @param floor The token of the commit.
   */
  async void(keys: readonly LookKey[], floor: bigint): Promise<void> {
    if (keys.length === 0 || this.#isClosed || this.#breaker.state === "open") return;
    try {
      const voiding = { keys, floor, by: "writer" } as const;
      await this.#telemetry.around("void", keys.length, () => this.#store.void(voiding));
      this.counters.voided += keys.length;
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    const before = this.#breaker.state;
    this.#breaker.failed();
    this.counters.storeErrors++;
    const now = performance.now();
    if (before === "closed" && now - this.#warnedAt >= WARN_INTERVAL) {
      this.#warnedAt = now;
      this.#logger.warn(
        `The cache's store does not answer; PostgreSQL is read instead: ${
          error instanceof Error ? error.message : String(error)
        }`,
        { event: "cache_store_lost", error },
      );
    }
  }

  /** Ends asking, and lets go of the store. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#telemetry.close();
    await this.#polling;
    await this.#store[Symbol.asyncDispose]();
  }
}
