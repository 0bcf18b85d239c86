/** Who is served when: nobody behind a slow statement, everybody in order. */
import assert from "node:assert/strict";
import { sql } from "../../../pool/mod.ts";
import { within } from "../../../pool/pause.ts";
import { awakeTime } from "../../awake_time.ts";
import { test } from "../../harness.ts";
import { needs, proxy, server } from "../../services/client.ts";
import { assertSound, endless, openPool, settled, sleep, spread, until } from "./pools.ts";

test("Fast queries are not held up by a slow one on another connection", needs("primary"), async () => {
  await using pool = openPool({ max: 2 });
  await pool.connect();
  for (let n = 0; n < 20; n++) await pool.query(sql`select ${n}::int as fast`);
  const slow = endless(pool);
  await until("it runs", () => pool.stats().inFlight > 0);
  const times: number[] = [];
  const start = awakeTime();
  await Promise.all(
    Array.from({ length: 200 }, async (_, n) => {
      assert.equal(await pool.value(sql`select ${n}::int as fast`), n);
      times.push(awakeTime() - start);
    }),
  );
  console.log(`200 fast queries beside a slow one: ${spread(times)}`);
  assert.ok(Math.max(...times) < 5_000, `one took ${Math.max(...times)} ms`);
  await slow.stop();
  await assertSound(pool, 2);
});

test("Statements nobody knows yet are not put behind each other", needs("primary"), async () => {
  await using pool = openPool({ max: 4 });
  await pool.connect();
  const stop = new AbortController();
  // Different texts, so that nothing is known of any.
  const slow = settled(
    [1, 2, 3, 4].map((n) =>
      pool.query(sql`select pg_sleep(60), ${sql.unsafe(`${n}`)} as n`, { signal: stop.signal })
    ),
  );
  await until("each has a connection for itself", () => pool.stats().busy === 4);
  stop.abort();
  await slow;
  await assertSound(pool, 4);
});

test("Statements known to be slow are not put behind each other", needs("primary"), async () => {
  await using pool = openPool({ max: 4 });
  await pool.connect();
  const stop = new AbortController();
  const wait = (seconds: number) =>
    pool.query(sql`select pg_sleep(${seconds}::float8) as known`, { signal: stop.signal });
  await wait(0.1);
  const slow = settled([1, 2, 3, 4].map(() => wait(60)));
  await until("each has a connection for itself", () => pool.stats().busy === 4);
  stop.abort();
  await slow;
  await assertSound(pool, 4);
});

test(
  "Statements that are suddenly slow hold up only what was sent behind them",
  needs("primary"),
  async () => {
    await using pool = openPool({ max: 2 });
    await pool.connect();
    const wait = (seconds: number, signal?: AbortSignal) =>
      pool.value(sql`select 1 from (select pg_sleep(${seconds}::float8)) as s`, { signal });
    for (let n = 0; n < 30; n++) await wait(0);
    const stop = new AbortController();
    const slow = settled([wait(60, stop.signal)]);
    await sleep(40);
    await settled(Array.from({ length: 100 }, () => wait(0)), 5_000);
    stop.abort();
    assert.equal((await slow)[0].status, "rejected", "it had ended before");
  },
);

test(
  "One statement at most stands behind one that is slow for some of its values",
  needs("primary"),
  async () => {
    await using pool = openPool({ max: 4 });
    await pool.connect();
    const wait = (seconds: number, signal?: AbortSignal) =>
      pool.value(sql`select 1 from (select pg_sleep(${seconds}::float8)) as s`, { signal });
    const many = () => Array.from({ length: 64 }, () => wait(0));
    /** How many of 64 stand behind a slow one that looks like them. */
    const behindSlow = async (): Promise<number> => {
      const stop = new AbortController();
      const slow = wait(60, stop.signal).catch(() => {});
      let served = 0;
      const calls = many().map((call) => call.then(() => served++));
      await within(Promise.all(calls), 1_500);
      const behind = calls.length - served;
      stop.abort();
      await slow;
      await settled(calls);
      return behind;
    };
    // Slow once in a while; others are served meanwhile, and go on to come. A busy machine may need more of it.
    let behind = 64;
    for (let attempt = 0; behind > 1 && attempt < 6; attempt++) {
      const before: Promise<unknown>[] = [];
      for (let n = 0; n < 60; n++) {
        if (n % 5 === 4) before.push(wait(0.03));
        before.push(...many());
        await sleep(5);
      }
      await settled(before);
      behind = await behindSlow();
    }
    assert.ok(behind <= 1, `${behind} stood behind it`);
    await assertSound(pool, 4);
  },
);

