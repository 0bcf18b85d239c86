/** One row at a time into a table. */
import { closedLoop } from "./closed_loop.ts";
import { PEERS, type Run, type Scenario } from "./scenario.ts";

/** The scenario; shared Sync is for reads. */
export const insertOne: Scenario = {
  name: "insert-one",
  title: "Insert of one row returning its id, 64 callers on 4 connections",
  subjects: ["lifeguard", "lifeguard-orm", ...PEERS],
  metrics: [
    { name: "rate", unit: "inserts/s", better: "higher" },
    { name: "p50", unit: "µs", better: "lower" },
    { name: "p99", unit: "µs", better: "lower" },
    { name: "cpu", unit: "µs/insert", better: "lower" },
  ],
  before: ["truncate bench_events restart identity"],
  after: "select count(*) > 0 and count(*) = max(id) from bench_events where note = 'a note'",
  run: insert,
};

async function insert({ open, seconds }: Run): Promise<Readonly<Record<string, number>>> {
  const subject = await open(4);
  const figures = await closedLoop({
    callers: 64,
    seconds,
    call: async (random) => {
      const id = await subject.insert!(Math.floor(random() * 1_000_000), "a note");
      if (!(id > 0)) throw new Error(`Cannot go on: the id of a new row is ${id}`);
    },
  });
  await subject.close();
  return { ...figures };
}
