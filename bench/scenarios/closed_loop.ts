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

/** The fewest calls that {@linkcode oneAfterAnother} measures. */
const LEAST_CALLS = 5;

/** Makes calls that take long one after the other, for the time asked and at least a few; two are not counted. */
export async function oneAfterAnother(
  { seconds, call }: { readonly seconds: number; readonly call: () => Promise<void> },
): Promise<Omit<LoopFigures, "p99">> {
  for (let warmUp = 0; warmUp < 2; warmUp++) await call();
  const times: number[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  let now = start;
  while (now - start < seconds * 1000 || times.length < LEAST_CALLS) {
    const before = now;
    await call();
    now = performance.now();
    times.push(now - before);
  }
  const { user, system } = process.cpuUsage(cpu);
  const calls = times.length;
  return { rate: calls / (now - start) * 1000, p50: median(times) * 1000, cpu: (user + system) / calls };
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
