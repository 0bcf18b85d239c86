/** Ten thousand rows of eight columns of different types, in one answer. */
import type { MixedRow } from "../subjects/subject.ts";
import { oneAfterAnother } from "./closed_loop.ts";
import type { Run, Scenario } from "./scenario.ts";

/** Rows of `bench_mixed`. */
export const MIXED_ROWS = 10_000;

/** The moment of row 0 of `bench_mixed`; each is a second later than the one before. */
export const FIRST_MOMENT = "2026-01-01T00:00:00Z";

/** The scenario. */
export const mixedRows: Scenario = {
  name: "mixed-rows",
  title: "10,000 rows of int, text, numeric, timestamptz, jsonb, text[], int[] and boolean",
  subjects: [
    ...["lifeguard-dates", "lifeguard-temporal", "lifeguard-orm", "postgres-js", "pg"],
    ...["drizzle-prepared", "kysely", "typeorm", "bun-sql"],
  ],
  ours: "lifeguard-dates",
  metrics: [
    { name: "rate", unit: "rows/s", better: "higher" },
    { name: "p50", unit: "ms", better: "lower" },
    { name: "cpu", unit: "µs/row", better: "lower" },
  ],
  run: measureRows,
};

async function measureRows({ open, seconds }: Run): Promise<Readonly<Record<string, number>>> {
  const subject = await open(4);
  const select = subject.mixedRows!;
  const rows = [...await select()].sort((a, b) => a.id - b.id);
  if (rows.length !== MIXED_ROWS) throw new Error(`Cannot compare: ${rows.length} rows came`);
  rows.forEach(assertRow);
  const { rate, p50, cpu } = await oneAfterAnother({
    seconds,
    call: async () => {
      const { length } = await select();
      if (length !== MIXED_ROWS) throw new Error(`Cannot go on: ${length} rows came`);
    },
  });
  await subject.close();
  return { rate: rate * MIXED_ROWS, p50: p50 / 1000, cpu: cpu / MIXED_ROWS };
}

/** Throws unless a row is what the table holds; a moment may be a `Date` or a `Temporal.Instant`. */
function assertRow(row: MixedRow, index: number): void {
  const id = index + 1;
  const moment = row.createdAt;
  const given = {
    ...row,
    createdAt: "epochMilliseconds" in moment ? moment.epochMilliseconds : moment.getTime(),
    tags: Array.from(row.tags),
    scores: Array.from(row.scores),
    details: { n: row.details.n, label: row.details.label },
  };
  const expected: Record<keyof MixedRow, unknown> = {
    id,
    title: `title of row ${id}`,
    amount: (id / 100).toFixed(2),
    createdAt: Date.parse(FIRST_MOMENT) + id * 1000,
    details: { n: id, label: `row ${id}` },
    tags: ["red", `tag ${id}`],
    scores: [id, id + 1, id + 2],
    active: id % 2 === 0,
  };
  for (const [key, value] of Object.entries(expected)) {
    const is = JSON.stringify(given[key as keyof MixedRow]);
    if (is !== JSON.stringify(value)) {
      throw new Error(`Cannot compare: ${key} of row ${id} is ${is}, ${JSON.stringify(value)} is right`);
    }
  }
}
