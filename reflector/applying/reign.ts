/**
 * One leadership of one epoch: changes are applied, canaries sent, rows read again, until something is lost.
 *
 * Two loops: one applies what has come, the other sends canaries and, when one has come out with everything before it
 * applied, looks for DDL and moves the watermark.
 *
 * Invariants:
 * - G1 A batch's floor is the insert LSN, read when all of the batch was visible: rows read before the change have lower
 *   versions. It never waits for refreshes.
 * - G2 The watermark's `lsn` is the insert LSN from before a canary was sent, written when that canary had come out,
 *   everything before it was applied and the catalogs were looked at. (An LSN read later would cover commits whose
 *   changes have not been heard yet.) It stays below commits that were
 *   read and are not visible yet: a standby may show these. After changes the next canary is sent early, so that it stays close.
 * - G3 A canary is sent only when the store has the number of the one before it: who has seen that number knows that this
 *   canary was sent after looking, however late the script with its own number arrives.
 * - G4 What failed to reach the store is sent again for a while, then the epoch is given up; nothing is kept for later.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import type { CacheStore, Leader, Voided } from "../../orm/cache/stores/cache_store.ts";
import { type Coverage, COVERAGE_DOCUMENT } from "../coverage/coverage.ts";
import { type SourceBacklog, SourceLostError } from "../source/change_source.ts";
import type { SourceFeed } from "../source/source_feed.ts";
import type { StatusBoard } from "../status_board.ts";
import { type ChangedKey, changedKeys } from "./changed_keys.ts";
import { patiently } from "./patience.ts";
import type { PendingBatch } from "./pending_changes.ts";
import type { Primary } from "./primary.ts";
import { RowRefresher, type StaleRow } from "./row_refresher.ts";

/** Keys voided by one call. */
const CHUNK = 1_000;
/** The least milliseconds between two canaries, when changes have come. */
const EARLY = 50;
/** How many times as long as looking for DDL takes the time between two looks is at least. */
const PROBE_SHARE = 10;
/** Milliseconds between two looks at what waits for the source. */
const BACKLOG_INTERVAL = 2_000;
/** Milliseconds after which a canary that has not come out means that nothing is heard. */
const DEAF = { notify: 5_000, logical: 30_000 } as const;

/** What a reign works with. */
export interface ReignOptions {
  readonly store: CacheStore;
  readonly primary: Primary;
  readonly feed: SourceFeed;
  readonly leader: Leader;
  readonly coverage: Coverage;
  readonly board: StatusBoard;
  readonly prefix: string;
  /** Milliseconds. */
  readonly canaryInterval: number;
  /** Reads at a time; 0 for none. */
  readonly refreshConcurrency: number;
  /** Told of another coverage. */
  readonly covered: (coverage: Coverage) => void;
  /** Told whether the store answers. */
  readonly answered: (answers: boolean) => void;
}

/** What a reign says of itself. */
export interface ReignFigures {
  lsn: bigint;
  seq: number;
  /** Milliseconds the last canary took. */
  canary: number | undefined;
  /** When the last canary came out, in monotonic milliseconds. */
  heardAt: number | undefined;
  /** Milliseconds the last batch took. */
  apply: number | undefined;
  backlog: SourceBacklog | undefined;
}

/** One leadership; see the module's head. */
export class Reign {
  readonly figures: ReignFigures;
  readonly #options: ReignOptions;
  #coverage: Coverage;
  #refresher: RowRefresher | undefined;
  #outstanding: { readonly id: string; readonly out: (hidden: bigint | undefined) => void } | undefined;
  #hasChanged = false;
  #urge: (() => void) | undefined;
  #probeTook = 0;
  #backlogAt = 0;

  /** Begins where the leader took over. */
  constructor(options: ReignOptions, lsn: bigint) {
    this.#options = options;
    this.#coverage = options.coverage;
    this.figures = {
      lsn,
      seq: 0,
      canary: undefined,
      heardAt: undefined,
      apply: undefined,
      backlog: undefined,
    };
  }

