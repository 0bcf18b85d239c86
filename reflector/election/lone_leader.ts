/**
 * The election of one who has no rival: for a reflector inside the program that uses the cache, with a memory store.
 *
 * @module
 */
import type { LeaderElection, Leadership } from "./leader_election.ts";

/** Always leads. */
export class LoneLeader implements AnyElection {
  readonly kind = "none" as const;

  /** Leads at once. */
  campaign(signal: AbortSignal): Promise<Leadership> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return Promise.resolve({ lost: new AbortController().signal, resign: () => Promise.resolve() });
  }

  /** This one. */
  leader(): Promise<string> {
    return Promise.resolve("this program");
  }

  /** Nothing is held. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
