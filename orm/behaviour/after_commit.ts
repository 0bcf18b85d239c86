/**
 * What runs once a write is committed.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";

/** An executor that knows when what it ran is committed: a transaction later, a pool at once. */
interface CommitAware {
  readonly afterCommit?: (callback: () => Promise<void>) => void | Promise<void>;
}

/**
 * Runs callbacks, one after the other, once what was run is committed; never after a rollback. What they throw goes to
 * the pool's logger, since the commit stands; each runs all the same.
 *
 * @param executor What the write ran on.
 * @param callbacks The callbacks.
 */
export function runAfterCommit(
  executor: Executor,
  callbacks: readonly (() => unknown)[],
): void | Promise<void> {
  const run = () => runAll(callbacks);
  const aware = executor as Executor & CommitAware;
  if (typeof aware.afterCommit === "function") return aware.afterCommit(run);
  // A session of the caller's own: it commits each statement by itself, and has no logger.
  return run().catch((error) => console.error("A callback after a commit failed:", error));
}

async function runAll(callbacks: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const callback of callbacks) {
    try {
      await callback();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 0) return;
  if (errors.length === 1) throw errors[0];
  throw new AggregateError(errors, `${errors.length} hooks after a commit failed`);
}
