/**
 * The election of one who has no rival: for a reflector inside the only program that uses a cache.
 *
 * @module
 */
import type { ElectionKind, LeaderElection, Leadership } from "./leader_election.ts";

/** Any election, or none. */
export type AnyElection = Omit<LeaderElection, "kind"> & { readonly kind: ElectionKind | "none" };

/** Always leads. */
export class LoneLeader implements AnyElection {
  /** There is none. */
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
