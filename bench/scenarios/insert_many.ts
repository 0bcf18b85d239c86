/** A hundred thousand rows that a program holds, into an empty table. */
import type { BulkRow } from "../subjects/subject.ts";
import { oneAfterAnother } from "./closed_loop.ts";
import { ORMS, type Run, type Scenario } from "./scenario.ts";

/** Rows of one insert. */
const INSERTED = 100_000;
const FIRST_MOMENT = "2026-01-01T00:00:00Z";

/** What makes the table. */
export const BULK_TABLE =
  `create table bench_bulk (id int primary key generated always as identity, name text not null,
  note text, amount numeric(12, 2) not null, at timestamptz not null, active boolean not null)`;

const CLEAR = "truncate bench_bulk restart identity";

/** The scenario; psql is given the rows in COPY's text format. */
export const insertMany: Scenario = {
  name: "insert-many",
  title: "Insert of 100,000 rows of six columns into an empty table",
  subjects: [
    "lifeguard-dates",
    "lifeguard-insert-rows",
    "lifeguard-insert-count",
    "postgres-js",
    ...ORMS,
    "psql",
  ]
    .filter((name) => name !== "drizzle-prepared"),
  ours: "lifeguard-insert-rows",
  metrics: [
    { name: "rate", unit: "rows/s", better: "higher" },
    { name: "p50", unit: "ms", better: "lower" },
    { name: "cpu", unit: "µs/row", better: "lower" },
  ],
  before: [CLEAR],
  after:
    `select count(*) = ${INSERTED} and max(id) = ${INSERTED} and count(distinct amount) = ${INSERTED} and bool_and(
    name = 'name of row ' || row and active = (row % 2 = 0)
    and note is not distinct from case when row % 3 <> 0 then E'tab\\t, "quote" and \\\\ of row ' || row end
    and at = timestamptz '${FIRST_MOMENT}' + row * interval '1 second')
    from (select *, (amount * 100)::int as row from bench_bulk) as bulk`,
  native: {
    statement: "\\copy bench_bulk (name, note, amount, at, active) from",
    isIn: true,
    rows: INSERTED,
    chunks: bulkChunks,
    before: CLEAR,
  },
  run: insert,
};

async function insert({ open, seconds }: Run): Promise<Readonly<Record<string, number>>> {
  const rows = Array.from({ length: INSERTED }, (_, index) => bulkRow(index + 1));
  const subject = await open(4);
  const { rate, p50, cpu } = await oneAfterAnother({
    seconds,
    before: () => subject.clearBulk!(),
    // The slowest peers take more than ten seconds for each.
    warmUps: 1,
    least: 3,
    call: async () => void await subject.insertMany!(rows),
  });
  await subject.close();
  return { rate: rate * INSERTED, p50: p50 / 1000, cpu: cpu / INSERTED };
}

function bulkRow(id: number): BulkRow {
  return {
    name: `name of row ${id}`,
    note: id % 3 === 0 ? null : `tab\t, "quote" and \\ of row ${id}`,
    amount: (id / 100).toFixed(2),
    at: new Date(Date.parse(FIRST_MOMENT) + id * 1000),
    active: id % 2 === 0,
  };
}

function bulkChunks(): readonly Uint8Array[] {
  const encoder = new TextEncoder();
  return Array.from({ length: INSERTED }, (_, index) => {
    const { name, note, amount, at, active } = bulkRow(index + 1);
    const text = note?.replaceAll("\\", "\\\\").replaceAll("\t", "\\t") ?? "\\N";
    return encoder.encode(`${name}\t${text}\t${amount}\t${at.toISOString()}\t${active}\n`);
  });
}
