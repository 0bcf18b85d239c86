import assert from "node:assert/strict";
import { type AdvisoryKey, sql, ValidationError } from "../../../pool/mod.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { assertServes, kill, type LivePool, livePool, rejection, until } from "../live_pool.ts";

const LIVE = needs("primary");

/** Two pools, as two processes would have them, and a key that no other test uses. */
async function rivals(): Promise<AsyncDisposable & { one: LivePool; two: LivePool; key: string }> {
  const one = await livePool({ max: 2 });
  const two = await livePool({ max: 2, schema: one.schema });
  return {
    one,
    two,
    key: `lock of ${one.schema}`,
    async [Symbol.asyncDispose]() {
      await two[Symbol.asyncDispose]();
      await one[Symbol.asyncDispose]();
    },
  };
}

/** The processes that hold advisory locks over a pool's connections. */
async function holder({ outside, schema }: LivePool): Promise<number> {
  return await outside.value<number>(sql`
    select l.pid from pg_locks l
    where l.locktype = 'advisory' and l.granted
      and ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended(${`lock of ${schema}`}, 0)`);
}

test("Pool.advisoryLock() excludes another pool until it is released", LIVE, async () => {
  await using both = await rivals();
  const { one, two, key } = both;
  const order: string[] = [];
  const first = await one.pool.advisoryLock(key);
  assert.equal(await two.pool.advisoryLock(key, { wait: false }), undefined);
  const second = two.pool.advisoryLock(key).then((lock) => {
    order.push("second");
    return lock;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  order.push("first released");
  await first.release();
  await first.release();
  const lock = await second;
  assert.deepEqual(order, ["first released", "second"]);
  assert.equal(await one.pool.advisoryLock(key, { wait: false }), undefined);
  await lock.release();
  {
    await using scoped = await one.pool.advisoryLock(key, { wait: false });
    assert.ok(scoped !== undefined);
  }
  const free = await two.pool.advisoryLock(key, { wait: false });
  assert.ok(free !== undefined);
  await free.release();
  await assertServes(one);
  await assertServes(two);
});

test("Pool.advisoryLock() that is shared admits others that share, and no exclusive one", LIVE, async () => {
  await using both = await rivals();
  const { one, two, key } = both;
  const a = await one.pool.advisoryLock(key, { shared: true });
  const b = await two.pool.advisoryLock(key, { shared: true, wait: false });
  assert.ok(b !== undefined);
  assert.equal(await two.pool.advisoryLock(key, { wait: false }), undefined);
  await a.release();
  assert.equal(await one.pool.advisoryLock(key, { wait: false }), undefined);
  await b.release();
  await using exclusive = await one.pool.advisoryLock(key, { wait: false });
  assert.ok(exclusive !== undefined);
});

test("Pool.advisoryLock() excludes within one pool too, and keys do not meet", LIVE, async () => {
  await using both = await rivals();
  const { one, key } = both;
  await using _held = await one.pool.advisoryLock(key);
  assert.equal(await one.pool.advisoryLock(key, { wait: false }), undefined);
  await using other = await one.pool.advisoryLock(`${key} other`, { wait: false });
  assert.ok(other !== undefined);
});

test("Pool.advisoryLock() gives up waiting by its signal and holds nothing then", LIVE, async () => {
  await using both = await rivals();
  const { one, two, key } = both;
  const held = await one.pool.advisoryLock(key);
  const signal = AbortSignal.timeout(100);
  const error = await rejection<Error>(two.pool.advisoryLock(key, { signal }), 400);
  assert.equal(error.name, "TimeoutError");
  await held.release();
  const again = await one.pool.advisoryLock(key, { wait: false });
  assert.ok(again !== undefined);
  await again.release();
  await assertServes(two);
});

test("An advisory lock goes with its connection, says so, and its release does no harm", LIVE, async () => {
  await using both = await rivals();
  const { one, two, key } = both;
  const lock = await one.pool.advisoryLock(key);
  assert.equal(lock.lost.aborted, false);
  const waiting = two.pool.advisoryLock(key);
  await kill(one.outside, await holder(one));
  const next = await waiting;
  await until(() => lock.lost.aborted);
  assert.equal((lock.lost.reason as { code: string }).code, "CONNECTION");
  await lock.release();
  assert.equal(await one.pool.advisoryLock(key, { wait: false }), undefined);
  await next.release();
  assert.equal(next.lost.aborted, false);
  await assertServes(one);
});

test("Transaction.advisoryLock() holds until the transaction ends, however it does", LIVE, async () => {
  await using both = await rivals();
  const { one, two, key } = both;
  for (const fails of [false, true]) {
    const outcome = one.pool.transaction(async (tx) => {
      assert.equal(await tx.advisoryLock(key), true);
      assert.equal(await tx.advisoryLock(key), true);
      assert.equal(await two.pool.advisoryLock(key, { wait: false }), undefined);
      assert.equal(await two.pool.transaction((other) => other.advisoryLock(key, { wait: false })), false);
      if (fails) throw new Error("back");
    });
    if (fails) await rejection(outcome);
    else await outcome;
    assert.equal(
      await two.pool.transaction((other) => other.advisoryLock(key, { wait: false, shared: true })),
      true,
    );
  }
  await assertServes(one);
});

test("A lock taken by plain SQL does not outlive its statement on a pool", LIVE, async () => {
  await using both = await rivals();
  const { one, two, key } = both;
  await one.pool.query(sql`select pg_advisory_lock(hashtextextended(${key}, 0))`);
  await using free = await two.pool.advisoryLock(key, { wait: false });
  assert.ok(free !== undefined);
});

test("Advisory keys are 64-bit integers or text, and anything else is refused", LIVE, async () => {
  await using both = await rivals();
  const { one } = both;
  for (const key of [0, -5, 2n ** 63n - 1n, -(2n ** 63n), "", "ünï ☃ '"]) {
    const lock = await one.pool.advisoryLock(key);
    await lock.release();
  }
  for (const key of [1.5, 2 ** 53, NaN, 2n ** 63n, null, undefined, {}, true]) {
    const error = await rejection(one.pool.advisoryLock(key as AdvisoryKey));
    assert.ok(error instanceof ValidationError, String(error));
  }
  await assertServes(one);
});
