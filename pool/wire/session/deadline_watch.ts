/**
 * The deadlines of a session's exchanges, watched with one timer.
 *
 * @module
 */
import type { Exchange } from "./exchange.ts";

/** Watches deadlines. */
export class DeadlineWatch {
  readonly #waiting: () => Iterable<Exchange>;
  readonly #expired: (exchange: Exchange) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at = 0;
  #isStopped = false;

  /**
   * Creates a watch.
   *
   * @param waiting All exchanges that may have a deadline.
   * @param expired Told of each whose deadline has passed; once.
   */
  constructor(waiting: () => Iterable<Exchange>, expired: (exchange: Exchange) => void) {
    this.#waiting = waiting;
    this.#expired = expired;
  }

  /** Makes sure that the deadline is looked at in time; monotonic milliseconds. */
  watch(deadline: number): void {
    if (this.#isStopped || (this.#timer !== undefined && this.#at <= deadline)) return;
    clearTimeout(this.#timer);
    this.#at = deadline;
    this.#timer = setTimeout(() => this.#look(), Math.max(0, deadline - performance.now()));
  }

  /** Ends it. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    let next = Infinity;
    for (const exchange of [...this.#waiting()]) {
      if (exchange.settled || exchange.deadline === 0) continue;
      if (exchange.deadline <= now + 0.5) {
        exchange.deadline = 0;
        this.#expired(exchange);
      } else next = Math.min(next, exchange.deadline);
    }
    if (next < Infinity) this.watch(next);
  }
}
