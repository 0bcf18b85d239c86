/** Ten thousand callers on three hundred connections: is everybody served, and does nobody wait much longer? */
import process from "node:process";
import { percentile } from "../report/statistics.ts";
import { sequence } from "./closed_loop.ts";
import { DRIVERS, ITEMS, type Run, type Scenario } from "./scenario.ts";

const CALLERS = 10_000;
const CONNECTIONS = 300;
/** Calls of each caller, one after the other. */
const CALLS = 5;

/** The scenario. */
export const manyCallers: Scenario = {
  name: "many-callers",
  title: "10,000 callers on 300 connections, five selects each: how long they wait",
  subjects: [...DRIVERS, "lifeguard-shared"],
  metrics: [
    { name: "longest", unit: "ms", better: "lower" },
    { name: "p50", unit: "ms", better: "lower" },
    { name: "longest/p50", unit: "×", better: "lower" },
    { name: "memory", unit: "MB", better: "lower" },
    { name: "served", unit: "callers", better: "neither" },
  ],
  isCrowd: true,
  run: callMany,
};

async function callMany({ open }: Run): Promise<Readonly<Record<string, number>>> {
  const subject = await open(CONNECTIONS);
  // So many slow statements at once open every connection, which is not what is measured.
  await Promise.all(Array.from({ length: CONNECTIONS }, () => subject.sleep!()));
  const waits = new Float64Array(CALLERS * CALLS);
  let count = 0;
  let served = 0;
  let memory = 0;
  const sample = (): void => {
    memory = Math.max(memory, process.memoryUsage().rss);
  };
  const sampling = setInterval(sample, 50);
  await Promise.all(Array.from({ length: CALLERS }, async (_, index) => {
    const random = sequence(index + 1);
    for (let call = 0; call < CALLS; call++) {
      const id = 1 + Math.floor(random() * ITEMS);
      const issued = performance.now();
      const item = subject.item(await subject.select(id));
      waits[count++] = performance.now() - issued;
      if (item?.id !== id) throw new Error(`Cannot go on: row ${id} was asked for, ${item?.id} came`);
    }
    served++;
  }));
  sample();
  clearInterval(sampling);
  await subject.close();
  waits.sort();
  const p50 = percentile(waits, 0.5);
  const longest = waits[waits.length - 1];
  return { longest, p50, "longest/p50": longest / p50, memory: memory / 2 ** 20, served };
}
