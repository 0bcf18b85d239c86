/**
 * Hearing of AbortSignals for as long as something waits or runs.
 *
 * A program may give one signal to thousands of calls at a time, and a runtime looks through all listeners of a signal
 * to add or remove one, so each signal has a single listener of ours, with a list of who is to be told.
 *
 * ## States
 *
 * A watch is `off` → `on` (it is in its signal's list) → `off` (it was told, or stopped).
 *
 * Invariants: a signal has our listener as long as its list is not empty, or it has aborted; who is stopped, also while
 * others are being told, is not told; nothing is kept for a signal that nobody watches.
 *
 * @module
 */
import type { Exchange } from "./wire/session/exchange.ts";

/** Everybody who watches one signal, the earliest first. */
class Watched {
  readonly signal: AbortSignal;
  first: AbortWatch | undefined = undefined;
  last: AbortWatch | undefined = undefined;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  /** The signal has aborted. */
  handleEvent(): void {
    for (let watch = this.first; watch !== undefined; watch = this.first) {
      watch.stop();
      watch.aborted(this.signal.reason);
    }
  }
}

const WATCHED = new WeakMap<AbortSignal, Watched>();

/** Somebody who is told once when a signal aborts. */
export abstract class AbortWatch {
  #watched: Watched | undefined = undefined;
  #next: AbortWatch | undefined = undefined;
  #previous: AbortWatch | undefined = undefined;

  /** Told the signal's reason; must not throw. */
  abstract aborted(reason: unknown): void;

  /** Begins; the signal must not have aborted. */
  protected watch(signal: AbortSignal): void {
    let watched = WATCHED.get(signal);
    if (watched === undefined) {
      watched = new Watched(signal);
      WATCHED.set(signal, watched);
      signal.addEventListener("abort", watched);
    }
    this.#watched = watched;
    this.#previous = watched.last;
    if (watched.last === undefined) watched.first = this;
    else watched.last.#next = this;
    watched.last = this;
  }

  /** Ends it; a second time does nothing. */
  stop(): void {
    const watched = this.#watched;
    if (watched === undefined) return;
    this.#watched = undefined;
    if (this.#previous === undefined) watched.first = this.#next;
    else this.#previous.#next = this.#next;
    if (this.#next === undefined) watched.last = this.#previous;
    else this.#next.#previous = this.#previous;
    this.#next = this.#previous = undefined;
    // One that has aborted does not tell anybody again.
    if (watched.first !== undefined || watched.signal.aborted) return;
    WATCHED.delete(watched.signal);
    watched.signal.removeEventListener("abort", watched);
  }
}

/** Gives a statement up when its caller's signal aborts. */
class ExchangeWatch extends AbortWatch {
  readonly #exchange: Exchange;
  readonly #giveUp: GiveUp;

  constructor(exchange: Exchange, giveUp: GiveUp) {
    super();
    this.#exchange = exchange;
    this.#giveUp = giveUp;
  }

  override aborted(reason: unknown): void {
    this.#giveUp(this.#exchange, reason);
  }

  /** Begins, until the exchange has settled. */
  begin(signal: AbortSignal): void {
    this.#exchange.watch = this;
    this.watch(signal);
  }
}

/** How a statement is given up. */
export type GiveUp = (exchange: Exchange, reason: unknown) => void;

/** Gives up a statement that was given to a connection; it rejects with the reason. */
export function giveUpSubmitted(exchange: Exchange, reason: unknown): void {
  exchange.session?.giveUp(exchange, () => reason);
}

/**
 * Gives a statement up when its caller's signal aborts before it has settled.
 *
 * @param exchange The statement, which was submitted.
 * @param signal The signal, which has not aborted, if there is one.
 * @param giveUp Told the statement and the signal's reason; one function for many statements. Default
 * {@link giveUpSubmitted}.
 */
export function watchSignal(
  exchange: Exchange,
  signal: AbortSignal | undefined,
  giveUp: GiveUp = giveUpSubmitted,
): void {
  if (signal !== undefined && !exchange.settled) new ExchangeWatch(exchange, giveUp).begin(signal);
}
