/**
 * Finding a busy slot behind whose statements a quick one may be put.
 *
 * @module
 */
import type { Slot } from "./slot.ts";
import type { TickClock } from "./tick_clock.ts";

/** How many slots are looked at to find the least loaded one. */
const CANDIDATES = 8;

/** The slots of a tier as places for pipelined statements. */
export class ShareableSlots {
  readonly #slots: readonly Slot[];
  readonly #depth: number;
  readonly #budget: number;
  #cursor = 0;
  readonly #clock: TickClock;

  /**
   * Creates the search over slots.
   *
   * @param slots The slots.
   * @param limits Statements in flight on one slot at most, 1 for no pipelining; milliseconds that they may take.
   * @param clock What tells the time.
   */
  constructor(
    slots: readonly Slot[],
    limits: { readonly depth: number; readonly budget: number },
    clock: TickClock,
  ) {
    this.#slots = slots;
    this.#depth = limits.depth;
    this.#budget = limits.budget;
    this.#clock = clock;
  }

  /** A slot for a call that comes while nobody waits. */
  find(): Slot | undefined {
    return this.#depth <= 1 ? undefined : this.#search(this.#depth);
  }

  /**
   * A slot for the first of those who wait: `freed` until it is full, if it was half empty, or another half empty one.
   * Filled at one go, calls travel together, and the server's process is woken once for them.
   */
  findForWaiting(freed: Slot | undefined): Slot | undefined {
    if (this.#depth <= 1) return undefined;
    if (freed?.accepts(this.#depth, this.#budget, this.#clock.now())) return freed;
    return this.#search(this.#depth >> 1);
  }

  /** Whether a slot is half empty, so that it is worth filling. */
  isWorthFilling(slot: Slot): boolean {
    return slot.state === "open" && slot.session!.depth <= this.#depth >> 1;
  }

  /** The least loaded of a few with less than `depth` in flight, beginning where the last search ended. */
  #search(depth: number): Slot | undefined {
    const slots = this.#slots;
    const now = this.#clock.now();
    let best: Slot | undefined;
    let seen = 0;
    for (let step = 0; step < slots.length && seen < CANDIDATES; step++) {
      this.#cursor = this.#cursor + 1 < slots.length ? this.#cursor + 1 : 0;
      const slot = slots[this.#cursor];
      if (!slot.accepts(depth, this.#budget, now)) continue;
      seen++;
      if (best === undefined || slot.session!.depth < best.session!.depth) best = slot;
    }
    return best;
  }
}
