/** Looking at what elections do. */
import assert from "node:assert/strict";
import type { LeaderElection } from "../../../reflector/election/leader_election.ts";
import type { ReflectorLogger } from "../../../reflector/reflector_log.ts";

/** A signal that never aborts. */
export const NEVER: AbortSignal = new AbortController().signal;

/** A logger that keeps warnings and errors. */
export function recording(): { readonly logger: ReflectorLogger; readonly messages: string[] } {
  const messages: string[] = [];
  const keep = (message: string): void => void messages.push(message);
  return { logger: { warn: keep, error: keep }, messages };
}

/** Campaigns until a message like this was logged, and gives up. */
export async function campaignsInVain(
  election: LeaderElection,
  messages: readonly string[],
  expected: RegExp,
): Promise<void> {
  const giveUp = new AbortController();
  const outcome = election.campaign(giveUp.signal).then(() => "won", () => "gave up");
  try {
    await eventually(() => assert.match(messages.join("\n"), expected));
  } finally {
    giveUp.abort();
    assert.equal(await outcome, "gave up");
  }
}

/** Resolves when a signal has aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Resolves after so many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Repeats a check until it holds, for at most 20 seconds. */
export async function eventually(check: () => void): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (true) {
    try {
      return check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(20);
    }
  }
}
