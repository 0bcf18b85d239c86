/**
 * Notices when everybody who holds a slot of a tier waits for another one.
 *
 * A suspicion is watched until it is confirmed or gone, since a holder need not wait for what it has asked for: it is
 * confirmed when for a while every holder only waits and runs nothing.
 *
 * @module
 */
import type { Channel } from "./channel.ts";
import type { Lease } from "./lease.ts";
import type { Slot } from "./slot.ts";
import type { Waiter } from "./waiter.ts";

/** Milliseconds in which every holder of a slot must only have waited for another one. */
const DEADLOCK_AFTER = 200;

/** Watches a tier for deadlocks. */
export class DeadlockWatch {
  readonly #slots: readonly Slot[];
  readonly #channel: Channel;
  readonly #found: (victim: Waiter) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  /**
   * Creates a watch.
   *
   * @param slots The tier's slots.
   * @param channel The calls that wait.
   * @param found Told who is to be refused: the holder who began to wait last.
   */
  constructor(slots: readonly Slot[], channel: Channel, found: (victim: Waiter) => void) {
    this.#slots = slots;
    this.#channel = channel;
    this.#found = found;
  }

  /** Somebody who holds a slot has begun to wait. */
  suspect(): void {
    if (this.#timer !== undefined || this.#isStopped || !this.#isDeadlocked(0)) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isDeadlocked(DEADLOCK_AFTER)) {
        const victim = [...this.#channel].findLast((waiter) => waiter.holder !== undefined);
        if (victim !== undefined) this.#found(victim);
      }
      this.suspect();
    }, DEADLOCK_AFTER + 1);
  }

  /** Ends the watch. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Whether every slot is held by somebody who waits for another one and has run nothing for so many ms. */
  #isDeadlocked(stillFor: number): boolean {
    const before = performance.now() - stillFor;
    for (const { state, lease, session, idleSince } of this.#slots) {
      if (state !== "open" || lease === undefined) return false;
      if (stillFor > 0 && (session!.depth > 0 || Math.max(idleSince, lease.takenAt) > before)) return false;
    }
    const waiting = new Set<Lease>();
    for (const { holder } of this.#channel) if (holder !== undefined) waiting.add(holder);
    return this.#slots.every((slot) => waiting.has(slot.lease!));
  }
}
