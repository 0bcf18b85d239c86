/**
 * How far the primary's log was when: what a replica's lag is measured against, in bytes and in time, without comparing
 * two machines' clocks.
 *
 * A replica that has replayed what the primary had flushed at a moment is at most as old as that moment. So an idle primary
 * does not look like lag, and one that cannot be reached is compared with where it was last.
 *
 * Invariants: positions and moments both grow along the samples; all of them are of one timeline.
 *
 * @module
 */

/** How far the primary was at a moment. */
interface Sample {
  readonly lsn: bigint;
  /** Monotonic milliseconds, before the question was asked. */
  at: number;
}

/** How far a replica is behind. */
export interface Lag {
  /** Bytes of log it has not replayed. */
  readonly bytes: number;
  /** Milliseconds for which it has been behind; Infinity when it was behind already before the first sample. */
  readonly milliseconds: number;
}

/** Samples kept: more than a replica may be behind and still be of use. */
const MOST_SAMPLES = 1_000;

/** The samples of one primary. */
export class PrimaryLog {
  #timeline: string | undefined;
  #samples: Sample[] = [];

  /** The timeline of the samples; undefined before the first. */
  get timeline(): string | undefined {
    return this.#timeline;
  }

  /** Where it was last. */
  get latest(): bigint {
    return this.#samples.at(-1)?.lsn ?? 0n;
  }

  /** The primary had flushed this much at a moment. */
  note(timeline: string, lsn: bigint, at: number): void {
    if (timeline !== this.#timeline) {
      this.#timeline = timeline;
      this.#samples = [];
    }
    const last = this.#samples.at(-1);
    if (last === undefined || lsn > last.lsn) {
      this.#samples.push({ lsn, at });
      if (this.#samples.length > MOST_SAMPLES) this.#samples.shift();
    } else if (lsn === last.lsn && at > last.at) last.at = at;
  }

  /** How far somebody is behind who has replayed this much; undefined before the first sample. */
  lagOf(replayed: bigint): Lag | undefined {
    const last = this.#samples.at(-1);
    if (last === undefined) return undefined;
    if (replayed >= last.lsn) return { bytes: 0, milliseconds: 0 };
    const caughtUp = this.#samples.findLast(({ lsn }) => lsn <= replayed);
    const bytes = Number(last.lsn - replayed);
    return { bytes, milliseconds: caughtUp === undefined ? Infinity : last.at - caughtUp.at };
  }
}
