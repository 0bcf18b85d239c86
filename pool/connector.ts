/**
 * Makes and heals the connections of one tier: at most two handshakes at once for the whole pool, one backoff for
 * the whole tier.
 *
 * States: `working` (attempts are made as slots ask for them) → `backing off` (the last attempt failed with something
 * that may pass: one attempt at a time, after a pause that doubles up to a limit, with jitter) → `working`; or
 * → `refused` (the last attempt failed for good: a wrong password, say. No attempt is made until a call asks again,
 * and not before the pause has passed).
 *
 * @module
 */
import type { Session } from "./wire/session.ts";
import { ConnectionError, LifeguardError } from "./wire/errors.ts";

/** Handshakes of one pool that may run at the same time. */
const HANDSHAKES = 2;

/** The handshakes of one pool, shared by its tiers. */
export class HandshakeLimit {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** Resolves when a handshake may begin. */
  async enter(): Promise<void> {
    if (this.#running < HANDSHAKES) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Ends a handshake. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}

/** How a connector is set up. */
export interface ConnectorOptions {
  /** Makes one connection. */
  readonly connect: (signal: AbortSignal) => Promise<Session>;
  /** The pool's handshakes. */
  readonly limit: HandshakeLimit;
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
  #attempts = 0;
  #failures = 0;
  #notBefore = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastError: Error | undefined;
  #isFinal = false;

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
    const most = this.#failures > 0 ? 1 : HANDSHAKES;
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
    const { limit, connect } = this.#options;
    const { signal } = this.#abort;
    await limit.enter();
    let session: Session | undefined;
    try {
      signal.throwIfAborted();
      session = await connect(signal);
      this.#succeeded();
    } catch (error) {
      if (!signal.aborted) this.#failed(error instanceof Error ? error : new Error(String(error)));
    } finally {
      limit.leave();
      this.#attempts--;
    }
    if (session !== undefined) {
      const connected = this.#wanted.shift();
      if (connected === undefined || signal.aborted) session.destroy();
      else connected(session);
    }
    this.#next();
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#notBefore = 0;
    this.#lastError = undefined;
    this.#isFinal = false;
  }

  #failed(error: Error): void {
    const { backoffMin, backoffMax, failed } = this.#options;
    this.#lastError = error;
    this.#isFinal = error instanceof LifeguardError && !error.retryable;
    const pause = Math.min(backoffMax, backoffMin * 2 ** Math.min(this.#failures++, 30));
    // At most ten attempts a second, whatever the settings say.
    this.#notBefore = performance.now() + Math.max(100, pause) * (1 + Math.random() * 0.5);
    if (this.#isFinal) this.forget();
    failed(error, this.#isFinal);
  }
}
