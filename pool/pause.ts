/**
 * Waiting for a while.
 *
 * @module
 */

/**
 * Waits.
 *
 * @param milliseconds For how long; not at all where it is less than 0, as what was left of a time that is over.
 * @param signal Ends the wait with its reason.
 */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, Math.max(0, milliseconds));
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * Waits for a promise, but not for longer than a while; what it rejects with is ignored.
 *
 * @param promise What is waited for.
 * @param milliseconds For how long at most.
 */
export async function within(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, Math.max(0, milliseconds)));
  try {
    await Promise.race([promise, late]);
  } catch {
    // Whoever needs its outcome awaits it elsewhere.
  } finally {
    clearTimeout(timer);
  }
}
