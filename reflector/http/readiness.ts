/**
 * Whether a reflector does what it is there for: leads with a stream that is alive, or stands by with its links up.
 *
 * @module
 */
import type { ReflectorStatus } from "../status.ts";

/** Whether it is ready, and why. */
export interface Readiness {
  readonly ready: boolean;
  /** In words, for whoever asked. */
  readonly reason: string;
}

/** Milliseconds without a canary after which no cache is trusted any more (R7). */
export const TRUST_WINDOW = 1000;

/** Judges a status. */
export function readiness({ state, leader, storeAnswers, store, lag }: ReflectorStatus): Readiness {
  switch (state) {
    case "idle":
    case "establishing":
    case "stopped":
      return { ready: false, reason: state };
    case "following":
    case "leading":
      break;
    default:
      throw new Error(`BUG: no such state: ${state satisfies never}`);
  }
  if (!storeAnswers) return { ready: false, reason: `${state}, but the store (${store}) does not answer` };
  if (state === "following") {
    return leader === undefined
      ? { ready: false, reason: "following, but nobody is known to lead" }
      : { ready: true, reason: "following" };
  }
  if (lag.silence === undefined || lag.silence > TRUST_WINDOW) {
    const silence = lag.silence === undefined ? "yet" : `for ${Math.round(lag.silence)} ms`;
    return { ready: false, reason: `leading, but no canary has come out ${silence}` };
  }
  return { ready: true, reason: "leading" };
}
