/**
 * Tying a wait to an AbortSignal without leaving a listener behind.
 *
 * @module
 */

/**
 * Calls `giveUp` when the signal aborts before the promise has settled.
 *
 * @param promise What is waited for; it settles by itself, also after it was given up.
 * @param signal What may abort it.
 * @param giveUp Told the signal's reason.
 * @returns The same promise's outcome.
 */
export async function withSignal<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  giveUp: (reason: unknown) => void,
): Promise<T> {
  const onAbort = (): void => giveUp(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