  /**
   * Reigns until something is lost.
   *
   * @throws What ended it: the signal's reason, {@link SourceLostError}, an error of the store or of PostgreSQL.
   */
  async run(signal: AbortSignal): Promise<never> {
    const { store, primary, leader, board, refreshConcurrency } = this.#options;
    const abort = new AbortController();
    const onAbort = (): void => abort.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    if (refreshConcurrency > 0) {
      this.#refresher = new RowRefresher({
        ...{ store, primary, leader, board },
        concurrency: refreshConcurrency,
        signal: abort.signal,
      });
    }
    const loops = [this.#applyAll(abort.signal), this.#sendCanaries(abort.signal)];
    try {
      return await Promise.race(loops);
    } finally {
      signal.removeEventListener("abort", onAbort);
      abort.abort(new Error("The reign is over"));
      this.#urge?.();
      await Promise.allSettled(loops);
      await this.#refresher?.settled();
    }
  }

  async #applyAll(signal: AbortSignal): Promise<never> {
    const { feed } = this.#options;
    while (true) {
      await feed.ready(signal);
      const batch = feed.pending.take();
      if (batch !== undefined) await this.#apply(batch, signal);
    }
  }

  async #apply(batch: PendingBatch, signal: AbortSignal): Promise<void> {
    const { board, feed, prefix, primary } = this.#options;
    if (batch.rows.size > 0 || batch.tables.size > 0) {
      const floor = await primary.insertLsn(signal);
      const keys = changedKeys(batch, prefix);
      await Promise.all([
        this.#voidAll(keys, floor, signal),
        batch.tables.size === 0 ? undefined : this.#raiseTables([...batch.tables.keys()], floor, signal),
      ]);
      this.figures.apply = performance.now() - batch.since;
      this.#hasChanged = true;
      this.#urge?.();
      board.count("notifications", batch.count);
      board.count("rows", keys.filter(({ id }) => id !== undefined).length);
      board.count("tables", batch.tables.size);
    }
    feed.source.applied(batch.last);
    for (const canary of batch.canaries) {
      if (canary === this.#outstanding?.id) this.#outstanding.out(batch.hidden);
    }
  }

  async #voidAll(keys: readonly ChangedKey[], floor: bigint, signal: AbortSignal): Promise<void> {
    const { board, store, leader } = this.#options;
    const chunks = Array.from(
      { length: Math.ceil(keys.length / CHUNK) },
      (_, index) => keys.slice(index * CHUNK, (index + 1) * CHUNK),
    );
    await Promise.all(chunks.map(async (chunk) => {
      const voided = await this.#ask("void", signal, () => store.void({ keys: chunk, floor, by: leader }));
      const ignored = voided.filter(({ was }) => was === "absent").length;
      board.count("ignored", ignored);
      board.count("voided", voided.length - ignored);
      board.active(voided.filter(({ was }) => was === "active").map(({ key }) => key));
      this.#refresh(chunk, voided);
    }));
  }

  /** Rows in use are read again; lookups are found again by their next reader. */
  #refresh(keys: readonly ChangedKey[], voided: readonly Voided[]): void {
    const refresher = this.#refresher;
    if (refresher === undefined) return;
    const stale: StaleRow[] = [];
    voided.forEach((one, index) => {
      const { id, table: name } = keys[index];
      if (id === undefined || one.ticket === undefined || one.shape === "") return;
      const table = this.#coverage.table(name);
      if (table !== undefined) stale.push({ table, id, voided: one });
    });
    if (stale.length > 0) refresher.add(stale);
  }

  async #raiseTables(tables: readonly string[], floor: bigint, signal: AbortSignal): Promise<void> {
    const { store, leader } = this.#options;
    const floors = new Map(tables.map((table) => [table, floor]));
    await this.#ask("advance", signal, () => store.advance({ by: leader, floor, tables: floors }));
  }

  async #sendCanaries(signal: AbortSignal): Promise<never> {
    const { feed, primary } = this.#options;
    while (true) {
      const sentAt = performance.now();
      this.#hasChanged = false;
      const lsn = await primary.insertLsn(signal);
      const id = randomUUID();
      const { promise: out, resolve } = Promise.withResolvers<bigint | undefined>();
      this.#outstanding = { id, out: resolve };
      await feed.source.canary(id, signal);
      const hidden = await this.#heard(out, signal);
      // What nobody could see at the take-over must be seen first: the watermark is beyond it already.
      if (hidden === undefined || hidden > this.figures.lsn) {
        await this.#publish(
          { lsn: hidden === undefined || lsn < hidden ? lsn : hidden - 1n, sentAt },
          signal,
        );
      }
      await this.#watchBacklog(signal);
      await this.#rest(sentAt, signal);
    }
  }

  /** Waits for a canary to come out; nobody hears anything where it does not. */
  async #heard(out: Promise<bigint | undefined>, signal: AbortSignal): Promise<bigint | undefined> {
    const { source } = this.#options.feed;
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () =>
        reject(
          new SourceLostError(
            `Cannot hear what has changed: a canary did not come out within ${DEAF[source.kind]} ms`,
          ),
        ),
      DEAF[source.kind],
    );
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      if (signal.aborted) onAbort();
      return await Promise.race([out, ended]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Everything up to a canary is applied: looks for DDL, and says so. */
  async #publish(
    { lsn, sentAt }: { readonly lsn: bigint; readonly sentAt: number },
    signal: AbortSignal,
  ): Promise<void> {
    const { board, store, leader, primary } = this.#options;
    const probedAt = performance.now();
    const probe = await primary.probe((pool) => this.#coverage.probe(pool, signal));
    this.#probeTook = performance.now() - probedAt;
    let ddl: { readonly floor: bigint; readonly tables: ReadonlyMap<string, bigint> } | undefined;
    if (probe !== undefined) {
      const floor = await primary.insertLsn(signal);
      ddl = { floor, tables: new Map(probe.changed.map((table) => [table, floor])) };
      await this.#cover(probe.coverage, signal);
      board.count("tables", probe.changed.length);
      board.log("info", `Tables are not what they were: ${probe.changed.join(", ")}`, "schema_changed", {
        tables: probe.changed,
      });
    }
    const seq = this.figures.seq + 1;
    const delay = Math.ceil(performance.now() - sentAt);
    const change = {
      ...{ by: leader, lsn, seq, delay },
      ...(ddl === undefined ? {} : { ...ddl, coverage: this.#coverage.hash }),
    };
    await this.#ask("advance", signal, () => store.advance(change));
    Object.assign(this.figures, { lsn, seq, canary: delay, heardAt: performance.now() });
    board.count("canaries");
  }

  async #cover(coverage: Coverage, signal: AbortSignal): Promise<void> {
    const { store, covered } = this.#options;
    this.#coverage = coverage;
    this.#refresher?.forgetShapes();
    covered(coverage);
    await this.#ask("document", signal, () => store.document(COVERAGE_DOCUMENT, coverage.text));
  }

  async #watchBacklog(signal: AbortSignal): Promise<void> {
    const { board, feed } = this.#options;
    if (performance.now() - this.#backlogAt < BACKLOG_INTERVAL) return;
    this.#backlogAt = performance.now();
    const known = this.figures.backlog?.alarms ?? [];
    const backlog = await feed.source.backlog(signal);
    this.figures.backlog = backlog;
    for (const alarm of backlog.alarms) {
      // Alarms have figures in them, which differ each time.
      if (known.length === 0) board.fault("alarm", alarm);
    }
  }

  /** Waits until the next canary is due: sooner when changes have come. */
  async #rest(sentAt: number, signal: AbortSignal): Promise<void> {
    const { canaryInterval } = this.#options;
    const early = Math.min(canaryInterval, Math.max(EARLY, PROBE_SHARE * this.#probeTook));
    while (true) {
      signal.throwIfAborted();
      const due = sentAt + (this.#hasChanged ? early : canaryInterval) - performance.now();
      if (due <= 0) return;
      const { promise: woken, resolve } = Promise.withResolvers<void>();
      this.#urge = resolve;
      const timer = setTimeout(resolve, due);
      await woken;
      clearTimeout(timer);
      this.#urge = undefined;
    }
  }

  async #ask<Result>(operation: string, signal: AbortSignal, body: () => Promise<Result>): Promise<Result> {
    const { answered, board } = this.#options;
    const result = await patiently(() => board.timed("store", operation, body), {
      signal,
      onFailure: () => answered(false),
    });
    answered(true);
    return result;
  }
}
