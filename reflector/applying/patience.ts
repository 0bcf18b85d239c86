/**
 * Asking the store again for a while: what is asked here does no harm when it is done twice or late, since scripts check
 * the leadership and nothing goes back.
 *
 * @module
 */
import { StoreUnavailableError } from "../../orm/cache/stores/cache_store.ts";
import { pause } from "../../pool/pause.ts";

/** Milliseconds for which it is asked again. */
const PATIENCE = 2_000;
const FIRST_PAUSE = 10;
const LAST_PAUSE = 250;

/**
 * Asks until it answers.
 *
 * @param ask What is asked.
 * @param options `signal`: ends the wait; `onFailure`: told of each failure.
 * @throws {StoreUnavailableError} When it has not answered for a while.
 */
export async function patiently<Result>(
  ask: () => Promise<Result>,
  { signal, onFailure }: { readonly signal: AbortSignal; readonly onFailure: (error: unknown) => void },
): Promise<Result> {
  const started = performance.now();
  for (let wait = FIRST_PAUSE;; wait = Math.min(LAST_PAUSE, 2 * wait)) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      onFailure(error);
      if (performance.now() - started > PATIENCE) throw error;
    }
    await pause(wait, signal);
  }
}
