/**
 * Looks, while something runs on other connections, whether the session still has the lock.
 *
 * @module
 */
import { pause } from "../../pool/pause.ts";
import type { RunnerSession } from "./runner_session.ts";

/** Milliseconds between two looks: for so long two may be at work when the server takes the session away. */
const INTERVAL = 250;
/** Milliseconds a look may take: behind a network that takes packets and gives none back, no session is known to live. */
const TIMEOUT = 30_000;

/** Looks until it is stopped. The session must be used for nothing else meanwhile. */
export class LockWatch {
  readonly #stopped = new AbortController();
  readonly #lost = new AbortController();
  readonly #ended: Promise<void>;

  constructor(session: RunnerSession) {
    this.#ended = session.isEmbedded ? Promise.resolve() : this.#watch(session);
  }

  /** Aborts when the lock is lost, with the error that says how. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Ends the watch; the session is free when it resolves. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#ended;
  }

  async #watch(session: RunnerSession): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await pause(INTERVAL, signal).catch(() => {});
      if (signal.aborted) return;
      try {
        await session.assertLocked(TIMEOUT);
      } catch (error) {
        this.#lost.abort(error);
        return;
      }
    }
  }
}
