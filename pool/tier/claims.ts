/**
 * The claims of a tier: calls that came first in its channel and need a slot for themselves.
 *
 * Invariant: as many slots are earmarked as there are claims, as far as there are slots that others share. An earmarked
 * slot gets nothing more, so it soon falls idle; which slot in the end serves which claim is open. A claim that as many
 * calls have overtaken as there are slots lets nobody else pass.
 *
 * @module
 */
import type { Slot } from "./slot.ts";
import type { Waiter } from "./waiter.ts";

/** The oldest calls that need a slot for themselves. */
export class Claims implements Iterable<Waiter> {
  readonly #slots: readonly Slot[];
  #waiters: Waiter[] = [];
  /** How many calls have been served before claims that came earlier, ever. */
  #passes = 0;

  /** There are no claims on `slots` yet. */
  constructor(slots: readonly Slot[]) {
    this.#slots = slots;
  }

  /** How many there are. */
  get length(): number {
    return this.#waiters.length;
  }

  /** Whether a waiter is one of them. */
  has(waiter: Waiter): boolean {
    return this.#waiters.includes(waiter);
  }

  /** All of them, the oldest first. */
  [Symbol.iterator](): Iterator<Waiter> {
    return this.#waiters[Symbol.iterator]();
  }

  /** Adds a claim and earmarks a slot for it; returns false when there is none that could be. */
  add(waiter: Waiter): boolean {
    if (!this.#earmark()) return false;
    waiter.passesBefore = this.#passes;
    this.#waiters.push(waiter);
    return true;
  }

  /** Whether a call behind the claims may be served before them. */
  get letsPass(): boolean {
    return this.#waiters.length === 0 || this.#passes - this.#waiters[0].passesBefore < this.#slots.length;
  }

  /** A call behind the claims is served before them. */
  passed(): void {
    if (this.#waiters.length > 0) this.#passes++;
  }

  /** Takes the oldest claim off. */
  shift(): Waiter | undefined {
    return this.#waiters.shift();
  }

  /** Drops who does not wait any more, and sees to the invariant after slots or claims have changed. */
  settle(): void {
    if (this.#waiters.some((waiter) => waiter.isDone)) {
      this.#waiters = this.#waiters.filter((waiter) => !waiter.isDone);
    }
    let surplus = -this.#waiters.length;
    for (const slot of this.#slots) {
      if (!slot.isEarmarked) continue;
      if (++surplus > 0) slot.isEarmarked = false;
    }
    while (surplus++ < 0 && this.#earmark());
  }

  /** Keeps the shared slot that will fall idle first free of new work; false when there is none left. */
  #earmark(): boolean {
    let best: Slot | undefined;
    for (const slot of this.#slots) {
      if (slot.state !== "open" || slot.use !== "shared" || slot.isEarmarked || slot.isRetiring) continue;
      if (slot.isSolo) continue;
      if (best === undefined || slot.session!.expected < best.session!.expected) best = slot;
    }
    if (best === undefined) return false;
    best.isEarmarked = true;
    return true;
  }
}
