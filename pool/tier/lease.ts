/**
 * A slot that one caller has for itself.
 *
 * States: `held` → `released` (the tier cleans the slot), or `held` → `lost` (its connection is gone; everything on it
 * rejects) → `released`. A second release does nothing; a statement after the release is refused.
 *
 * @module
 */
import { within } from "../pause.ts";
import { TransactionClosedError } from "../pool_errors.ts";
import { touchesSession } from "./session_state.ts";
import type { Slot } from "./slot.ts";
import type { TierObserver } from "../telemetry/tier_observer.ts";
import type { ConnectionError } from "../wire/errors.ts";
import type { Exchange } from "../wire/session/exchange.ts";
import type { Session } from "../wire/session/session.ts";

/** Milliseconds for which a release waits for its slot to be clean. */
const PATIENCE = 1_000;

/** What a lease is for; errors and leak reports name it. */
export type LeasePurpose =
  | "transaction"
  | "reserved session"
  | "stream"
  | "COPY"
  | "batch"
  | "advisory lock"
  | "statement";

/** A slot in one caller's hands. */
export class Lease {
  /** What it is for. */
  readonly purpose: LeasePurpose;
  /** The slot's connection. */
  readonly session: Session;
  /** Monotonic milliseconds at which it was taken. */
  readonly takenAt: number = performance.now();
  /** Captured where it was taken, for leak reports; formatted only when it is read. */
  readonly taker: Error;
  /** Whether the session must be reset before its next user. */
  isDirty = false;
  /** The text of its latest statement. */
  latest: string | undefined = undefined;
  /** Why its connection is gone, if so. */
  lost: ConnectionError | undefined = undefined;
  /** Whether a leak was reported. */
  isReported = false;
  /** Who observes what runs on it, if anybody does. */
  observer: TierObserver | undefined = undefined;
  readonly #slot: Slot;
  readonly #release: (lease: Lease, slot: Slot) => Promise<void> | void;
  #isReleased = false;

  /**
   * Takes a slot.
   *
   * @param slot The slot.
   * @param purpose What it is for.
   * @param taker Captured where the caller is.
   * @param release Gives the slot back to its tier.
   */
  constructor(
    slot: Slot,
    purpose: LeasePurpose,
    taker: Error,
    release: (lease: Lease, slot: Slot) => Promise<void> | void,
  ) {
    this.#slot = slot;
    this.session = slot.session!;
    this.purpose = purpose;
    this.taker = taker;
    this.#release = release;
  }

  /** Whether it was released. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** Refuses use after the release or after the connection was lost. */
  assertUsable(): void {
    if (this.#isReleased) throw new TransactionClosedError(this.purpose);
    if (this.lost !== undefined) throw this.lost;
  }

  /** Runs an exchange on the slot's connection, behind those before it. */
  submit(exchange: Exchange): void {
    if (this.#isReleased) return exchange.reject(new TransactionClosedError(this.purpose));
    if (this.lost !== undefined) return exchange.reject(this.lost);
    this.note(exchange.text);
    this.session.submit(exchange);
  }

  /** Runs an exchange of the pool's own, which leaves nothing behind. */
  submitOwn(exchange: Exchange): void {
    // What comes late, from a savepoint that nobody waited for say, must not meet the next user's transaction.
    if (this.#isReleased) return exchange.reject(new TransactionClosedError(this.purpose));
    if (this.lost !== undefined) return exchange.reject(this.lost);
    this.session.submit(exchange);
  }

  /** Remembers a statement's text for reports, and whether the session must be reset after it. */
  note(text: string): void {
    this.latest = text;
    if (!this.isDirty && touchesSession(text)) this.isDirty = true;
  }

  /** Resolves when the server has answered what it is at: a CancelRequest must not hit a BEGIN, for example. */
  answered(): Promise<void> {
    const head = this.session.head;
    if (head === undefined || head.onAnswer !== undefined) return Promise.resolve();
    return new Promise((resolve) => head.onAnswer = resolve);
  }

  /**
   * Gives the slot back; resolves when it is clean. A server that takes long to answer, or has not even confirmed that a
   * statement was cancelled, holds up the slot's next user only.
   */
  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    const isSilent = this.session.owesAnswer;
    const cleaned = this.#release(this, this.#slot);
    if (cleaned !== undefined && !isSilent) await within(cleaned, PATIENCE);
  }
}
