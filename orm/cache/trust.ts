/**
 * Whether the cache may be believed, and what a hit is worth (R7): by canaries that came through the change stream, not by
 * anybody's being alive.
 *
 * A canary that is sent at c comes out of the stream, behind everything visible at c, when all of that has been applied;
 * then the watermark's number goes up. We do not see when it was sent. But when a question that was sent at t still
 * showed the number before, the number went up after t, and the canary had taken `delay`: c ≥ t − delay. So each number
 * is *current at* t − delay: whatever was committed before then, a look that shows the number sees.
 *
 * States of a shard: `unknown` (no watermark, or the first number of an epoch: nothing is known of when it went up) →
 * `known` (the number has been seen to go up). Another epoch, term or server leads back to `unknown`; a number that goes
 * down is another history, and does too.
 *
 * Invariants: what a number is current at never decreases within an epoch; only questions' send times count, never
 * those of answers; only this process's monotonic clock.
 *
 * @module
 */
import type { SeenWatermark } from "./stores/cache_store.ts";

/** Milliseconds for which a number is worth something: how much older than the database a hit may be. */
export const TRUST_WINDOW = 1_000;

/** What is known of one shard. */
interface Shard {
  /** What it was last seen as. */
  seen: SeenWatermark;
  /** Since when that number is current, in monotonic milliseconds; -Infinity while unknown. */
  currentAt: number;
  /** When the latest question that showed the number was sent. */
  askedAt: number;
}

/** Which watermarks count: those of this database. */
export type IsOurs = (watermark: SeenWatermark) => boolean;

/** Judges the watermarks of all shards of a store. */
export class Trust {
  readonly #shards: (Shard | undefined)[] = [];
  readonly #isOurs: IsOurs;
  readonly #onEpoch: () => void;

  /**
   * Trusts nothing yet.
   *
   * @param isOurs Whether a watermark is of the database it is to be.
   * @param onEpoch Told when a shard's epoch has changed, or its watermark is gone: nothing kept is worth anything then.
   */
  constructor(isOurs: IsOurs, onEpoch: () => void = () => {}) {
    this.#isOurs = isOurs;
    this.#onEpoch = onEpoch;
  }

  /**
   * Takes in what a question showed.
   *
   * @param watermark The watermark; undefined: there is none in the shard.
   * @param sentAt When the question was sent, in monotonic milliseconds.
   * @param index The shard. Default: the watermark's.
   * @returns Since when what the question showed is current; -Infinity when it is not to be believed.
   */
  saw(watermark: SeenWatermark | undefined, sentAt: number, index: number = watermark?.shard ?? 0): number {
    if (watermark === undefined) {
      this.#forget(index);
      return -Infinity;
    }
    const shard = this.#shards[index];
    if (shard === undefined || !isSameHistory(shard.seen, watermark)) {
      this.#forget(index);
      this.#shards[index] = { seen: watermark, currentAt: -Infinity, askedAt: sentAt };
      return -Infinity;
    }
    if (watermark !== shard.seen) {
      if (watermark.seq < shard.seen.seq) {
        // The answer of an earlier question that came later says nothing new; anything else is another history.
        if (sentAt < shard.askedAt) return this.#believed(watermark, -Infinity);
        this.#shards[index] = { seen: watermark, currentAt: -Infinity, askedAt: sentAt };
        return -Infinity;
      }
      if (watermark.seq > shard.seen.seq) {
        shard.currentAt = Math.max(shard.currentAt, Math.min(shard.askedAt, sentAt) - watermark.delay);
        shard.askedAt = sentAt;
      }
      shard.seen = watermark;
    }
    if (sentAt > shard.askedAt) shard.askedAt = sentAt;
    return this.#believed(watermark, shard.currentAt);
  }

  #believed(watermark: SeenWatermark, currentAt: number): number {
    return watermark.server === watermark.runId && this.#isOurs(watermark) ? currentAt : -Infinity;
  }

  /** Whether a look that is sent now may find something to believe in any shard. */
  holds(now: number): boolean {
    for (const shard of this.#shards) {
      if (shard !== undefined && now - this.#believed(shard.seen, shard.currentAt) <= TRUST_WINDOW) {
        return true;
      }
    }
    return false;
  }

  /** The watermark of the first shard that has one, for those who want to know. */
  get watermark(): SeenWatermark | undefined {
    return this.#shards.find((shard) => shard !== undefined)?.seen;
  }

  #forget(index: number): void {
    if (this.#shards[index] === undefined) return;
    this.#shards[index] = undefined;
    this.#onEpoch();
  }
}

function isSameHistory(one: SeenWatermark, other: SeenWatermark): boolean {
  return one === other ||
    one.epoch === other.epoch && one.term === other.term && one.runId === other.runId &&
      one.server === other.server;
}
