/**
 * Whether the cache may be believed, and what a hit is worth (R7): by canaries that came through the change stream, not by
 * anybody's being alive.
 *
 * A canary comes out of the stream behind everything that was visible when it was sent, and when all of that has been
 * applied the watermark's number goes up. When it was sent nobody can tell us: whoever measured it may have been stopped
 * after measuring, for any time. But the leader sends the canary for number n only when it knows that number n − 1 is in
 * the store. So a question of ours that still showed n − 2, or another leadership, was asked before that canary was
 * sent: if we sent it at t, everything committed before t has been applied when we see n. Number n is *current at* t.
 *
 * States of a shard: `unknown` (no watermark, or too few numbers of this leadership seen) → `known`. Another epoch, term or
 * server, or a number that goes down, begins a new history.
 *
 * Invariants: what a number is current at never decreases within a history; only questions' send times count, never
 * those of answers; only this process's monotonic clock.
 *
 * @module
 */
import type { SeenWatermark } from "./stores/cache_store.ts";

/** Milliseconds for which a number is worth something: how much older than the database a hit may be. */
export const TRUST_WINDOW = 1_000;

/** How many numbers are remembered: more than go up while an answer is on its way. */
const MAX_NUMBERS = 32;

/** A number, and when the latest question was sent that showed it. */
interface Shown {
  readonly seq: number;
  askedAt: number;
}

/** What is known of one shard. */
interface Shard {
  /** What it was last seen as. */
  seen: SeenWatermark;
  /** Since when its number is current, in monotonic milliseconds; -Infinity while unknown. */
  currentAt: number;
  /** When the latest question was sent that showed another leadership. */
  readonly before: number;
  /** The numbers that were shown, ascending. */
  readonly shown: Shown[];
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
    // What was asked before something later was seen, and shows another history, is the past.
    const isLate = shard !== undefined && sentAt <= shard.shown.at(-1)!.askedAt;
    if (shard === undefined || !isSameHistory(shard.seen, watermark)) {
      if (isLate) return -Infinity;
      this.#forget(index);
      this.#shards[index] = {
        seen: watermark,
        currentAt: -Infinity,
        before: shard === undefined ? -Infinity : Math.min(shard.shown.at(-1)!.askedAt, sentAt),
        shown: [{ seq: watermark.seq, askedAt: sentAt }],
      };
      return -Infinity;
    }
    const last = shard.shown.at(-1)!;
    if (watermark.seq < last.seq) {
      if (isLate) return -Infinity;
      this.#forget(index);
      return this.saw(watermark, sentAt, index);
    }
    if (watermark.seq === last.seq) {
      if (sentAt > last.askedAt) last.askedAt = sentAt;
    } else {
      shard.shown.push({ seq: watermark.seq, askedAt: sentAt });
      if (shard.shown.length > MAX_NUMBERS) shard.shown.shift();
      shard.currentAt = Math.max(shard.currentAt, Math.min(currentAt(shard, watermark.seq), sentAt));
    }
    shard.seen = watermark;
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

/** When the latest question was sent that was asked before the canary of a number was. */
function currentAt({ shown, before }: Shard, seq: number): number {
  // What a leadership begins with is no canary's.
  if (seq < 1) return -Infinity;
  for (let index = shown.length - 1; index >= 0; index--) {
    if (shown[index].seq <= seq - 2) return shown[index].askedAt;
  }
  return before;
}

function isSameHistory(one: SeenWatermark, other: SeenWatermark): boolean {
  return one === other ||
    one.epoch === other.epoch && one.term === other.term && one.runId === other.runId &&
      one.server === other.server;
}
