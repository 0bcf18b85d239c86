/**
 * Makes and heals the connections of one tier: one backoff for all of them. Every attempt is a handshake of the pool,
 * which has few of them for all its tiers; see handshakes.ts.
 *
 * States: `working` (attempts are made as slots ask for them) → `backing off` (the last attempt failed with something
 * that may pass: one attempt at a time, after a pause that doubles up to a limit, with jitter) → `working`; or
 * → `refused` (the last attempt failed for good: a wrong password, say. No attempt is made until a call asks again,
 * and not before the pause has passed).
 *
 * @module
 */
import type { Session } from "../wire/session/session.ts";
import { ConnectionError, LifeguardError } from "../wire/errors.ts";
import type { HandshakeLine, HandshakeOutcome } from "./handshakes.ts";

/** Attempts that may run or wait for their turn at the same time. */
const ATTEMPTS = 2;
/** Milliseconds between two attempts in trouble: at most ten a second, whatever the settings say. */
const MIN_PAUSE = 100;
/** Milliseconds for which new connections are not believed to last after one was lost as soon as it was made. */
const DOUBT = 1_000;

/** How a connector is set up. */
export interface ConnectorOptions {
  /** Makes one connection. */
  readonly connect: (signal: AbortSignal) => Promise<Session>;
  /** Where the attempts take their turn. */
  readonly handshakes: HandshakeLine;
  /** The first pause after a failure, in milliseconds. */
  readonly backoffMin: number;
  /** The longest pause, in milliseconds. */
  readonly backoffMax: number;
  /** Told of every failure, and whether it may pass. */
  readonly failed: (error: Error, isFinal: boolean) => void;
}

/** Makes the connections of a tier. */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #abort = new AbortController();
  readonly #wanted: ((session: Session) => void)[] = [];
  /** Attempts that run or wait for their turn. */
  #attempts = 0;
  #running = 0;
  #failures = 0;
  #notBefore = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastError: Error | undefined;
  #isFinal = false;
  #wastedAt = -Infinity;

  /** Creates a connector; see {@link ConnectorOptions}. */
  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  /** The last failure, until an attempt succeeds. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** Whether the last failure was for good and may not be tried again yet. */
  get isRefused(): boolean {
    return this.#isFinal && performance.now() < this.#notBefore;
  }

  /** Asks for a connection; `connected` is called once when there is one, unless it is cancelled. */
  request(connected: (session: Session) => void): void {
    this.#wanted.push(connected);
    this.#next();
  }

  /** Takes back all requests that no attempt is under way for. */
  forget(): void {
    this.#wanted.length = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Ends all attempts. */
  close(): void {
    this.forget();
    this.#abort.abort(new ConnectionError("Cannot connect: the pool was closed", { neverSent: true }));
  }

  #next(): void {
    if (this.#abort.signal.aborted || this.#timer !== undefined) return;
    // While connecting fails one attempt at a time is enough to see when it works again.
    const most = this.#failures > 0 ? 1 : ATTEMPTS;
    while (this.#attempts < most && this.#attempts < this.#wanted.length) {
      const pause = this.#notBefore - performance.now();
      if (pause > 0) {
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          this.#next();
        }, pause);
        return;
      }
      this.#attempts++;
      this.#attempt();
    }
  }

  async #attempt(): Promise<void> {
    const { signal } = this.#abort;
    let session: Session | undefined;
    try {
      const handshake = await this.#options.handshakes.begin(signal);
      let outcome: HandshakeOutcome = "unused";
      try {
        if (this.#mayBegin()) {
          outcome = "failed";
          this.#running++;
          session = await this.#options.connect(signal).finally(() => this.#running--);
          outcome = "made";
          this.#succeeded();
        }
      } finally {
        handshake.end(outcome);
      }
    } catch (error) {
      if (!signal.aborted) this.#failed(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#attempts--;
    }
    if (session !== undefined) {
      const connected = this.#wanted.shift();
      if (connected === undefined || signal.aborted) session.destroy();
      else connected(session);
    }
    this.#next();
  }

  /** Whether an attempt whose turn has come is still to be made. */
  #mayBegin(): boolean {
    if (this.#abort.signal.aborted || this.#running >= this.#wanted.length) return false;
    return this.#failures === 0 || (this.#running === 0 && performance.now() >= this.#notBefore);
  }

  /** A connection was lost as soon as it was made, which is as good as a failure: a server may do it to all. */
  wasted(): void {
    const now = performance.now();
    this.#options.handshakes.wasted();
    this.#wastedAt = now;
    this.#failures = Math.max(1, this.#failures);
    this.#notBefore = Math.max(this.#notBefore, now + MIN_PAUSE);
  }

  #succeeded(): void {
    const now = performance.now();
    const isDoubtful = now - this.#wastedAt < DOUBT;
    this.#failures = isDoubtful ? 1 : 0;
    this.#notBefore = isDoubtful ? now + MIN_PAUSE : 0;
    this.#lastError = undefined;
    this.#isFinal = false;
  }

  #failed(error: Error): void {
    const { backoffMin, backoffMax, failed } = this.#options;
    this.#lastError = error;
    this.#isFinal = error instanceof LifeguardError && !error.retryable;
    const pause = Math.min(backoffMax, backoffMin * 2 ** Math.min(this.#failures++, 30));
    this.#notBefore = performance.now() + Math.max(MIN_PAUSE, pause) * (1 + Math.random() * 0.5);
    if (this.#isFinal) this.forget();
    failed(error, this.#isFinal);
  }
}
