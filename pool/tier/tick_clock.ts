/**
 * The monotonic clock, read once for all that happens in one tick: on Deno reading it costs more than placing a call.
 *
 * @module
 */

/** Tells the time of the tick. */
export class TickClock {
  /** 0 when it is to be read anew. */
  #time = 0;
  readonly #forget: () => void = () => void (this.#time = 0);

  /** Monotonic milliseconds, as they were when first asked for in this tick. */
  now(): number {
    if (this.#time === 0) {
      this.#time = performance.now();
      queueMicrotask(this.#forget);
    }
    return this.#time;
  }
}
