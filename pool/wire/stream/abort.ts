/**
 * Watching an AbortSignal for as long as something runs.
 *
 * @module
 */

/**
 * Calls `onAbort` once when the signal aborts, at once when it has.
 *
 * @param signal The signal, if there is one.
 * @param onAbort Told the signal's reason.
 * @returns A function that ends the watch.
 */
export function watchAbort(signal: AbortSignal | undefined, onAbort: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => {};
  const listener = (): void => onAbort(signal.reason);
  if (signal.aborted) {
    listener();
    return () => {};
  }
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}
