/** A query with conditions, an order and a limit, built anew for each call where a client builds queries. */
import type { Subject } from "../subjects/subject.ts";
import { closedLoop } from "./closed_loop.ts";
import { ITEMS, ORMS, type Run, type Scenario } from "./scenario.ts";

/** Rows of each answer. */
const FOUND = 5;

/** The scenario; finding a row by its key is `pk-select`. */
export const findWhere: Scenario = {
  name: "find-where",
  title: "Five rows by three conditions, ordered, 64 callers on 4 connections",
  subjects: ["lifeguard", "lifeguard-shared", "lifeguard-find-where", "postgres-js", ...ORMS],
  ours: "lifeguard-find-where",
  metrics: [
    { name: "rate", unit: "queries/s", better: "higher" },
    { name: "p50", unit: "µs", better: "lower" },
    { name: "p99", unit: "µs", better: "lower" },
    { name: "cpu", unit: "µs/query", better: "lower" },
  ],
  run: findPages,
};

async function findPages({ open, seconds }: Run): Promise<Readonly<Record<string, number>>> {
  const subject = await open(4);
  for (const from of [1, 4_321, ITEMS - FOUND + 1]) await findPage(subject, from, true);
  const figures = await closedLoop({
    callers: 64,
    seconds,
    call: (random) => findPage(subject, 1 + Math.floor(random() * (ITEMS - FOUND)), false),
  });
  await subject.close();
  return { ...figures };
}

async function findPage(subject: Subject, from: number, isExact: boolean): Promise<void> {
  const rows = await subject.page!(from, from + FOUND);
  const first = rows[0]?.id;
  if (rows.length !== FOUND || first !== from) {
    throw new Error(`Cannot go on: ${rows.length} rows from ${first} came, ${FOUND} from ${from} are right`);
  }
  if (!isExact) return;
  rows.forEach((row, index) => {
    const id = from + index;
    const { name, price } = row;
    if (row.id === id && name === `item ${id}` && price === (id / 100).toFixed(2)) return;
    throw new Error(`Cannot compare: row ${id} is ${JSON.stringify(row)}`);
  });
}
