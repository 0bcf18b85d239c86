/** Waiting for a connection: for how long, with what error, in what company, and giving it up. */
import assert from "node:assert/strict";
import { PoolQueueFullError, PoolTimeoutError, sql } from "../../../pool/mod.ts";
import { awakeTime } from "../../awake_time.ts";
import { test } from "../../harness.ts";
import { needs, proxy, server } from "../../services/client.ts";
import { assertSound, endless, openPool, rejection, settled, sleep, until } from "./pools.ts";

test("PoolTimeoutError tells who has held a connection for the longest time, and since where", {
  ...needs("primary"),
}, async () => {
  await using pool = openPool({ max: 2, acquireTimeout: 200 });
  await pool.connect();
  const session = await pool.reserve();
  await session.query(sql`select 'the longest holder'`);
  await sleep(30);
  const slow = endless(pool);
  await until("it runs", () => pool.stats().busy === 1);
  const start = performance.now();
  const awake = awakeTime();
  const error = await rejection(pool.query(sql`select 1`), PoolTimeoutError);
  const took = performance.now() - start;
  assert.ok(took > 190 && awakeTime() - awake < 1_000, `it took ${took} ms`);
  assert.match(error.message, /^Cannot get a connection within 200 ms: the server is up but busy/);
  assert.match(error.message, /2 connections: 0 idle, 1 busy, 1 reserved, and 1 call waiting/);
  assert.match(error.message, /"select 'the longest holder'"/);
  assert.match(error.message, /waiting_test\.ts/);
  assert.equal(error.retryable, true);
  const { stats, longestHolder, connectError } = error.snapshot;
  assert.deepEqual([stats.size, stats.idle, stats.busy, stats.waiting], [2, 0, 1, 1]);
  assert.ok(longestHolder!.heldFor > 200);
  assert.match(longestHolder!.takenAt!, /waiting_test\.ts:\d+/);
  assert.equal(connectError, undefined);
  await session.release();
  await slow.stop();
  await assertSound(pool, 2);
});

test("PoolTimeoutError names the statement that runs when nobody has a connection for himself", {
  ...needs("primary"),
}, async () => {
  await using pool = openPool({ max: 1, acquireTimeout: 100 });
  await pool.connect();
  const secret = "not to be printed";
  const stop = new AbortController();
  const slow = pool.query(sql`select pg_sleep(60), ${secret}::text`, { signal: stop.signal });
  await until("it runs", () => pool.stats().busy === 1);
  const error = await rejection(pool.reserve(), PoolTimeoutError);
  assert.match(error.message, /"select pg_sleep\(60\), \$1::text"/);
  assert.ok(!error.message.includes(secret));
  stop.abort();
  await assert.rejects(slow);
  await assertSound(pool, 1);
});

test("PoolTimeoutError says that the server cannot be reached, and why", needs("primary"), async () => {
  await using gate = await proxy("primary");
  await gate.refuse();
  await using pool = openPool({ url: gate.url(server("primary").url), max: 2, acquireTimeout: 1_000 });
  const start = awakeTime();
  const error = await rejection(pool.query(sql`select 1`), PoolTimeoutError);
  const took = awakeTime() - start;
  assert.ok(took < 2_000, `it took ${took} ms`);
  assert.match(error.message, /the server cannot be reached \(Cannot /);
  assert.ok(error.snapshot.connectError instanceof Error);
  assert.equal(error.cause, error.snapshot.connectError);
  await gate.heal();
  await assertSound(pool, 2);
});

test("acquireTimeout covers connecting to a server that answers nothing", needs("primary"), async () => {
  await using gate = await proxy("primary");
  await gate.blackHole();
  await using pool = openPool({ url: gate.url(server("primary").url), max: 2, acquireTimeout: 300 });
  const outcomes = await settled([
    pool.query(sql`select 1`),
    pool.transaction(() => 1),
    pool.reserve(),
    pool.batch([sql`select 1`]),
    pool.execute(sql`set work_mem = '1MB'`),
  ], 1_300);
  for (const outcome of outcomes) {
    assert.ok(outcome.status === "rejected" && outcome.reason instanceof PoolTimeoutError);
    assert.match(outcome.reason.message, /no connection is open, and \d calls? waited/);
  }
});

test("acquireTimeout covers validating a connection that was idle", needs("primary"), async () => {
  await using gate = await proxy("primary");
  await using pool = openPool({ url: gate.url(server("primary").url), max: 1, acquireTimeout: 300 });
  await pool.connect();
  await sleep(1_050);
  await gate.blackHole();
  await rejection(pool.query(sql`select 1`), PoolTimeoutError, 1_300);
  await gate.heal();
  await assertSound(pool, 1);
});

test(
  "PoolQueueFullError refuses at once whoever is too many, and nobody else",
  needs("primary"),
  async () => {
    await using pool = openPool({ max: 1, maxWaiting: 3 });
    const held = await pool.reserve();
    const waiting = Array.from({ length: 3 }, (_, n) => pool.value<number>(sql`select ${n}::int`));
    const error = await rejection(pool.query(sql`select 1`), PoolQueueFullError, 1_000);
    assert.equal(error.maxWaiting, 3);
    assert.match(error.message, /3 calls already waiting/);
    await rejection(pool.transaction(() => 1), PoolQueueFullError, 1_000);
    const controller = new AbortController();
    await rejection(pool.reserve({ signal: controller.signal }), PoolQueueFullError, 1_000);
    await held.release();
    assert.deepEqual(await Promise.all(waiting), [0, 1, 2]);
    await assertSound(pool, 1);
  },
);

test(
  "maxWaiting does not count who waits for a connection that is on its way",
  needs("primary"),
  async () => {
    await using pool = openPool({ max: 3, maxWaiting: 0 });
    assert.equal(await pool.value(sql`select 1`), 1);
    await until("all are open", () => pool.size === 3);
    await sleep(1_050);
    // Idle for long, so they are validated first.
    assert.deepEqual(await Promise.all([1, 2, 3].map((n) => pool.value(sql`select ${n}::int`))), [1, 2, 3]);
    const held = await Promise.all([1, 2, 3].map(() => pool.reserve()));
    await rejection(pool.query(sql`select 1`), PoolQueueFullError, 1_000);
    await Promise.all(held.map((session) => session.release()));
  },
);

test("An AbortSignal ends the wait for a connection at once, and leaves nothing behind", {
  ...needs("primary"),
}, async () => {
  await using pool = openPool({ max: 1 });
  const held = await pool.reserve();
  const controller = new AbortController();
  const { signal } = controller;
  const calls = [
    pool.query(sql`select 1`, { signal }),
    pool.execute(sql`set work_mem = '1MB'`, { signal }),
    pool.transaction(() => 1, { signal }),
    pool.reserve({ signal }),
    pool.batch([sql`select 1`], { signal }),
    pool.advisoryLock(1, { signal }),
  ];
  const after = pool.value(sql`select 'after'`);
  await until("all wait", () => pool.stats().waiting === calls.length + 1);
  const reason = new Error("changed my mind");
  controller.abort(reason);
  for (const outcome of await settled(calls, 1_000)) {
    assert.equal((outcome as PromiseRejectedResult).reason, reason);
  }
  assert.equal(pool.stats().waiting, 1);
  await held.release();
  assert.equal(await after, "after");
  await assertSound(pool, 1);
});
