/**
 * A leadership that lasts for as long as whoever granted it answers.
 *
 * States: `leading` → `lost` or `resigned`, both of them for good.
 *
 * Invariants:
 * - H1 It is lost at the latest one lease after the latest question that was answered had been sent. Whoever was asked
 *   counts its own lease from when the question arrived, which is later, and so gives the leadership to another later.
 * - H2 `lost` is aborted once at most, and not once it was resigned; what was held is let go exactly once.
 * - H3 One question is asked at a time, and none when it is over.
 * - H4 Only the monotonic clock counts. A process that was stopped finds its lease over before it does anything else.
 *
 * @module
 */
import { within } from "../../pool/pause.ts";
import { type Leadership, LeadershipLostError } from "./leader_election.ts";

/** How a leadership is kept and given up. */
export interface LeadershipHold {
  /** Milliseconds for which an answer is good. */
  readonly lease: number;
  /** When the question was sent whose answer made it the leader, by `performance.now()`. */
  readonly askedAt: number;
  /**
   * Asks whether it still leads.
   *
   * @throws {LeadershipLostError} When it certainly does not; anything else is tried again until the lease is over.
   */
  renew(signal: AbortSignal): Promise<void>;
  /** Gives it up in order, so that another may lead at once. */
  letGo(): Promise<void>;
  /** Drops at once what it was held with; called last, whichever way it ends. */
  drop(): void;
}

/** How often it asks within one lease. */
export const QUESTIONS_PER_LEASE = 4;
/** The part of a lease that is waited after a question that failed. */
const RETRY_PART = 20;

/** The implementation of {@link Leadership}. */
export class HeldLeadership implements Leadership {
  readonly #hold: LeadershipHold;
  readonly #lost = new AbortController();
  /** Ends the question under way. */
  readonly #over = new AbortController();
  #state: "leading" | "lost" | "resigned" = "leading";
  #renewedAt: number;
  #failure: unknown;
  #resigned: Promise<void> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #next: ReturnType<typeof setTimeout> | undefined;

  /** Begins to lead; see {@link LeadershipHold}. */
  constructor(hold: LeadershipHold) {
    this.#hold = hold;
    this.#renewedAt = hold.askedAt;
    this.#watch();
    this.#askIn(hold.lease / QUESTIONS_PER_LEASE);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether it has neither been lost nor resigned. */
  get isLeading(): boolean {
    return this.#state === "leading";
  }

  /** Ends it, when it has not ended yet. */
  lose(reason: LeadershipLostError): void {
    if (!this.#end("lost")) return;
    this.#lost.abort(reason);
    this.#hold.drop();
  }

  async resign(): Promise<void> {
    if (this.#end("resigned")) {
      this.#resigned = within(this.#hold.letGo(), this.#hold.lease).finally(() => this.#hold.drop());
    }
    await this.#resigned;
  }

  #end(state: "lost" | "resigned"): boolean {
    if (this.#state !== "leading") return false;
    this.#state = state;
    clearTimeout(this.#deadline);
    clearTimeout(this.#next);
    this.#over.abort(new LeadershipLostError("The leadership is over"));
    return true;
  }

  /** Sets the clock to the end of the lease. */
  #watch(): void {
    clearTimeout(this.#deadline);
    const left = Math.max(0, this.#renewedAt + this.#hold.lease - performance.now());
    this.#deadline = unreferenced(setTimeout(() => this.#expire(), left));
  }

  #expire(): void {
    this.lose(
      new LeadershipLostError(
        `The leadership is lost: nothing has answered for ${
          Math.round(performance.now() - this.#renewedAt)
        } ms`,
        { cause: this.#failure },
      ),
    );
  }

  #askIn(milliseconds: number): void {
    this.#next = unreferenced(setTimeout(() => void this.#ask(), Math.max(0, milliseconds)));
  }

  async #ask(): Promise<void> {
    const { lease } = this.#hold;
    const sentAt = performance.now();
    if (this.#isOver()) return this.#expire();
    try {
      await this.#hold.renew(this.#over.signal);
      if (this.#state !== "leading") return;
      // Timers come late to a process that was stopped, the answer may be read first.
      if (this.#isOver()) return this.#expire();
      this.#renewedAt = sentAt;
      this.#failure = undefined;
      this.#watch();
      this.#askIn(sentAt + lease / QUESTIONS_PER_LEASE - performance.now());
    } catch (error) {
      if (this.#state !== "leading") return;
      if (error instanceof LeadershipLostError) return this.lose(error);
      this.#failure = error;
      this.#askIn(lease / RETRY_PART);
    }
  }

  #isOver(): boolean {
    return performance.now() - this.#renewedAt >= this.#hold.lease;
  }
}

/** Connections keep a program running, the clock alone must not. */
function unreferenced(timer: ReturnType<typeof setTimeout>): ReturnType<typeof setTimeout> {
  (timer as unknown as { unref?(): void }).unref?.();
  return timer;
}
