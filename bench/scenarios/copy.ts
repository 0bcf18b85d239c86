/** COPY of a hundred thousand rows, in and out. */
import { oneAfterAnother } from "./closed_loop.ts";
import type { Metric, Run, Scenario } from "./scenario.ts";

/** Rows of one COPY. */
export const COPIED = 100_000;
/** Bytes of a chunk, about. */
const CHUNK = 65_536;

const SUBJECTS: readonly string[] = ["lifeguard", "postgres-js", "pg", "psql"];

const METRICS: readonly [Metric, ...Metric[]] = [
  { name: "rate", unit: "rows/s", better: "higher" },
  { name: "p50", unit: "ms", better: "lower" },
  { name: "cpu", unit: "µs/row", better: "lower" },
];

/** From the client to the server. */
export const copyInScenario: Scenario = {
  name: "copy-in",
  title: "COPY of 100,000 rows into a table",
  subjects: SUBJECTS,
  metrics: METRICS,
  before: ["truncate bench_copy"],
  after: `select count(*) > 0 and count(*) % ${COPIED} = 0 and count(distinct id) = ${COPIED}
    and bool_and(name = 'item ' || id and price = id / 100.0) from bench_copy`,
  native: { statement: "\\copy bench_copy from", isIn: true, rows: COPIED, chunks: copyChunks },
  run: (run) => {
    const chunks = copyChunks();
    return copies(run, ({ copyIn }) => copyIn!(chunks));
  },
};

/** From the server to the client. */
export const copyOutScenario: Scenario = {
  name: "copy-out",
  title: "COPY of 100,000 rows out of a table",
  subjects: SUBJECTS,
  metrics: METRICS,
  unable: {
    "postgres-js": "a second COPY on the same connection never ends (3.4.9): its socket stays paused",
    "pg on deno": "a second COPY on the same connection never ends (pg-copy-streams 7.0.0 on Deno 2.9)",
  },
  native: { statement: "\\copy bench_copied to", isIn: false, rows: COPIED },
  run: (run) => {
    const expected = copyChunks().reduce((sum, { length }) => sum + length, 0);
    return copies(run, async ({ copyOut }) => {
      const bytes = await copyOut!();
      if (bytes !== expected) throw new Error(`Cannot go on: ${bytes} bytes came, ${expected} is right`);
    });
  },
};

async function copies(
  { open, seconds }: Run,
  copy: (subject: Awaited<ReturnType<Run["open"]>>) => Promise<void>,
): Promise<Readonly<Record<string, number>>> {
  const subject = await open(4);
  const { rate, p50, cpu } = await oneAfterAnother({ seconds, call: () => copy(subject) });
  await subject.close();
  return { rate: rate * COPIED, p50: p50 / 1000, cpu: cpu / COPIED };
}

/** The rows in COPY's text format; chunks end with a row. */
export function copyChunks(): readonly Uint8Array[] {
  const encoder = new TextEncoder();
  const chunks: Uint8Array[] = [];
  let text = "";
  for (let id = 1; id <= COPIED; id++) {
    text += `${id}\titem ${id}\t${(id / 100).toFixed(2)}\n`;
    if (text.length < CHUNK && id < COPIED) continue;
    chunks.push(encoder.encode(text));
    text = "";
  }
  return chunks;
}
