/**
 * Looks, while a statement runs, for who keeps it waiting: afterwards nobody could tell.
 *
 * @module
 */
import { pause } from "../../pool/pause.ts";
import type { Pool } from "../../pool/pool.ts";
import { type BlockingSession, blockingSessions } from "./blocking_sessions.ts";

/** Milliseconds between two looks, at most and at least. */
const INTERVALS = { longest: 1_000, shortest: 50 };

/** What is watched. */
export interface BlockWatchOptions {
  /** The process that runs the statement. */
  readonly processId: number;
  /** How long it waits for a lock, in milliseconds. */
  readonly lockTimeout: number;
  /** Told when others are in its way than before. */
  readonly onBlocked: (by: readonly BlockingSession[]) => void;
}

/** Watches until it is stopped. */
export class BlockWatch {
  readonly #stopped = new AbortController();
  readonly #ended: Promise<void>;
  #last: readonly BlockingSession[] = [];

  constructor(pool: Pool, options: BlockWatchOptions) {
    this.#ended = this.#watch(pool, options).catch(() => {});
  }

  /** Who was in the way when somebody was, the last time. */
  get blockers(): readonly BlockingSession[] {
    return this.#last;
  }

  /** Ends the watch. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#ended;
  }

  async #watch(pool: Pool, { processId, lockTimeout, onBlocked }: BlockWatchOptions): Promise<void> {
    const { signal } = this.#stopped;
    const half = lockTimeout === 0 ? INTERVALS.longest : lockTimeout / 2;
    const interval = Math.max(INTERVALS.shortest, Math.min(half, INTERVALS.longest));
    for (;;) {
      await pause(interval, signal);
      const by = await blockingSessions(pool, processId, signal);
      if (by.length === 0) continue;
      const isNew = by.map((one) => one.processId).join() !== this.#last.map((one) => one.processId).join();
      this.#last = by;
      if (isNew) onBlocked(by);
    }
  }
}