test(
  "Statements are pipelined over a long line, whose time is not the server's",
  needs("primary"),
  async () => {
    await using line = await proxy("primary");
    await line.delay(10);
    await using pool = openPool({ max: 1, url: line.url(server("primary").url) });
    await pool.connect();
    const call = (n: number) => pool.value(sql`select ${n}::int as far`);
    for (let n = 0; n < 5; n++) await call(n);
    let most = 0;
    const watching = setInterval(() => most = Math.max(most, pool.stats().inFlight), 1);
    const start = awakeTime();
    await Promise.all(Array.from({ length: 64 }, (_, n) => call(n)));
    clearInterval(watching);
    console.log(
      `64 calls over a line of 20 ms: ${(awakeTime() - start).toFixed(0)} ms, up to ${most} in flight`,
    );
    assert.ok(most > 4, `${most} in flight at most`);
  },
);

for (const pipelineDepth of [1, 16]) {
  test(`Calls are served in order, with ${pipelineDepth} in flight on a connection`, {
    ...needs("primary"),
  }, async () => {
    const size = 4;
    await using pool = openPool({ max: size, pipelineDepth });
    await pool.connect();
    // A value is asked for its JSON when its statement is given to a connection.
    const order: number[] = [];
    const mark = (n: number) => ({ toJSON: () => order.push(n) });
    const quick = (n: number) => pool.query(sql`select ${mark(n)}::jsonb`);
    const slow = (n: number) => pool.query(sql`select ${mark(n)}::jsonb, pg_sleep(0.007)`);
    for (let n = 0; n < 20; n++) await Promise.all([quick(n), slow(n)]);
    order.length = 0;
    await Promise.all(Array.from({ length: 400 }, async (_, n) => {
      if (n % 7 === 0) await pool.transaction((tx) => tx.query(sql`select ${order.push(n)}::int`));
      else await (n % 11 === 0 ? slow(n) : quick(n));
    }));
    assert.equal(order.length, 400);
    const overtaken = order.map((n, place) => order.slice(0, place).filter((other) => other > n).length);
    const most = Math.max(...overtaken);
    console.log(`400 mixed calls, ${size} connections, depth ${pipelineDepth}: overtaken by ${most} at most`);
    assert.ok(most <= size * pipelineDepth, `one call was overtaken by ${most}`);
    await assertSound(pool, size);
  });
}

test("Reservations are not starved by a stream of pipelined queries", needs("primary"), async () => {
  await using pool = openPool({ max: 2 });
  await pool.connect();
  let isRunning = true;
  let served = 0;
  const stream = Array.from({ length: 64 }, async () => {
    while (isRunning) {
      await pool.query(sql`select ${served}::int as n`);
      served++;
    }
  });
  const waits: number[] = [];
  for (let round = 0; round < 30; round++) {
    await sleep(10);
    const start = awakeTime();
    await pool.transaction(async (tx) => {
      waits.push(awakeTime() - start);
      await tx.query(sql`select 1`);
    });
  }
  isRunning = false;
  await Promise.all(stream);
  console.log(`30 transactions among ${served} queries of 64 callers: waits ${spread(waits)}`);
  assert.ok(Math.max(...waits) < 2_000, `one waited ${Math.max(...waits)} ms`);
  await assertSound(pool, 2);
});

test(
  "Many reservations that wait at once are served in order and leave no connection out",
  needs("primary"),
  async () => {
    await using pool = openPool({ max: 3 });
    await pool.connect();
    const order: number[] = [];
    let isRunning = true;
    const stream = Array.from({ length: 16 }, async () => {
      while (isRunning) await pool.query(sql`select 1 as n`);
    });
    await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        await using session = await pool.reserve();
        order.push(n);
        await session.query(sql`select 1`);
      }),
    );
    isRunning = false;
    await Promise.all(stream);
    assert.deepEqual(order, Array.from({ length: 60 }, (_, n) => n));
    await assertSound(pool, 3);
  },
);
