/**
 * Reads by primary key through the cache: what Redis, this process and doubt make of `findById()`, beside a bare GET.
 *
 * One reflector runs beside all subjects, in a process of its own, so that nobody's event loop is shared with it.
 */
import { setImmediate } from "node:timers";
import { closedLoop } from "./closed_loop.ts";
import { assertItem } from "./pk_select.ts";
import { ITEMS, type Run, type Scenario, type Surroundings } from "./scenario.ts";

/** What the keys of the cached subjects begin with. */
export const BENCH_PREFIX = "bench:cache:";

const CALLERS = 64;
const CONNECTIONS = 4;
/**
 * Reads that a caller makes before it lets the event loop have a turn. Rows found in this process settle without one, so
 * that timers and sockets, those that prove the cache current too, would wait for ever; a program waits for something else
 * now and then. All subjects do it alike.
 */
const READS = 128;

/** The scenario. */
export const cachedFind: Scenario = {
  name: "cached-find",
  title: "Primary-key reads through the cache, 64 callers on 4 connections",
  subjects: [
    "lifeguard-cached",
    "lifeguard-near",
    "lifeguard-find-by-id",
    "lifeguard-distrusted",
    "ioredis",
    "ioredis-pipelining",
  ],
  ours: "lifeguard-cached",
  metrics: [
    { name: "rate", unit: "reads/s", better: "higher" },
    { name: "cpu", unit: "µs/read", better: "lower" },
  ],
  goals: [
    { subject: "lifeguard-cached", of: "ioredis", least: 0.85 },
    { subject: "lifeguard-cached", of: "ioredis-pipelining", least: 0.85 },
    { subject: "lifeguard-cached", of: "lifeguard-find-by-id", least: 1.5 },
    { subject: "lifeguard-near", least: 2_000_000 },
    { subject: "lifeguard-near", of: "lifeguard-find-by-id", least: 1.5 },
    { subject: "lifeguard-distrusted", of: "lifeguard-find-by-id", least: 0.95 },
  ],
  beside: startReflector,
  run: reads,
};

async function startReflector({ url, redisUrl }: Surroundings): Promise<AsyncDisposable> {
  if (redisUrl === undefined) throw new Error("Redis could not be started");
  const { Pool, sql } = await import("../../mod.ts");
  const { installTriggers } = await import("../../reflector/mod.ts");
  const { ReflectorProcess } = await import("../../tests/faults/cache/reflector_process.ts");
  await using pool = new Pool({ url, max: 1 });
  await installTriggers(pool, { tables: ["bench_items"] });
  await pool.execute(sql`analyze bench_items`);
  const flags = { "database-url": url, "redis-url": redisUrl, "prefix": BENCH_PREFIX, "source": "notify" };
  const reflector = new ReflectorProcess({ name: "bench", flags });
  const until = performance.now() + 30_000;
  while (!await reflector.leads()) {
    if (performance.now() > until) {
      const log = reflector.log.join("\n");
      await reflector.kill();
      throw new Error(`The reflector does not lead:\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return reflector;
}

async function reads({ open, seconds }: Run): Promise<Readonly<Record<string, number>>> {
  const subject = await open(CONNECTIONS);
  for (const id of [1, 123, ITEMS]) assertItem(subject.item(await subject.select(id)), id);
  const call = async (random: () => number): Promise<void> => {
    let id = 0;
    let answer: unknown;
    for (let read = 0; read < READS; read++) {
      id = 1 + Math.floor(random() * ITEMS);
      answer = await subject.select(id);
    }
    assertItem(subject.item(answer), id);
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  const { rate, cpu } = await closedLoop({ callers: CALLERS, seconds, call });
  await subject.close();
  return { rate: rate * READS, cpu: cpu / READS };
}
