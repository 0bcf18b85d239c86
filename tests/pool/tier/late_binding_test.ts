/** Who is served when: nobody behind a slow statement, everybody in order. */
import assert from "node:assert/strict";
import { sql } from "../../../pool/mod.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { assertSound, openPool, sleep, spread } from "./pools.ts";

test("Fast queries are not held up by a slow one on another connection", needs("primary"), async () => {
  await using pool = openPool({ max: 2 });
  await pool.connect();
  for (let n = 0; n < 20; n++) await pool.query(sql`select ${n}::int as fast`);
  const slow = pool.query(sql`select pg_sleep(0.6) as slow`);
  await sleep(20);
  const times: number[] = [];
  const start = performance.now();
  await Promise.all(
    Array.from({ length: 200 }, async (_, n) => {
      assert.equal(await pool.value(sql`select ${n}::int as fast`), n);
      times.push(performance.now() - start);
    }),
  );
  console.log(`200 fast queries beside a slow one: ${spread(times)}`);
  assert.ok(Math.max(...times) < 400, `one took ${Math.max(...times)} ms`);
  await slow;
  await assertSound(pool, 2);
});

test("Statements nobody knows yet are not put behind each other", needs("primary"), async () => {
  await using pool = openPool({ max: 4 });
  await pool.connect();
  const start = performance.now();
  // Different texts, so that nothing is known of any.
  await Promise.all(
    [1, 2, 3, 4].map((n) => pool.query(sql`select pg_sleep(0.25), ${sql.unsafe(`${n}`)} as n`)),
  );
  const took = performance.now() - start;
  assert.ok(took < 450, `four slow ones on four connections took ${took} ms`);
  await assertSound(pool, 4);
});

test("Statements known to be slow are not put behind each other", needs("primary"), async () => {
  await using pool = openPool({ max: 4 });
  await pool.connect();
  await pool.query(sql`select pg_sleep(0.1) as known`);
  const start = performance.now();
  await Promise.all([1, 2, 3, 4].map(() => pool.query(sql`select pg_sleep(0.1) as known`)));
  const took = performance.now() - start;
  assert.ok(took < 250, `four on four connections took ${took} ms`);
});

test(
  "Statements that are suddenly slow hold up only what was sent behind them",
  needs("primary"),
  async () => {
    await using pool = openPool({ max: 2 });
    await pool.connect();
    const wait = (seconds: number) =>
      pool.value(sql`select 1 from (select pg_sleep(${seconds}::float8)) as s`);
    for (let n = 0; n < 30; n++) await wait(0);
    const slow = wait(0.5);
    await sleep(40);
    const start = performance.now();
    await Promise.all(Array.from({ length: 100 }, () => wait(0)));
    assert.ok(performance.now() - start < 350, `it took ${performance.now() - start} ms`);
    await slow;
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
    const start = performance.now();
    await pool.transaction(async (tx) => {
      waits.push(performance.now() - start);
      await tx.query(sql`select 1`);
    });
  }
  isRunning = false;
  await Promise.all(stream);
  console.log(`30 transactions among ${served} queries of 64 callers: waits ${spread(waits)}`);
  assert.ok(Math.max(...waits) < 500, `one waited ${Math.max(...waits)} ms`);
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
