/**
 * The circuit breaker between reads and the store: while it is open nobody waits for the store.
 *
 * States: `closed` → (a call failed or took too long) `open` → (the regular question for the watermark was answered)
 * `closed`. So a store in trouble costs the calls that were under way its timeout, once, and whoever comes later
 * nothing; and the question that is asked ten times a second anyway finds out when it is well again.
 *
 * @module
 */

/** The states of a {@link Breaker}. */
export type BreakerState = "closed" | "open";

/** Whether the store is asked at all. */
export class Breaker {
  #state: BreakerState = "open";
  #opened = 0;

  /** Its state; `open` until the store has answered once. */
  get state(): BreakerState {
    return this.#state;
  }

  /** How often it has opened. */
  get opened(): number {
    return this.#opened;
  }

  /** A call failed. */
  failed(): void {
    if (this.#state === "closed") this.#opened++;
    this.#state = "open";
  }

  /** The regular question was answered. */
  answered(): void {
    this.#state = "closed";
  }
}
