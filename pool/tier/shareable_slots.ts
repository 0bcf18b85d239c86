/**
 * Finding a busy slot behind whose statements a quick one may be put.
 *
 * @module
 */
import type { Slot } from "./slot.ts";

/** How many slots are looked at to find the least loaded one. */
const CANDIDATES = 8;

/** The slots of a tier as places for pipelined statements. */
export class ShareableSlots {
  readonly #slots: readonly Slot[];
  readonly #depth: number;
  readonly #budget: number;
  #cursor = 0;
  /** The time, while the calls of one tick are placed; 0 when it is to be read anew. */
  #time = 0;
  readonly #forgetTime: () => void = () => void (this.#time = 0);

  /**
   * Creates the search over slots.
   *
   * @param slots The slots.
   * @param depth Statements in flight on one slot at most; 1 for no pipelining.
   * @param budget Milliseconds that a slot's backlog may take at most.
   */
  constructor(slots: readonly Slot[], depth: number, budget: number) {
    this.#slots = slots;
    this.#depth = depth;
    this.#budget = budget;
  }

  /** The least loaded of a few that take more, beginning where the last search ended. */
  find(): Slot | undefined {
    if (this.#depth <= 1) return undefined;
    const slots = this.#slots;
    const now = this.#now();
    let best: Slot | undefined;
    let seen = 0;
    for (let step = 0; step < slots.length && seen < CANDIDATES; step++) {
      this.#cursor = this.#cursor + 1 < slots.length ? this.#cursor + 1 : 0;
      const slot = slots[this.#cursor];
      if (!slot.accepts(this.#depth, this.#budget, now)) continue;
      seen++;
      if (best === undefined || slot.session!.depth < best.session!.depth) best = slot;
    }
    return best;
  }

  /** The time, read once for calls made at once: the clock costs more than the search. */
  #now(): number {
    if (this.#time === 0) {
      this.#time = performance.now();
      queueMicrotask(this.#forgetTime);
    }
    return this.#time;
  }
}
