/**
 * Noticing that the whole machine stood still for a while, as virtual machines do when their host needs them to: a
 * measurement during which that happened says nothing.
 */

/** Milliseconds between two looks at the clock. */
const LOOK_EVERY = 50;
/** Milliseconds by which a look may be late on a machine that is merely busy; this program itself only waits. */
const BUSY = 1_000;

/** What was noticed during some work. */
export interface Watched<T> {
  readonly result: T;
  /** Milliseconds for which the machine stood still, at the longest; 0 for not at all. */
  readonly standstill: number;
}

/** Does some work and looks at the clock meanwhile. */
export async function watched<T>(work: () => Promise<T>): Promise<Watched<T>> {
  let last = performance.now();
  let latest = 0;
  const look = (): void => {
    const now = performance.now();
    latest = Math.max(latest, now - last - LOOK_EVERY);
    last = now;
  };
  const looking = setInterval(look, LOOK_EVERY);
  try {
    const result = await work();
    look();
    return { result, standstill: latest > BUSY ? latest : 0 };
  } finally {
    clearInterval(looking);
  }
}
