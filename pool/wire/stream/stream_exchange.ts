/**
 * What the exchanges have in common that keep a session to themselves for a while: cursors and COPY.
 *
 * Beyond the states of every exchange: `open` → `ending` (its Sync is written, nothing more is said) → `released`
 * (the server's answer has ended, or will never come). It may be settled before it is released, as when its caller
 * gave it up; only then the session is free for others.
 *
 * Invariants: a Sync follows in every case, since without one the session would wait for ever; `released` resolves in
 * every case, even for an exchange that was never written; it is never sent a second time once its caller has seen
 * anything of its answer.
 *
 * @module
 */
import { QueryTimeoutError } from "../errors.ts";
import { Exchange, type SyncPolicy } from "../session/exchange.ts";
import type { Session } from "../session/session.ts";

/** Milliseconds in which the server may end by itself what is not wanted any more, before it is cancelled. */
const PATIENCE = 100;

/** An exchange that ends with a Sync of its own making. */
export abstract class StreamExchange extends Exchange {
  readonly sync: SyncPolicy = "manual";
  /** Resolves when the session is free of it. */
  readonly released: Promise<void>;
  #isEnding = false;
  #isAnswered = false;
  #release!: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Prepares `released`. */
  constructor() {
    super();
    this.released = new Promise((resolve) => this.#release = resolve);
  }

  /**
   * Puts it into a session's FIFO.
   *
   * @param patience Milliseconds in which it must have been written, or 0.
   */
  submitTo(session: Session, patience: number): void {
    // It may wait behind others, or for its statement to be prepared.
    this.wait(patience);
    session.submit(this);
  }

  /** Whether its Sync is written. */
  get ending(): boolean {
    return this.#isEnding;
  }

  /** Says what its answer came to; returns false when it was sent again instead. */
  protected abstract conclude(session: Session): boolean;

  /** Tells its caller the error. */
  protected abstract fail(error: unknown): void;

  /** What has to be said to the server before the Sync, if anything. */
  protected parting(): void {}

  /** Writes what is left to be said and the Sync; whatever the server still answers is read to the end. */
  end(): void {
    if (this.#isEnding || this.group === 0) return;
    this.#isEnding = true;
    if (this.failure === undefined) this.parting();
    this.session?.endManual(this);
  }

  /**
   * Ends it for its caller, who is told the reason; a server that is still at it is asked to cancel.
   *
   * @param reason Why; undefined when it is the caller who has enough and waits for nothing.
   * @param options `atOnce`: whether the server gets no time to come to an end by itself.
   */
  abandon(reason: unknown, options: { readonly atOnce?: boolean } = {}): void {
    if (this.settled) return;
    if (this.group === 0) return this.#giveUp(() => reason);
    this.end();
    if (this.complete) return;
    if (options.atOnce) return this.#giveUp(() => reason);
    const timer = setTimeout(() => this.#giveUp(() => reason), PATIENCE);
    this.released.then(() => clearTimeout(timer));
  }

  #giveUp(reason: (confirmed: boolean) => unknown): void {
    if (this.settled || this.givenUp !== undefined) return;
    if (this.session === undefined) this.reject(reason(true));
    else this.session.giveUp(this, reason);
  }

  /** Begins a wait that may take so long; the one before has ended. 0 is for ever. */
  protected wait(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = milliseconds > 0
      ? setTimeout(() => {
        if (this.settled) return;
        this.end();
        this.#giveUp((confirmed) => new QueryTimeoutError(milliseconds, confirmed));
      }, milliseconds)
      : undefined;
  }

  override settle(session: Session): void {
    clearTimeout(this.#timer);
    this.#isAnswered = true;
    if (!this.settled && !this.conclude(session)) return;
    this.#release();
  }

  override reject(error: unknown): void {
    clearTimeout(this.#timer);
    if (this.settled) return;
    this.settled = true;
    this.fail(error);
    if (this.group === 0 || this.session === undefined) this.#release();
    else if (!this.#isAnswered) {
      // The server may be at it still.
      this.session.closed.then(() => this.#release());
      this.end();
    }
  }

  override reset(session: Session | undefined): void {
    super.reset(session);
    this.#isEnding = false;
    this.#isAnswered = false;
  }
}
