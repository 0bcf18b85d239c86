import assert from "node:assert/strict";
import { type Pool, sql } from "../../pool/mod.ts";
import { awakeTime } from "../awake_time.ts";
import { test } from "../harness.ts";
import { needs, proxy } from "../services/client.ts";
import { assertServes, livePool, rejection, running, stopped, until } from "./live_pool.ts";

const LIVE = needs("primary");
/** Milliseconds after its deadline by which a call must have settled, with room for a loaded machine. */
const SLACK = 1_500;

type Call = (pool: Pool, options: { signal?: AbortSignal; timeout?: number }) => Promise<unknown>;

/** Every way to run a statement, each of which sleeps on the server for long. */
const CALLS: Record<string, Call> = {
  query: (pool, options) => pool.query(sql`select pg_sleep(20) /* mark query */`, options),
  one: (pool, options) => pool.one(sql`select pg_sleep(20) /* mark one */`, options),
  maybeOne: (pool, options) => pool.maybeOne(sql`select pg_sleep(20) /* mark maybeOne */`, options),
  value: (pool, options) => pool.value(sql`select pg_sleep(20) /* mark value */`, options),
  execute: (pool, options) => pool.execute(sql`select pg_sleep(20) /* mark execute */`, options),
  alone: (pool, options) =>
    pool.query(sql`do $$ begin perform pg_sleep(20); end $$ /* mark alone */`, options),
  readOnly: (pool, options) =>
    pool.query(sql`select pg_sleep(20) /* mark readOnly */`, { ...options, readOnly: true }),
  inside: (pool, options) =>
    pool.transaction((tx) => tx.query(sql`select pg_sleep(20) /* mark inside */`, options)),
  nested: (pool, options) =>
    pool.transaction((tx) =>
      tx.transaction((nested) => nested.query(sql`select pg_sleep(20) /* mark nested */`, options))
    ),
  reserved: async (pool, options) => {
    await using session = await pool.reserve();
    return await session.query(sql`select pg_sleep(20) /* mark reserved */`, options);
  },
};

for (const [name, call] of Object.entries(CALLS)) {
  test(`A signal or timeout ends ${name} here in time, and on the server`, LIVE, async () => {
    await using live = await livePool();
    const { pool, outside } = live;
    for (let round = 0; round < 2; round++) {
      const abort = new AbortController();
      const gone = rejection<Error>(call(pool, { signal: abort.signal }));
      await running(outside, `mark ${name}`);
      let start = awakeTime();
      abort.abort(new RangeError("enough"));
      assert.equal((await gone).message, "enough");
      let took = awakeTime() - start;
      assert.ok(took < SLACK, `it took ${took} ms`);
      await stopped(outside, `mark ${name}`);
      start = awakeTime();
      const timed = await rejection<{ code: string; timeout: number }>(call(pool, { timeout: 150 }));
      took = awakeTime() - start;
      assert.deepEqual([timed.code, timed.timeout], ["QUERY_TIMEOUT", 150]);
      assert.ok(took < 150 + SLACK, `it took ${took} ms`);
      await stopped(outside, `mark ${name}`);
    }
    await assertServes(live);
  });
}

test(
  "The pool's queryTimeout bounds every statement, and a call's own timeout replaces it",
  LIVE,
  async () => {
    await using live = await livePool({ queryTimeout: 100 });
    const { pool } = live;
    for (const call of Object.values(CALLS)) {
      assert.equal((await rejection<{ code: string }>(call(pool, {}), 100 + SLACK)).code, "QUERY_TIMEOUT");
    }
    const endless = sql`select pg_sleep(20)`;
    assert.equal((await rejection<{ code: string }>(pool.stream(endless).next())).code, "QUERY_TIMEOUT");
    assert.equal((await rejection<{ code: string }>(pool.batch([endless]))).code, "QUERY_TIMEOUT");
    const slow = sql`select pg_sleep(0.2)`;
    assert.deepEqual(await pool.execute(slow, { timeout: 5_000 }), 1);
    assert.deepEqual(await pool.execute(slow, { timeout: 0 }), 1);
    await assertServes(live);
  },
);

