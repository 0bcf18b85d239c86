/** Callers that each wait for an answer before they ask again. */
import process from "node:process";
import { median, percentile } from "../report/statistics.ts";

/** How callers ask. */
export interface ClosedLoop {
  readonly callers: number;
  readonly seconds: number;
  /** One call; `random` gives a number from 0 up to 1. */
  readonly call: (random: () => number) => Promise<void>;
}

/** What came of it. */
export interface LoopFigures {
  /** Calls per second. */
  readonly rate: number;
  /** Waits, in microseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of processor time, of all threads of this process, for a call. */
  readonly cpu: number;
}

/** The waits kept; later ones overwrite the first. */
const KEPT = 2 ** 20;

/** Runs callers for a warm-up, and then for the time asked. */
export async function closedLoop({ callers, seconds, call }: ClosedLoop): Promise<LoopFigures> {
  const waits = new Float64Array(KEPT);
  let count = 0;
  let isOver = false;
  const caller = async (_: unknown, index: number): Promise<void> => {
    const random = sequence(index + 1);
    let before = performance.now();
    while (!isOver) {
      await call(random);
      const now = performance.now();
      waits[count++ & (KEPT - 1)] = now - before;
      before = now;
    }
  };
  const all = Promise.all(Array.from({ length: callers }, caller));
  await Promise.race([all, sleep(Math.max(500, seconds * 333))]);
  count = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  await Promise.race([all, sleep(seconds * 1000)]);
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const calls = count;
  const measured = waits.slice(0, Math.min(calls, KEPT)).sort();
  isOver = true;
  await all;
  return {
    rate: calls / elapsed * 1000,
    p50: percentile(measured, 0.5) * 1000,
    p99: percentile(measured, 0.99) * 1000,
    cpu: (user + system) / calls,
  };
}

/** Long calls that are made one after the other. */
export interface LongCalls {
  readonly seconds: number;
  readonly call: () => Promise<void>;
  /** Done before each call, and not measured. */
  readonly before?: () => PromiseLike<unknown>;
  /** How many are made first and not measured. Default 2. */
  readonly warmUps?: number;
  /** How many are measured at least. Default 5. */
  readonly least?: number;
}

/** Makes calls that take long one after the other, for the time asked and at least a few. */
export async function oneAfterAnother(
  { seconds, call, before, warmUps = 2, least = 5 }: LongCalls,
): Promise<Omit<LoopFigures, "p99">> {
  const times: number[] = [];
  let cpu = 0;
  let elapsed = 0;
  for (let count = -warmUps; elapsed < seconds * 1000 || count < least; count++) {
    await before?.();
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    await call();
    const time = performance.now() - start;
    if (count < 0) continue;
    const { user, system } = process.cpuUsage(cpuBefore);
    cpu += user + system;
    elapsed += time;
    times.push(time);
  }
  const calls = times.length;
  return { rate: calls / elapsed * 1000, p50: median(times) * 1000, cpu: cpu / calls };
}

/** Resolves after so many milliseconds. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The same numbers every time: https://en.wikipedia.org/wiki/Linear_congruential_generator (those of C11). */
export function sequence(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
}
