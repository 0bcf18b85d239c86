/**
 * An advisory lock held by a session of its own.
 *
 * @module
 */
import type { Lease } from "../tier/lease.ts";
import { type AdvisoryKey, advisoryLockSql, advisoryUnlockSql } from "./advisory_key.ts";
import { LeasedSession } from "./reserved_session.ts";

/** An advisory lock that is held; give it back by `release()` or `await using`. */
export interface AdvisoryLock extends AsyncDisposable {
  /** Aborts when the connection was lost before the release, and the lock with it. */
  readonly lost: AbortSignal;
  /** Gives the lock back. */
  release(): Promise<void>;
}

/** How an advisory lock is taken. */
export interface AdvisoryLockOptions {
  /** Whether others may share it. Default false. */
  readonly shared?: boolean;
  /** Whether to wait for it. Default true. */
  readonly wait?: boolean;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/**
 * Takes a lock with a slot, which is given back with the lock.
 *
 * @param lease The slot.
 * @param key The lock's key.
 * @param options See {@link AdvisoryLockOptions}.
 * @returns The lock; undefined when somebody else has it and it is not waited for.
 */
export async function holdAdvisoryLock(
  lease: Lease,
  key: AdvisoryKey,
  options: AdvisoryLockOptions,
): Promise<AdvisoryLock | undefined> {
  const { shared = false, wait = true, signal } = options;
  const session = new LeasedSession(lease, 0);
  let isLocked = false;
  try {
    isLocked = await session.value<boolean>(advisoryLockSql(key, { shared, wait, scope: "session" }), {
      signal,
    });
  } finally {
    if (!isLocked) await session.release();
  }
  if (!isLocked) return undefined;
  let released: Promise<void> | undefined;
  const release = (): Promise<void> =>
    released ??= (async () => {
      await session.execute(advisoryUnlockSql(key, shared)).catch(() => {});
      await session.release();
    })();
  const lost = new AbortController();
  void lease.session.closed.then(() => released === undefined && lost.abort(lease.lost));
  return { lost: lost.signal, release, [Symbol.asyncDispose]: release };
}
