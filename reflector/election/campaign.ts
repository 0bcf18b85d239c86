/**
 * Trying again and again to become the leader, until it succeeds or is given up.
 *
 * States: `trying` → `waiting` → `trying` … → won, or given up.
 *
 * Invariants: whoever gives up is answered at once, whatever the attempt under way does; an attempt that succeeds after
 * that is resigned, and the next campaign begins only then.
 *
 * @module
 */
import { pause } from "../../pool/pause.ts";
import { anySignal, untilAborted } from "../../pool/with_signal.ts";
import type { ReflectorLogger } from "../reflector_log.ts";
import type { HeldLeadership } from "./held_leadership.ts";

/** The shortest pause after an attempt that failed, in milliseconds. */
const SHORTEST_PAUSE = 50;

/** How a campaign goes. */
export interface CampaignOptions {
  /** Tries once; undefined when another leads. */
  readonly attempt: (signal: AbortSignal) => Promise<HeldLeadership | undefined>;
  /** Milliseconds between two attempts while another leads. */
  readonly interval: number;
  /** Milliseconds between two attempts at most when they fail. */
  readonly longestPause: number;
  readonly logger: ReflectorLogger | undefined;
}

/** The campaigns of one candidate, one at a time. */
export class Campaigns {
  readonly #options: CampaignOptions;
  readonly #closed = new AbortController();
  #isRunning = false;
  #leadership: HeldLeadership | undefined;
  /** Settles, never with an error, when no attempt is under way. */
  #attempt: Promise<void> = Promise.resolve();

  /** Creates them; nothing is tried yet. */
  constructor(options: CampaignOptions) {
    this.#options = options;
  }

  /** Whether the candidate leads now. */
  get isLeading(): boolean {
    return this.#leadership?.isLeading === true;
  }

  /** Whether `close()` was called. */
  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** Waits until the candidate leads. */
  async run(signal: AbortSignal): Promise<HeldLeadership> {
    if (this.isClosed) throw new Error("Cannot campaign: the election was closed; make another");
    if (this.#isRunning || this.isLeading) {
      throw new Error(
        `Cannot campaign: this candidate ${this.isLeading ? "leads" : "campaigns"} already; ` +
          "make an election for each candidate",
      );
    }
    this.#isRunning = true;
    try {
      return this.#leadership = await this.#run(anySignal(this.#closed.signal, signal));
    } finally {
      this.#isRunning = false;
    }
  }

  /** Gives up and resigns; resolves when nothing is held. */
  async close(): Promise<void> {
    this.#closed.abort(new Error("The election was closed"));
    await this.#attempt;
    await this.#leadership?.resign();
  }

  async #run(signal: AbortSignal): Promise<HeldLeadership> {
    const { interval } = this.#options;
    for (let failures = 0;;) {
      signal.throwIfAborted();
      let wait = interval;
      try {
        const won = await this.#try(signal);
        if (won !== undefined) return won;
        failures = 0;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        wait = this.#failed(error, failures++);
      }
      // Not all in step, or they would crowd the server.
      await pause(wait * (0.8 + Math.random() * 0.2), signal);
    }
  }

  async #try(signal: AbortSignal): Promise<HeldLeadership | undefined> {
    await untilAborted(this.#attempt, signal);
    const attempt = this.#options.attempt(signal).then(async (won) => {
      if (won === undefined || !signal.aborted) return won;
      await won.resign();
      throw signal.reason;
    });
    this.#attempt = attempt.then(() => {}, () => {});
    return await untilAborted(attempt, signal);
  }

  /** Tells of a failure; returns the milliseconds until the next attempt. */
  #failed(error: unknown, failures: number): number {
    const { logger, longestPause } = this.#options;
    const wait = Math.min(longestPause, SHORTEST_PAUSE * 2 ** Math.min(failures, 10));
    const message = error instanceof Error ? error.message : String(error);
    try {
      // Once is news; that it goes on is not.
      const level = failures === 0 ? "warn" : "debug";
      logger?.[level]?.(`Cannot take part in the election: ${message}`, {
        event: "election_failed",
        error,
        wait,
      });
    } catch {
      // A logger that throws must not keep anybody from leading.
    }
    return wait;
  }
}
