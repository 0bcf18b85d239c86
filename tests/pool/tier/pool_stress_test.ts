/** Everything at once, at random, on connections that come and go: each call settles, with its own answer. */
import assert from "node:assert/strict";
import { type Pool, PoolQueueFullError, PoolTimeoutError, sql } from "../../../pool/mod.ts";
import { ConnectionError, QueryTimeoutError } from "../../../pool/wire/errors.ts";
import { PostgresError } from "../../../pool/wire/postgres_error.ts";
import { randomNumbers } from "../../random.ts";
import { awakeTime } from "../../awake_time.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs, proxy } from "../../services/client.ts";
import { assertReservable, assertSound, openPool, settled, sleep } from "./pools.ts";

class Abandoned extends Error {}

/** Everything a caller may do with a pool; each checks that the answer is its own. */
const DEEDS: readonly ((pool: Pool, tag: number, signal: AbortSignal | undefined) => Promise<unknown>)[] = [
  async (pool, tag, signal) => assert.equal(await pool.value(sql`select ${tag}::int`, { signal }), tag),
  async (pool, tag, signal) =>
    assert.equal(await pool.value(sql`select ${tag}::int + 0`, { signal, readOnly: true }), tag),
  async (pool, tag) => {
    const rows = await pool.query<{ n: number }>(
      sql`select n from generate_series(${tag}::int, ${tag}::int + 50) as n`,
    );
    assert.deepEqual(rows.map(({ n }) => n), Array.from({ length: 51 }, (_, n) => tag + n));
  },
  async (pool, tag, signal) => {
    await pool.query(sql`select pg_sleep(${(tag % 20) / 1000}::float8)`, { signal, timeout: 15 });
  },
  async (pool, tag, signal) => {
    await pool.transaction(async (tx) => {
      await tx.execute(sql`insert into written values (${tag}, 'started')`);
      assert.equal(await tx.value(sql`select ${tag}::int`), tag);
      if (tag % 3 === 0) throw new Abandoned();
      await tx.execute(sql`update written set state = 'done' where n = ${tag}`);
    }, { signal });
  },
  async (pool, tag, signal) => {
    await using session = await pool.reserve({ signal });
    await session.execute(sql`set application_name = 'left behind'`);
    if (tag % 4 === 0) session.query(sql`select pg_sleep(1)`).catch(() => {});
    else assert.equal(await session.value(sql`select ${tag}::int`), tag);
  },
  async (pool, tag) => {
    let sum = 0;
    for await (const { n } of pool.stream(sql<{ n: number }>`select n from generate_series(1, 500) as n`)) {
      sum += n;
      if (tag % 2 === 0 && n === 100) break;
    }
    assert.equal(sum, tag % 2 === 0 ? 5_050 : 125_250);
  },
  async (pool, tag, signal) => {
    const [first, second] = await pool.batch([
      sql<{ n: number }>`select ${tag}::int as n`,
      sql`select 2 as n`,
    ], { signal });
    assert.deepEqual([first[0].n, second.length], [tag, 1]);
  },
  async (pool, tag) => {
    const error = await pool.query(sql`select ${tag}::int / 0`).then(() => undefined, (error) => error);
    if (!(error instanceof PostgresError)) throw error;
  },
  async (pool) => assert.notEqual(await pool.value(sql`show application_name`), "left behind"),
];

for (const seed of [1, 2]) {
  test(`Every call has its own outcome whatever happens to connections (seed ${seed})`, {
    ...needs("primary"),
    timeout: 40_000,
  }, async () => {
    const random = randomNumbers(seed);
    await using database = await freshDatabase();
    await using outside = openPool({ url: database.url, max: 1 });
    await outside.execute(sql`create table written (n int primary key, state text)`);
    await using gate = await proxy("primary");
    await using pool = openPool({
      url: gate.url(database.url),
      min: 1,
      max: 4,
      acquireTimeout: 1_500,
      maxWaiting: 150,
      maxLifetime: 1_000,
      maxLifetimeJitter: 1,
      idleTimeout: 100,
      probeInterval: 100,
      backoffMin: 1,
      backoffMax: 20,
      connectTimeout: 500,
      applicationName: `stress_${seed}`,
    });
    const counts = new Map<string, number>();
    const calls: Promise<unknown>[] = [];
    const unexpected: string[] = [];
    const end = awakeTime() + 1_800;
    const disturbing = (async () => {
      while (awakeTime() < end) {
        await sleep(30 + 200 * random());
        const kind = random();
        if (kind < 0.4) {
          await outside.execute(sql`
            select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = ${`stress_${seed}`} order by random() limit 2`);
        } else if (kind < 0.6) await gate.reset();
        else if (kind < 0.8) await gate.cut();
        else {
          await gate.refuse();
          await sleep(100);
          await gate.heal();
        }
      }
    })();
    for (let tag = 1; awakeTime() < end; tag++) {
      const controller = random() < 0.2 ? new AbortController() : undefined;
      const deed = DEEDS[Math.floor(random() * DEEDS.length)];
      calls.push(
        deed(pool, tag, controller?.signal).then(() => "fulfilled", (error) => {
          if (error === "aborted") return "aborted";
          if (error instanceof Abandoned) return "abandoned";
          const isExpected = error instanceof ConnectionError || error instanceof PoolTimeoutError ||
            error instanceof PoolQueueFullError || error instanceof QueryTimeoutError;
          if (!isExpected) {
            unexpected.push(`call ${tag}, deed ${DEEDS.indexOf(deed)}: ${error?.stack ?? error}`);
          }
          return String(error?.name);
        }).then((outcome) => counts.set(outcome, (counts.get(outcome) ?? 0) + 1)),
      );
      if (controller !== undefined) setTimeout(() => controller.abort("aborted"), 20 * random());
      if (random() < 0.25) await sleep(10 * random());
    }
    await disturbing;
    await settled(calls, 8_000);
    console.log(
      `Stress: ${calls.length} calls: ${[...counts].map(([kind, n]) => `${n} ${kind}`).join(", ")}`,
    );
    assert.deepEqual(unexpected, []);
    assert.equal(await outside.value(sql`select count(*)::int from written where state = 'started'`), 0);
    const { waiting, reserved } = pool.stats();
    assert.deepEqual({ waiting, reserved }, { waiting: 0, reserved: 0 });
    assert.ok((counts.get("fulfilled") ?? 0) >= 10, "too few to mean anything");
    await assertReservable(pool, 4);
    assert.equal(pool.stats().reserved, 0);
  });
}

test("A pool is sound after every kind of call was given up at every moment", needs("primary"), async () => {
  await using pool = openPool({ max: 3 });
  await pool.connect();
  for (let round = 0; round < 60; round++) {
    const controller = new AbortController();
    const { signal } = controller;
    const calls = [
      pool.query(sql`select pg_sleep(0.05)`, { signal }),
      pool.query(sql`select ${round}::int`, { signal }),
      pool.transaction((tx) => tx.query(sql`select pg_sleep(0.05)`), { signal }),
      pool.batch([sql`select 1`, sql`select pg_sleep(0.01)`], { signal }),
      pool.reserve({ signal }).then((session) => session.release()),
      pool.execute(sql`set work_mem = '1MB'`, { signal }),
    ];
    const settling = settled(calls, 2_000);
    setTimeout(() => controller.abort(), round / 4);
    await settling;
  }
  await assertSound(pool, 3);
});
