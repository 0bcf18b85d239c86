/**
 * From when on at least which state: a function of time that only rises, kept as its steps.
 *
 * Invariant: times and states of the steps both rise. What was forgotten still counts, as its last step.
 *
 * @module
 */

/** The state of a key that nothing is known of. */
export const NO_STATE = -1;

/** The steps by which what is known of a key has risen. */
export class Staircase {
  readonly #times: number[] = [];
  readonly #states: number[] = [];

  /** The number of steps. */
  get length(): number {
    return this.#times.length;
  }

  /**
   * Says that from a time on it was at least this state. Cheapest when times rise.
   *
   * @param time In milliseconds.
   * @param state The state's number.
   */
  add(time: number, state: number): void {
    const index = this.#stepsBefore(time);
    if (index > 0 && this.#states[index - 1] >= state) return;
    let dominated = 0;
    while (index + dominated < this.#states.length && this.#states[index + dominated] <= state) dominated++;
    if (dominated < this.#states.length - index && this.#times[index + dominated] === time) return;
    this.#times.splice(index, dominated, time);
    this.#states.splice(index, dominated, state);
  }

  /** The highest state known before a time. */
  before(time: number): number {
    const index = this.#stepsBefore(time);
    return index === 0 ? NO_STATE : this.#states[index - 1];
  }

  /** The earliest time from which on something newer than a state was known; `Infinity` when there was nothing. */
  firstAbove(state: number): number {
    let low = 0;
    let high = this.#states.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#states[middle] > state) high = middle;
      else low = middle + 1;
    }
    return low === this.#times.length ? Infinity : this.#times[low];
  }

  /** Forgets the steps before a time, but the last of them. */
  forget(before: number): void {
    const count = this.#stepsBefore(before) - 1;
    if (count <= 0) return;
    this.#times.splice(0, count);
    this.#states.splice(0, count);
  }

  /** The number of steps strictly before a time. */
  #stepsBefore(time: number): number {
    let low = 0;
    let high = this.#times.length;
    // Nearly always it is the end that is asked for.
    if (high > 0 && this.#times[high - 1] < time) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#times[middle] < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
