/**
 * What being observed costs: primary-key selects by 64 callers over 4 connections, without telemetry, with it and no
 * provider, and with providers that record.
 *
 *     deno run -A --config deno.json bench/telemetry.ts [postgres://…]      on Deno
 *     bun bench/telemetry.ts [postgres://…]                                 on Bun
 *
 * Without a URL it uses the test services (`deno task services`). Each variant runs in a process of its own, so that
 * none is compiled for the others; rounds alternate. CPU time is that of the measured process, user and system.
 */
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { AlwaysOffSampler, BasicTracerProvider, type SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Pool, type PoolOptions, sql } from "../mod.ts";
import { server } from "../tests/services/client.ts";

const ROUNDS = 7;
const WARM_UP = 1_000;
const MEASURED = 1_500;
const CALLERS = 64;
const ROWS = 1_000;

/** What one round of one variant came to. */
interface Round {
  /** Microseconds of CPU time a query. */
  readonly cpu: number;
  /** Queries a second. */
  readonly rate: number;
}

/** Takes spans and forgets them, as an exporter that costs nothing would. */
const FORGETFUL: SpanProcessor = {
  onStart: () => {},
  onEnd: () => {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

class Reader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

const spans = (): PoolOptions => ({
  tracerProvider: new BasicTracerProvider({ spanProcessors: [FORGETFUL] }),
});
const unsampled = (): PoolOptions => ({
  tracerProvider: new BasicTracerProvider({
    sampler: new AlwaysOffSampler(),
    spanProcessors: [FORGETFUL],
  }),
});
const numbers = (): PoolOptions => ({ meterProvider: new MeterProvider({ readers: [new Reader()] }) });

/** How a pool is observed, by the names in the table. */
const VARIANTS: Readonly<Record<string, () => PoolOptions>> = {
  "telemetry: false": () => ({ telemetry: false }),
  "no provider": () => ({}),
  "slowQueryAfter": () => ({ slowQueryAfter: "10s" }),
  "spans, none sampled": unsampled,
  "metrics": numbers,
  "spans": spans,
  "spans and metrics": () => ({ ...spans(), ...numbers() }),
};

/** Measures one variant in this process. */
async function measure(variant: string, url: string): Promise<Round> {
  await using pool = new Pool({ url, max: 4, configFile: false, ...VARIANTS[variant]() });
  await pool.connect();
  let queries = 0;
  let ends = Infinity;
  const caller = async (): Promise<void> => {
    for (let id = 1; performance.now() < ends; id = id % ROWS + 1) {
      await pool.query(sql`select id, name from telemetry_bench where id = ${id}`);
      queries++;
    }
  };
  const phase = async (milliseconds: number): Promise<void> => {
    queries = 0;
    ends = performance.now() + milliseconds;
    await Promise.all(Array.from({ length: CALLERS }, caller));
  };
  await phase(WARM_UP);
  const before = process.cpuUsage();
  const start = performance.now();
  await phase(MEASURED);
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / queries, rate: queries / ((performance.now() - start) / 1_000) };
}

/** Measures one variant in a process of its own. */
async function measureApart(variant: string, url: string): Promise<Round> {
  const file = fileURLToPath(import.meta.url);
  const config = fileURLToPath(new URL("../deno.json", import.meta.url));
  const flags = "Bun" in globalThis ? [] : ["run", "--quiet", "--allow-all", "--config", config];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, file, "--variant", variant, url]);
  return JSON.parse(stdout);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function compare(url: string): Promise<void> {
  const rounds = new Map<string, Round[]>(Object.keys(VARIANTS).map((variant) => [variant, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [variant, found] of rounds) found.push(await measureApart(variant, url));
  }
  const medians = [...rounds].map(([variant, found]) => ({
    variant,
    cpu: median(found.map(({ cpu }) => cpu)),
    rate: median(found.map(({ rate }) => rate)),
  }));
  const [base] = medians;
  console.log(`| ${"Bun" in globalThis ? "Bun" : "Deno"} | µs of CPU a query | ratio | queries/s | ratio |`);
  console.log("| --- | --- | --- | --- | --- |");
  for (const { variant, cpu, rate } of medians) {
    const figures = [
      cpu.toFixed(2),
      (cpu / base.cpu).toFixed(2),
      rate.toFixed(0),
      (rate / base.rate).toFixed(2),
    ];
    console.log(`| ${variant} | ${figures.join(" | ")} |`);
  }
}

const [first, variant, given] = process.argv.slice(2);
if (first === "--variant") {
  console.log(JSON.stringify(await measure(variant, given)));
} else {
  const url = first ?? `${server("primary").url}?sslmode=disable`;
  await using pool = new Pool({ url, max: 1, configFile: false });
  await pool.execute(sql`drop table if exists telemetry_bench`);
  await pool.execute(sql`create table telemetry_bench (id int primary key, name text not null)`);
  await pool.execute(
    sql`insert into telemetry_bench select n, 'name ' || n from generate_series(1, ${ROWS}::int) n`,
  );
  try {
    await compare(url);
  } finally {
    await pool.execute(sql`drop table telemetry_bench`);
  }
}
