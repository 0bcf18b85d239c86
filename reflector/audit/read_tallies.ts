/**
 * Counts reads by what they asked for and where they were answered.
 *
 * @module
 */
import { READ_MODES, READ_ORIGINS, type ReadEvent } from "./history.ts";
import type { Judgement, ReadTally } from "./judgement.ts";

/** Counts of reads. */
export class ReadTallies {
  readonly #counts: Uint32Array = new Uint32Array(READ_MODES.length * READ_ORIGINS.length);
  readonly #worst: Float64Array = new Float64Array(this.#counts.length);
  #skipped = 0;

  /** Counts a read that was judged. */
  count({ mode, origin }: ReadEvent, staleness: number): void {
    const index = READ_MODES.indexOf(mode) * READ_ORIGINS.length + READ_ORIGINS.indexOf(origin);
    this.#counts[index]++;
    if (staleness > this.#worst[index]) this.#worst[index] = staleness;
  }

  /** Counts a read that could not be judged. */
  skip(): void {
    this.#skipped++;
  }

  /** What was counted. */
  summary(): Pick<Judgement, "judged" | "unjudged" | "tallies" | "bypassed"> {
    const tallies: ReadTally[] = READ_MODES.flatMap((mode, row) =>
      READ_ORIGINS.map((origin, column) => {
        const index = row * READ_ORIGINS.length + column;
        return { mode, origin, reads: this.#counts[index], worst: this.#worst[index] };
      })
    ).filter(({ reads }) => reads > 0);
    const sum = (some: readonly ReadTally[]): number => some.reduce((total, { reads }) => total + reads, 0);
    const cacheable = tallies.filter(({ mode }) => mode === "mixed" || mode === "strong");
    const bypassing = cacheable.filter(({ origin }) => origin === "replica" || origin === "primary");
    return {
      judged: sum(tallies),
      unjudged: this.#skipped,
      tallies,
      bypassed: cacheable.length === 0 ? 0 : sum(bypassing) / sum(cacheable),
    };
  }
}