test("A signal ends the wait for a connection of every kind of call", LIVE, async () => {
  await using live = await livePool({ max: 1 });
  const { pool } = live;
  const waits: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    query: (signal) => pool.query(sql`select 1`, { signal }),
    alone: (signal) => pool.query(sql`set x.y = 1`, { signal }),
    transaction: (signal) => pool.transaction(() => assert.fail("it began"), { signal }),
    withSettings: (signal) => pool.withSettings({ "a.b": 1 }, () => assert.fail("it began"), { signal }),
    batch: (signal) => pool.batch([sql`select 1`], { signal }),
    reserve: (signal) => pool.reserve({ signal }),
    advisoryLock: (signal) => pool.advisoryLock(1, { signal }),
    stream: (signal) => pool.stream(sql`select 1`, { signal }).next(),
    copyFrom: (signal) => pool.copyFrom(sql`copy t from stdin`, "", { signal }),
    copyTo: (signal) => new Response(pool.copyTo(sql`copy t to stdout`, { signal })).text(),
  };
  await using held = await pool.reserve();
  for (const [name, wait] of Object.entries(waits)) {
    const abort = new AbortController();
    const gone = rejection<Error>(wait(abort.signal));
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(pool.stats().waiting, 1, name);
    abort.abort(new RangeError(name));
    assert.equal((await gone).message, name);
    assert.equal(pool.stats().waiting, 0, name);
    const already = await rejection<Error>(wait(abort.signal));
    assert.equal(already.message, name);
    assert.equal(pool.stats().waiting, 0, name);
  }
  await held.release();
  await assertServes(live);
});

test("Calls given up at random moments neither hit others nor leave anything behind", LIVE, async () => {
  await using live = await livePool({ max: 3 });
  const { pool } = live;
  await pool.execute(sql`create table t (n int)`);
  let answered = 0;
  await Promise.all(Array.from({ length: 300 }, async (_, n) => {
    await new Promise((resolve) => setTimeout(resolve, n % 40));
    const signal = n % 3 === 0 ? AbortSignal.timeout(n % 7) : undefined;
    const calls = [
      () => pool.value(sql`select ${n}::int from pg_sleep(0.002)`, { signal }),
      () => pool.value(sql`select ${n}::int`, { signal }),
      () => pool.transaction((tx) => tx.value(sql`select ${n}::int`), { signal }),
      () => pool.batch([sql<{ n: number }>`select ${n}::int as n`], { signal }).then(([[row]]) => row.n),
      () =>
        pool.stream<{ n: number }>(sql`select ${n}::int as n`, { signal }).next().then(({ value }) =>
          value?.n
        ),
    ];
    try {
      assert.equal(await calls[n % 5](), n);
      answered++;
    } catch (error) {
      if (signal === undefined) throw error;
      const { name, outcomeUnknown } = error as { name: string; outcomeUnknown?: boolean };
      assert.ok(name === "TimeoutError" || outcomeUnknown, String(error));
    }
  }));
  assert.ok(answered >= 200, `${answered} were answered`);
  await assertServes(live);
});

test("Every kind of call settles in time though the server says nothing any more", {
  ...needs("primary", "control"),
}, async () => {
  await using hole = await proxy("primary");
  await using live = await livePool({
    through: (url) => hole.url(url),
    max: 12,
    min: 12,
    connectTimeout: 1_000,
  });
  const { pool } = live;
  // Waiting for a connection has a time of its own.
  await until(async () => {
    await pool.connect();
    return pool.stats().size === 12;
  }, 20_000);
  await hole.blackHole();
  await Promise.all(
    Object.entries(CALLS).filter(([name]) => name !== "reserved").map(async ([name, call]) => {
      const start = awakeTime();
      await rejection(call(pool, { timeout: 200 }));
      const took = awakeTime() - start;
      assert.ok(took < 200 + 100 + SLACK, `${name} took ${took} ms`);
    }),
  );
  await hole.heal();
});
