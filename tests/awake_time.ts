/**
 * Time as a test may bound it: the milliseconds for which this process ran. On a busy machine a process stands still for
 * a second or two now and then; such a gap says nothing about what is tested, so it counts as {@link GAP} at most.
 *
 * Invariants: the harness ticks while a test runs; awake time never runs faster than real time, so it is for upper
 * bounds only, and not for what keeps the thread busy by itself.
 */

/** Milliseconds between two ticks. */
const TICK = 10;
/** Milliseconds that one gap between two ticks counts at most. */
const GAP = 50;

let counted = 0;
let last: number = performance.now();

/** Monotonic milliseconds for which this process ran: instead of `performance.now()` where a test bounds a time. */
export function awakeTime(): number {
  const now = performance.now();
  counted += Math.min(GAP, now - last);
  last = now;
  return counted;
}

/**
 * Waits for a promise, but not for longer than so many milliseconds of awake time.
 *
 * @param promise What is waited for.
 * @param limit The milliseconds.
 * @param late Words the error when that was not enough.
 * @returns What the promise resolves with.
 */
export async function inTime<T>(promise: Promise<T>, limit: number, late: () => string): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const end = awakeTime() + limit;
  const ticker = setInterval(() => {
    if (awakeTime() > end) reject(new Error(late()));
  }, TICK);
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearInterval(ticker);
  }
}
