/** Fault 19: the connection that a reservation counts on dies while it waits, is granted, begins, or ends. */
import assert from "node:assert/strict";
import { type Pool, sql } from "../../pool/mod.ts";
import { ConnectionError } from "../../pool/wire/errors.ts";
import { assertSound, openPool, settled, sleep } from "../pool/tier/pools.ts";
import { randomIntegers, rounds, SEED } from "../random.ts";
import { freshDatabase, needs } from "../services/client.ts";
import { fault } from "./fault.ts";

const SIZE = 2;
const ROUNDS = rounds(300, 5_000);
/** Rounds that go on at the same time, each on a pool of its own. */
const POOLS = 3;

/** Every way to have a connection for oneself; each brings its tag back. */
const RESERVATIONS: readonly ((pool: Pool, tag: number) => Promise<number>)[] = [
  (pool, tag) => pool.transaction((tx) => tx.value<number>(sql`select ${tag}::int`)),
  (pool, tag) =>
    pool.transaction(async (tx) => {
      await tx.execute(sql`select pg_sleep(0.002)`);
      return await tx.transaction((nested) => nested.value<number>(sql`select ${tag}::int`));
    }),
  async (pool, tag) => {
    await using session = await pool.reserve();
    return await session.value<number>(sql`select ${tag}::int`);
  },
  async (pool, tag) => {
    const [rows] = await pool.batch([sql<{ tag: number }>`select ${tag}::int as tag`, sql`select 1`]);
    return rows[0].tag;
  },
  async (pool, tag) => {
    await using lock = await pool.advisoryLock(tag);
    assert.ok(lock !== undefined);
    return tag;
  },
  async (pool, tag) => {
    let sum = 0;
    for await (const { n } of pool.stream(sql<{ n: number }>`select n from generate_series(1, 200) as n`)) {
      sum += n;
    }
    assert.equal(sum, 20_100);
    return tag;
  },
  async (pool, tag) => {
    await pool.execute(sql`set work_mem = '2MB'`);
    return tag;
  },
];

const NAMES = new WeakMap<Pool, string>();

function applicationName(pool: Pool): string {
  return NAMES.get(pool)!;
}

/** What became of the calls. */
class Outcomes {
  served = 0;
  lost = 0;
  unsettled = 0;
  slowest = 0;

  async note(tag: number, call: Promise<number>): Promise<void> {
    const start = performance.now();
    this.unsettled++;
    try {
      assert.equal(await call, tag, "it got another's answer");
      this.served++;
    } catch (error) {
      assert.ok(error instanceof ConnectionError, String((error as Error)?.stack ?? error));
      this.lost++;
    } finally {
      this.unsettled--;
      this.slowest = Math.max(this.slowest, performance.now() - start);
    }
  }
}

/** One round: calls of all kinds on few connections, and at a random moment one or all of these die. */
async function round(
  pool: Pool,
  outside: Pool,
  below: (bound: number) => number,
  outcomes: Outcomes,
): Promise<void> {
  const calls: Promise<void>[] = [];
  const count = 4 + below(6);
  for (let n = 0; n < count; n++) {
    const tag = below(1_000_000);
    const kind = below(RESERVATIONS.length + 3);
    const call = kind < RESERVATIONS.length
      ? RESERVATIONS[kind](pool, tag)
      : kind === RESERVATIONS.length
      ? pool.value<number>(sql`select ${tag}::int from pg_sleep(${below(6) / 1_000}::float8)`)
      : pool.value<number>(sql`select ${tag}::int`);
    calls.push(outcomes.note(tag, call));
    if (below(4) === 0) await sleep(below(3));
  }
  if (below(3) > 0) await sleep(below(8));
  calls.push(kill(pool, outside, below(4) === 0 ? SIZE : 1));
  for (const outcome of await settled(calls, 20_000)) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
}

async function kill(pool: Pool, outside: Pool, count: number): Promise<void> {
  await outside.query(sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = ${applicationName(pool)} order by random() limit ${count}`);
}

fault(19, "connections die under waiting reservations, at random → each is served or rejected", {
  ...needs("primary"),
  timeout: 60_000 + 300 * ROUNDS,
}, async (report) => {
  await using database = await freshDatabase();
  await using outside = openPool({ url: database.url, max: POOLS });
  const outcomes = new Outcomes();
  await Promise.all(Array.from({ length: POOLS }, async (_, index) => {
    const below = randomIntegers(SEED + index);
    const name = `victims_${index}`;
    await using pool = openPool({
      url: database.url,
      max: SIZE,
      applicationName: name,
      backoffMin: 1,
      backoffMax: 50,
    });
    NAMES.set(pool, name);
    await pool.connect();
    for (let n = index; n < ROUNDS; n += POOLS) await round(pool, outside, below, outcomes);
    assert.equal(pool.stats().waiting, 0);
    await assertSound(pool, SIZE);
  }));
  report.figure("rounds, each with a connection killed", ROUNDS, "rounds");
  report.figure("calls lost with their connection", outcomes.lost, "calls");
  report.figure("calls served", outcomes.served, "calls", { least: outcomes.lost });
  report.figure("calls left unsettled", outcomes.unsettled, "calls", { most: 0 });
  report.figure("longest time a call took", outcomes.slowest, "ms", { most: 5_000 });
});
