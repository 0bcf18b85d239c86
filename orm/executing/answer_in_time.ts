/**
 * How long a caller waits for what a cache answers: no longer than for the database.
 *
 * @module
 */
import type { QueryOptions } from "../../pool/executor.ts";
import { QueryTimeoutError } from "../../pool/wire/errors.ts";

/** Longer timers end at once. */
const MAX_TIMER = 2 ** 31 - 1;

/**
 * What a cache answers, while the caller wants to know.
 *
 * @param asked The answer to be.
 * @param options The caller's.
 * @returns Undefined when the database is to be asked: also when the caller has given up, or by options that mean
 * nothing, which it refuses.
 * @throws {QueryTimeoutError} When the caller's time is over.
 */
export function answerInTime<Answer>(
  asked: Promise<Answer | undefined>,
  options: QueryOptions | undefined,
): Promise<Answer | undefined> {
  const { signal, timeout } = options ?? {};
  if (signal === undefined && timeout === undefined) return asked;
  if (signal !== undefined && (!(signal instanceof AbortSignal) || signal.aborted)) {
    return Promise.resolve(undefined);
  }
  if (timeout !== undefined && !(typeof timeout === "number" && timeout > 0)) {
    return Promise.resolve(undefined);
  }
  return race(asked, signal, timeout);
}

async function race<Answer>(
  asked: Promise<Answer | undefined>,
  signal: AbortSignal | undefined,
  timeout: number | undefined,
): Promise<Answer | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let giveUp: (() => void) | undefined;
  const ended = new Promise<undefined>((resolve, reject) => {
    giveUp = () => resolve(undefined);
    signal?.addEventListener("abort", giveUp, { once: true });
    if (timeout === undefined) return;
    timer = setTimeout(() => reject(new QueryTimeoutError(timeout, true)), Math.min(timeout, MAX_TIMER));
  });
  try {
    return await Promise.race([asked, ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp!);
  }
}
