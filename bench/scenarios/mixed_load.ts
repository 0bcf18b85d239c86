/**
 * Bursts of quick selects, into some of which a slow statement is mixed: how long do the quick ones wait? A client
 * that puts them behind the slow one on its connection lets them wait for it.
 */
import { percentile } from "../report/statistics.ts";
import type { Subject } from "../subjects/subject.ts";
import { sequence, sleep } from "./closed_loop.ts";
import { DRIVERS, ITEMS, type Run, type Scenario } from "./scenario.ts";

/** Calls of a burst. */
const BURST = 64;
/** Milliseconds from one burst to the next. */
const INTERVAL = 10;
/** Which of ten bursts have a slow one. */
const SLOW = new Set([2, 5, 8]);
/** Bursts that are not measured. */
const WARM_UP = 100;

const METRICS: Scenario["metrics"] = [
  { name: "p99", unit: "ms", better: "lower" },
  { name: "p50", unit: "ms", better: "lower" },
  { name: "p99.9", unit: "ms", better: "lower" },
];

const SUBJECTS: readonly string[] = [...DRIVERS, "lifeguard-shared", "pg-pipeline"];

/** The slow statement has a text of its own, so that a client can know it. */
export const mixedLoad: Scenario = {
  name: "mixed-load",
  title: "Bursts of 64 selects every 10 ms, 30 a second of them a 50-ms statement; the quick ones' waits",
  subjects: SUBJECTS,
  metrics: METRICS,
  run: (run) => measureBursts(run, (subject, id, isSlow) => isSlow ? subject.sleep!() : subject.select(id)),
};

/** The slow statement has the text of the quick ones; only a parameter tells them apart. */
export const mixedLoadHidden: Scenario = {
  name: "mixed-load-hidden",
  title: "The same, the slow statement hidden behind the text of the quick ones",
  subjects: SUBJECTS,
  metrics: METRICS,
  run: (run) => measureBursts(run, (subject, id, isSlow) => subject.selectOrSleep!(id, isSlow)),
};

async function measureBursts(
  { open, seconds }: Run,
  call: (subject: Subject, id: number, isSlow: boolean) => PromiseLike<unknown>,
): Promise<Readonly<Record<string, number>>> {
  const subject = await open(4);
  const random = sequence(7);
  const burst = async (isSlow: boolean): Promise<number[]> => {
    const slow = isSlow ? Math.floor(random() * BURST) : -1;
    const issued = performance.now();
    const waits = Array.from({ length: BURST }, async (_, index) => {
      const id = 1 + Math.floor(random() * ITEMS);
      const answer = await call(subject, id, index === slow);
      const wait = performance.now() - issued;
      if (index === slow) return NaN;
      if (subject.item(answer)?.id !== id) throw new Error(`Cannot go on: row ${id} was asked for`);
      return wait;
    });
    return (await Promise.all(waits)).filter((wait) => !Number.isNaN(wait));
  };
  const bursts = async (count: number): Promise<number[]> => {
    const start = performance.now();
    const all: Promise<number[]>[] = [];
    for (let index = 0; index < count; index++) {
      await sleep(Math.max(0, start + index * INTERVAL - performance.now()));
      all.push(burst(SLOW.has(index % 10)));
    }
    return (await Promise.all(all)).flat();
  };
  // What waits still because the code was not compiled yet is to be served before measuring begins.
  await bursts(WARM_UP);
  const sorted = Float64Array.from(await bursts(Math.ceil(seconds * 2 * 1000 / INTERVAL))).sort();
  await subject.close();
  return {
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    "p99.9": percentile(sorted, 0.999),
  };
}
