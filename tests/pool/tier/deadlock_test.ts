/** Waiting for a connection inside a transaction: named when it cannot end, let be when it can. */
import assert from "node:assert/strict";
import { PoolDeadlockError, sql } from "../../../pool/mod.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { assertSound, openPool, rejection, settled, sleep, until } from "./pools.ts";

test("PoolDeadlockError names a query of the pool inside its only connection's transaction", {
  ...needs("primary"),
}, async () => {
  await using pool = openPool({ max: 1 });
  const start = performance.now();
  const error = await rejection(
    pool.transaction(async (tx) => {
      await tx.query(sql`select 1`);
      return await pool.query(sql`select 2`);
    }),
    PoolDeadlockError,
    3_000,
  );
  console.log(`A deadlock was named after ${(performance.now() - start).toFixed(0)} ms`);
  assert.match(error.message, /inside a transaction or reservation, and the only connection is held/);
  assert.match(error.stack!, /deadlock_test\.ts/);
  for (
    const inside of [
      () => pool.transaction((tx) => tx.query(sql`select 1`)),
      () => pool.reserve(),
      () => pool.batch([sql`select 1`]),
      () => pool.execute(sql`set work_mem = '1MB'`),
    ]
  ) await rejection(pool.transaction<unknown>(() => inside()), PoolDeadlockError, 3_000);
  await assertSound(pool, 1);
});

test("PoolDeadlockError is given to one of two transactions that wait for each other; the other goes on", {
  ...needs("primary"),
}, async () => {
  await using pool = openPool({ max: 2 });
  let inside = 0;
  const calls = [1, 2].map((n) =>
    pool.transaction(async (tx) => {
      await tx.query(sql`select 1`);
      inside++;
      await until("both are inside", () => inside === 2);
      return await pool.value(sql`select ${n}::int`);
    })
  );
  const outcomes = await settled(calls, 5_000);
  const statuses = outcomes.map(({ status }) => status).sort();
  assert.deepEqual(statuses, ["fulfilled", "rejected"]);
  const failed = outcomes.find(({ status }) => status === "rejected") as PromiseRejectedResult;
  assert.ok(failed.reason instanceof PoolDeadlockError, String(failed.reason));
  await assertSound(pool, 2);
});

test("PoolDeadlockError is not raised where another connection comes free", needs("primary"), async () => {
  await using pool = openPool({ max: 2 });
  await pool.connect();
  const other = pool.query(sql`select pg_sleep(0.5)`);
  await until("it runs", () => pool.stats().busy === 1);
  assert.equal(await pool.transaction(() => pool.value(sql`select 'served'`)), "served");
  await other;
  const held = await pool.reserve();
  setTimeout(() => held.release(), 500);
  assert.equal(await pool.transaction(() => pool.value(sql`select 'served'`)), "served");
  // The other transaction waits for nobody.
  const working = pool.transaction(async (tx) => {
    for (let n = 0; n < 10; n++) await tx.query(sql`select pg_sleep(0.05)`);
  });
  await sleep(20);
  assert.equal(await pool.transaction(() => pool.value(sql`select 'served'`)), "served");
  await working;
  await assertSound(pool, 2);
});

test("PoolDeadlockError is not raised where the transaction does not wait for what it asked the pool", {
  ...needs("primary"),
}, async () => {
  await using pool = openPool({ max: 1 });
  let aside: Promise<unknown> | undefined;
  await pool.transaction(async (tx) => {
    aside = pool.value(sql`select 'later'`);
    aside.catch(() => {});
    for (let n = 0; n < 4; n++) {
      await tx.query(sql`select pg_sleep(0.1)`);
      await sleep(50);
    }
  });
  assert.equal(await aside, "later");
  await assertSound(pool, 1);
});
