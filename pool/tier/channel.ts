/**
 * The calls that wait in a tier: one FIFO, the claims taken from its front, and the deadlines of all.
 *
 * A waiter that is done (served, aborted, timed out) stays where it is until it comes first or the queue is swept; it is
 * not counted.
 *
 * Invariants: `length` is the number of waiters that are not done; each of these is refused by its deadline at the latest,
 * with one timer for all; of those in the queue at most half are done, but for {@link FEW}.
 *
 * @module
 */
import { Claims } from "./claims.ts";
import type { Slot } from "./slot.ts";
import { Waiter } from "./waiter.ts";
import { Deque } from "../wire/deque.ts";
import type { Exchange } from "../wire/session/exchange.ts";

/** Milliseconds by which waits may end together, so that the timer does not run for each. */
const GRANULARITY = 5;

/** How many waits end by their deadlines in one turn of the event loop: each error and its stack take a while. */
const AT_ONCE = 100;

/** How many that are done the queue may hold whatever else it holds. */
const FEW = 64;

/** The waiting calls of a tier. */
export class Channel {
  /** The oldest calls, which need a slot for themselves. */
  readonly claims: Claims;
  readonly #queue = new Deque<Waiter>();
  readonly #expired: (waiters: readonly Waiter[]) => void;
  #length = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;

  /**
   * Creates an empty channel.
   *
   * @param slots The slots that claims earmark.
   * @param expired Told of the waiters whose deadline has passed; it refuses each.
   */
  constructor(slots: readonly Slot[], expired: (waiters: readonly Waiter[]) => void) {
    this.claims = new Claims(slots);
    this.#expired = expired;
  }

  /** How many calls wait. */
  get length(): number {
    return this.#length;
  }

  /** All that wait, the oldest first. */
  *[Symbol.iterator](): Generator<Waiter> {
    for (const waiter of this.claims) if (!waiter.isDone) yield waiter;
    for (const waiter of this.#queue) if (!waiter.isDone) yield waiter;
  }

  /** Adds a call behind all others. */
  push(waiter: Waiter): void {
    this.#queue.push(waiter);
    this.#waits(waiter);
  }

  /** Adds a call before all others: it has waited before. */
  unshift(waiter: Waiter): void {
    this.#queue.unshift(waiter);
    this.#waits(waiter);
  }

  /** The first call that waits behind the claims. */
  first(): Waiter | undefined {
    for (let first = this.#queue.peek(); first !== undefined; first = this.#queue.peek()) {
      if (!first.isDone) return first;
      this.#queue.shift();
    }
    return undefined;
  }

  /** Makes the first call a claim; false when there is no slot it could count on. */
  claim(first: Waiter): boolean {
    if (!this.claims.add(first)) return false;
    this.#queue.shift();
    return true;
  }

  /** Ends the wait of a call that is served now. */
  served(waiter: Waiter): void {
    waiter.isDone = true;
    this.#waited(waiter);
  }

  /** Ends the wait of a call with an error; returns whether others waited for it to be served. */
  refuse(waiter: Waiter, reason: unknown): boolean {
    if (waiter.isDone) return false;
    const isFirst = this.first() === waiter || this.claims.has(waiter);
    this.#waited(waiter);
    waiter.refuse(reason);
    if (this.#queue.length > 2 * this.#length + FEW) this.#queue.retain(({ isDone }) => !isDone);
    return isFirst;
  }

  /** Ends all waits. */
  refuseAll(reason: () => unknown): void {
    for (const waiter of [...this]) this.refuse(waiter, reason());
    this.#queue.clear();
    this.claims.settle();
  }

  /** The wait of a statement, if it waits. */
  waiterOf(exchange: Exchange): Waiter | undefined {
    const { waiter } = exchange;
    return waiter instanceof Waiter && !waiter.isDone ? waiter : undefined;
  }

  /** Ends the watch over the deadlines. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timerAt = -Infinity;
  }

  #waits(waiter: Waiter): void {
    this.#length++;
    if (waiter.demand.kind === "query") waiter.demand.exchange.waiter = waiter;
    this.#watch(waiter.deadline);
  }

  #waited(waiter: Waiter): void {
    this.#length--;
    waiter.watch?.stop();
    if (waiter.demand.kind === "query") waiter.demand.exchange.waiter = undefined;
  }

  #watch(deadline: number, least = GRANULARITY): void {
    if (this.#timerAt <= deadline) return;
    clearTimeout(this.#timer);
    this.#timerAt = deadline;
    this.#timer = setTimeout(() => this.#look(), Math.max(least, deadline - performance.now()));
  }

  #look(): void {
    this.#timerAt = Infinity;
    const now = performance.now() + 1;
    const expired: Waiter[] = [];
    let next = Infinity;
    for (const waiter of this) {
      if (waiter.deadline > now) next = Math.min(next, waiter.deadline);
      else if (expired.length < AT_ONCE) expired.push(waiter);
      else {
        next = now;
        break;
      }
    }
    if (next < Infinity) this.#watch(next, next === now ? 0 : GRANULARITY);
    this.#expired(expired);
  }
}
