/**
 * A program that uses a pool in a process of its own, so that it can be stopped, and be seen to end by itself:
 *
 *     deno run --allow-net tests/faults/pool_process.ts SCENARIO URL [SECONDS]
 *
 * It says what happens in lines of JSON.
 */
import process from "node:process";
import { Pool, type PoolOptions, sql } from "../../pool/mod.ts";

const SIZE = 8;

function say(what: object): void {
  console.log(JSON.stringify(what));
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function open(url: string, options: PoolOptions = {}): Pool {
  return new Pool({ url, max: SIZE, logger: { warn: (message) => say({ warning: message }) }, ...options });
}

/** The server processes behind all connections. */
async function backends(pool: Pool): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: SIZE }, () => pool.reserve()));
  const found = await Promise.all(held.map((session) => session.value<number>(sql`select pg_backend_pid()`)));
  await Promise.all(held.map((session) => session.release()));
  return found.sort((a, b) => a - b);
}

/** How many of some are among others. */
function kept(some: readonly number[], others: readonly number[]): number {
  return some.filter((one) => others.includes(one)).length;
}

/** How calls ended, by the name of their error. */
async function outcomes(calls: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const outcome of await Promise.allSettled(calls)) {
    const name = outcome.status === "fulfilled" ? "fulfilled" : (outcome.reason as Error).name;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Uses a pool until the process has stood still for a while; returns for how long, and who served it before. */
async function untilStopped(pool: Pool, seconds: number): Promise<{ gap: number; served: number[] }> {
  // A busy machine makes a process stand still as well, but not for so long.
  const least = seconds * 800;
  let served = await backends(pool);
  say({ ready: true });
  while (true) {
    const start = performance.now();
    const now = await backends(pool);
    if (performance.now() - start < least) served = now;
    await sleep(50);
    const gap = performance.now() - start;
    if (gap > least) return { gap, served };
  }
}

/** The process is stopped while two pools have calls in flight, and all their deadlines pass. */
async function stopped(url: string, seconds: number): Promise<void> {
  const pools = {
    plain: open(url),
    shrinking: open(url, { min: 1, idleTimeout: 3_000 }),
  };
  const all = Object.entries(pools);
  const before: Record<string, number[]> = {};
  const look = async (): Promise<void> => {
    for (const [name, pool] of all) before[name] = await backends(pool);
  };
  await look();
  await look();
  const inFlight = all.flatMap(([, pool]) => [
    pool.query(sql`select pg_sleep(0.5)`),
    pool.query(sql`select pg_sleep(0.5)`, { timeout: 1_000 }),
    pool.transaction((tx) => tx.query(sql`select pg_sleep(0.5)`)),
  ]);
  const ended = outcomes(inFlight);
  const { gap, served: lately } = await untilStopped(pools.shrinking, seconds);
  before.shrinking = lately;
  const start = performance.now();
  const looking = Promise.all(
    all.map(async ([name, pool]) => [name, kept(before[name], await backends(pool))]),
  );
  const tags = await Promise.all(
    Array.from({ length: 200 }, (_, tag) => pools.plain.value<number>(sql`select ${tag}::int`)),
  );
  const served = performance.now() - start;
  const after = await looking;
  const inTime = performance.now() - start;
  say({
    gap,
    served,
    inTime,
    isRight: tags.every((found, tag) => found === tag),
    kept: Object.fromEntries(after),
    inFlight: await ended,
  });
  await Promise.all(all.map(([, pool]) => pool.close()));
}

/** The clock of the day is set, by hours and to and fro, while a pool with short deadlines works. */
async function clock(url: string): Promise<void> {
  const { now } = Date;
  const pool = open(url, {
    queryTimeout: 20_000,
    acquireTimeout: 20_000,
    idleTimeout: 20_000,
    min: 1,
    maxLifetime: 60_000,
    leakAfter: 20_000,
    probeInterval: 20_000,
  });
  await backends(pool);
  const before = await backends(pool);
  const held = await pool.reserve();
  const calls: Promise<unknown>[] = [];
  const start = performance.now();
  for (let step = 0; performance.now() - start < 2_500; step++) {
    const offset = [6, -6, 24 * 365, -24 * 365, 0][step % 5] * 3_600_000;
    Date.now = () => now() + offset;
    calls.push(pool.query(sql`select pg_sleep(0.01)`), pool.transaction((tx) => tx.query(sql`select 1`)));
    await sleep(25);
  }
  const ended = await outcomes(calls);
  await held.release();
  say({ ended, kept: kept(before, await backends(pool)), calls: calls.length });
  const late = performance.now();
  const timedOut = await outcomes([pool.query(sql`select pg_sleep(30)`, { timeout: 300 })]);
  say({ timedOut, after: performance.now() - late });
  await pool.close();
}

/** The pool is closed with a thousand writes in flight, and time enough. */
async function drained(url: string): Promise<void> {
  const pool = open(url);
  await pool.execute(sql`create table written (n int)`);
  const calls = Array.from(
    { length: 1_000 },
    (_, n) =>
      n % 10 === 0
        ? pool.transaction((tx) => tx.execute(sql`insert into written values (${n})`))
        : pool.execute(sql`insert into written values (${n})`),
  );
  const start = performance.now();
  await pool.close();
  say({ closed: performance.now() - start });
  say({ ended: await outcomes(calls) });
}

/** The pool is closed with a thousand calls in flight that take for ever. */
async function aborted(url: string): Promise<void> {
  const pool = open(url, { drainTimeout: 500 });
  const calls = [
    ...Array.from({ length: SIZE / 2 }, () => pool.query(sql`select pg_sleep(600)`)),
    ...Array.from({ length: SIZE / 2 }, () => pool.transaction((tx) => tx.query(sql`select pg_sleep(600)`))),
    ...Array.from({ length: 990 }, (_, n) => pool.query(sql`select ${n}::int`)),
    pool.reserve().then((session) => session.query(sql`select pg_sleep(600)`)),
    pool.listen("news", () => {}).then(() => pool.reserve()),
  ];
  const ended = outcomes(calls);
  while (pool.size < SIZE) await sleep(5);
  say({ open: true });
  await sleep(500);
  const start = performance.now();
  await pool.close();
  say({ closed: performance.now() - start });
  say({ ended: await ended });
}

const SCENARIOS: Readonly<Record<string, (url: string, seconds: number) => Promise<void>>> = {
  stopped,
  clock,
  drained,
  aborted,
};

const [scenario, url, seconds] = process.argv.slice(2);
await SCENARIOS[scenario](url, Number(seconds));
say({ done: true });
