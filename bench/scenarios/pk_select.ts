/** Selects by primary key: several callers on few connections, and one caller alone. */
import { closedLoop } from "./closed_loop.ts";
import { ITEMS, PEERS, type Run, type Scenario } from "./scenario.ts";
import type { Item, Subject } from "../subjects/subject.ts";

const SUBJECTS: readonly string[] = [
  ...["lifeguard", "lifeguard-shared", "lifeguard-find-by-id", "lifeguard-find-where"],
  ...PEERS,
  "pgbench",
];

const METRICS: Scenario["metrics"] = [
  { name: "rate", unit: "queries/s", better: "higher" },
  { name: "p50", unit: "µs", better: "lower" },
  { name: "p99", unit: "µs", better: "lower" },
  { name: "cpu", unit: "µs/query", better: "lower" },
];

/** Scenarios with 64 and 256 callers on 4 and 16 connections, the most usual first. */
export const pkSelects: readonly Scenario[] = [[64, 4], [256, 4], [64, 16], [256, 16]]
  .map(([callers, connections]) => ({
    name: `pk-select-${callers}x${connections}`,
    title: `Primary-key select, ${callers} callers on ${connections} connections`,
    subjects: SUBJECTS,
    metrics: METRICS,
    native: { connections, pipeline: callers / connections },
    run: (run) => selects(run, { callers, connections }),
  }));

/** One caller, which waits for each answer: how long one takes. */
export const oneCaller: Scenario = {
  name: "one-caller",
  title: "Primary-key select, one caller alone",
  subjects: SUBJECTS,
  metrics: METRICS,
  native: { connections: 1, pipeline: 1 },
  run: (run) => selects(run, { callers: 1, connections: 4 }),
};

async function selects(
  { open, seconds }: Run,
  { callers, connections }: { callers: number; connections: number },
): Promise<Readonly<Record<string, number>>> {
  const subject = await open(connections);
  for (const id of [1, 123, ITEMS]) assertItem(subject.item(await subject.select(id)), id);
  const figures = await closedLoop({ callers, seconds, call: (random) => selectOne(subject, random) });
  await subject.close();
  return { ...figures };
}

async function selectOne(subject: Subject, random: () => number): Promise<void> {
  const id = 1 + Math.floor(random() * ITEMS);
  const item = subject.item(await subject.select(id));
  if (item?.id !== id) throw new Error(`Cannot go on: row ${id} was asked for, ${item?.id} came`);
}

/** Throws unless a row is what the table holds, in the types every subject is to give. */
export function assertItem(item: Item | undefined, id: number): void {
  const expected: Item = { id, name: `item ${id}`, price: (id / 100).toFixed(2) };
  for (const [key, value] of Object.entries(expected)) {
    const given = item?.[key as keyof Item];
    if (given !== value) {
      throw new Error(
        `Cannot compare: ${key} of row ${id} is ${typeof given} "${given}", ${typeof value} "${value}" is right`,
      );
    }
  }
}
