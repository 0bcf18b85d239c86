/**
 * The deadlines of the answers that one connection awaits, watched with one timer.
 *
 * A timer for each answer costs more than its making: runtimes keep timers in a map that lives as long as the program,
 * whose discarded tables keep each other alive (see `flights.ts`), and with them the answers.
 *
 * Invariants:
 * - A promise that was made here settles: with its answer, or when its time is over.
 * - An answer that arrived while this thread was busy counts, whenever it is looked at.
 * - What has settled is held by nothing here.
 * - The timer runs only while something is awaited, or for the time of one answer longer; it keeps no program alive.
 *
 * @module
 */
import { clearTimeout, setImmediate, setTimeout } from "node:timers";

/** An answer that is awaited. */
interface Awaited {
  readonly until: number;
  /** Undefined once it has settled. */
  giveUp: (() => void) | undefined;
}

/** See the module's head. */
export class AnswerWatch {
  readonly #late: (timeout: number) => Error;
  #awaited: Awaited[] = [];
  #settled = 0;
  #timer: { readonly at: number; readonly handle: ReturnType<typeof setTimeout> } | undefined;

  /**
   * Creates a watch.
   *
   * @param late Makes the error of an answer that did not come in time.
   */
  constructor(late: (timeout: number) => Error) {
    this.#late = late;
  }

  /**
   * An answer, given up after a time.
   *
   * @param answer The answer.
   * @param timeout Milliseconds.
   */
  within<Result>(answer: Promise<Result>, timeout: number): Promise<Result> {
    return new Promise((resolve, reject) => {
      const awaited: Awaited = {
        until: performance.now() + timeout,
        giveUp: () => reject(this.#late(timeout)),
      };
      answer.then((result) => {
        this.#settle(awaited);
        resolve(result);
      }, (error) => {
        this.#settle(awaited);
        reject(error);
      });
      this.#awaited.push(awaited);
      this.#watch(awaited.until);
    });
  }

  /** Stops the timer: what is awaited still settles by itself. */
  close(): void {
    clearTimeout(this.#timer?.handle);
    this.#timer = undefined;
  }

  #settle(awaited: Awaited): void {
    if (awaited.giveUp === undefined) return;
    awaited.giveUp = undefined;
    this.#settled++;
    if (this.#settled === this.#awaited.length) this.#awaited.length = 0;
    else if (this.#settled < 64 || this.#settled * 2 < this.#awaited.length) return;
    else this.#awaited = this.#awaited.filter(({ giveUp }) => giveUp !== undefined);
    this.#settled = 0;
  }

  #watch(until: number): void {
    if (this.#timer !== undefined && this.#timer.at <= until) return;
    clearTimeout(this.#timer?.handle);
    const handle = setTimeout(() => setImmediate(() => this.#look()), Math.max(0, until - performance.now()));
    handle.unref();
    this.#timer = { at: until, handle };
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    let next = Infinity;
    for (const awaited of [...this.#awaited]) {
      if (awaited.giveUp === undefined) continue;
      if (awaited.until <= now + 0.5) {
        const { giveUp } = awaited;
        this.#settle(awaited);
        giveUp();
      } else next = Math.min(next, awaited.until);
    }
    if (next < Infinity) this.#watch(next);
  }
}
