import assert from "node:assert/strict";
import { type PostgresError, sql, type Transaction, ValidationError } from "../../pool/mod.ts";
import { awakeTime } from "../awake_time.ts";
import { test } from "../harness.ts";
import { needs, proxy } from "../services/client.ts";
import { assertServes, kill, livePool, rejection, running, stopped, until } from "./live_pool.ts";

const LIVE = needs("primary");
const numbers = (count: number) => sql<{ n: number }>`select n from generate_series(1, ${count}::int) n`;

test("Pool.stream() gives all rows in order, few or many, whatever the batch", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  for (const batchSize of [undefined, 1, 7, 100_000]) {
    for (const count of [0, 1, 2, 50]) {
      const seen: number[] = [];
      for await (const { n } of pool.stream(numbers(count), { batchSize })) seen.push(n);
      assert.deepEqual(seen, Array.from({ length: count }, (_, index) => index + 1));
    }
  }
  let sum = 0;
  for await (const { n } of pool.stream(numbers(30_000))) sum += n;
  assert.equal(sum, 30_000 * 30_001 / 2);
  await assertServes(live);
});

test("Pool.stream() left early ends well when the rows asked for ahead overtake their cancellation", {
  ...LIVE,
}, async () => {
  await using line = await proxy("primary");
  await using live = await livePool({ max: 1, through: (url) => line.url(url) });
  const { pool } = live;
  await pool.connect();
  // Its answer is on its way for longer than a stream that was left is let go on.
  await line.delay(60);
  for (let round = 0; round < 3; round++) {
    for await (const { n } of pool.stream(numbers(500), { batchSize: 50 })) if (n === 60) break;
  }
  await line.heal();
  await assertServes(live);
});

test("Pool.stream() left early keeps the connection, also when its loop throws", LIVE, async () => {
  await using live = await livePool({ max: 1 });
  const { pool } = live;
  const pid = await pool.value(sql`select pg_backend_pid()`);
  for await (const { n } of pool.stream(numbers(1_000_000))) if (n === 3) break;
  await rejection((async () => {
    for await (const { n } of pool.stream(numbers(1_000_000))) if (n === 3) throw new Error("mine");
  })());
  const unread = pool.stream(numbers(5));
  await unread.return();
  await using scoped = pool.stream(numbers(1_000_000));
  assert.deepEqual(await scoped.next(), { value: { n: 1 }, done: false });
  await scoped.return();
  assert.equal(await pool.value(sql`select pg_backend_pid()`), pid);
  assert.deepEqual(await pool.query(sql`select name from pg_cursors where name <> ''`), []);
  await assertServes(live);
});

test(
  "Pool.stream() takes its connection with the first row and gives it back with the last",
  LIVE,
  async () => {
    await using live = await livePool({ max: 1 });
    const { pool } = live;
    const stream = pool.stream(numbers(2));
    assert.equal(pool.stats().reserved, 0);
    assert.equal(await pool.value(sql`select 1`), 1);
    await stream.next();
    assert.equal(pool.stats().reserved, 1);
    const waiting = pool.value(sql`select 2`);
    assert.equal((await stream.next()).value?.n, 2);
    assert.equal((await stream.next()).done, true);
    assert.equal(await waiting, 2);
    assert.equal(pool.stats().reserved, 0);
  },
);

test("Pool.stream() rejects with the server's error, where in the rows it comes", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  for (const at of [1, 3, 5_000]) {
    const seen: number[] = [];
    const error = await rejection<PostgresError>((async () => {
      const rows = pool.stream<{ n: number }>(
        sql`select 1 / (${at}::int - n), n from generate_series(1, 10000) n`,
        {
          batchSize: 2,
        },
      );
      for await (const { n } of rows) seen.push(n);
    })());
    assert.equal(error.sqlState, "22012");
    assert.ok(seen.length < at);
  }
  assert.ok(await rejection(pool.stream(sql`select ${"x"}::int`).next()) instanceof ValidationError);
  assert.throws(() => pool.stream(sql`select 1`, { batchSize: 0 }), ValidationError);
  await assertServes(live);
});

test("Pool.stream() given up by its signal or timeout is cancelled on the server", LIVE, async () => {
  await using live = await livePool();
  const { pool, outside } = live;
  const slow = sql`select n, pg_sleep(20) /* mark 61 */ from generate_series(1, 5) n`;
  const abort = new AbortController();
  const gone = rejection<Error>(pool.stream(slow, { signal: abort.signal }).next());
  await running(outside, "mark 61");
  const start = awakeTime();
  abort.abort(new RangeError("enough"));
  assert.equal((await gone).message, "enough");
  assert.ok(awakeTime() - start < 1_500, `it took ${awakeTime() - start} ms`);
  await stopped(outside, "mark 61");
  const timed = await rejection<{ code: string }>(pool.stream(slow, { timeout: 100 }).next(), 2_000);
  assert.equal(timed.code, "QUERY_TIMEOUT");
  await stopped(outside, "mark 61");
  // Between two rows.
  const later = new AbortController();
  const rows = pool.stream(numbers(1_000_000), { signal: later.signal, batchSize: 10 });
  await rows.next();
  later.abort(new RangeError("now"));
  assert.equal((await rejection<Error>(rows.next())).message, "now");
  assert.equal((await rows.next()).done, true);
  await assertServes(live);
});

test("Pool.stream() whose connection is killed rejects, and the pool goes on", LIVE, async () => {
  await using live = await livePool();
  const { pool, outside } = live;
  const slow =
    sql`select n, case when n > 2 then pg_sleep(20) end /* mark 62 */ from generate_series(1, 9) n`;
  const gone = rejection<{ code: string }>((async () => {
    for await (const _ of pool.stream(slow, { batchSize: 1 }));
  })());
  await kill(outside, await running(outside, "mark 62"));
  assert.equal((await gone).code, "CONNECTION");
  await assertServes(live);
});

test("Pool.stream() reads no faster than it is read", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  const wide = sql<{ n: number }>`select n, repeat('x', 10000) as filler from generate_series(1, 100000) n`;
  let seen = 0;
  for await (const _ of pool.stream(wide)) {
    if (++seen === 20) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(seen, 20); // A gigabyte was not waited for.
  await assertServes(live);
});

test("Transaction.stream() lets other statements run between its rows", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  await pool.execute(sql`create table t (n int)`);
  const work = async (tx: Transaction): Promise<number> => {
    let sum = 0;
    for await (const { n } of tx.stream(numbers(20), { batchSize: 3 })) {
      await tx.execute(sql`insert into t values (${n})`);
      for await (const inner of tx.stream(numbers(2))) sum += inner.n;
      await tx.transaction((nested) => nested.execute(sql`insert into t values (${-n})`));
      if (n === 15) break;
    }
    return sum;
  };
  assert.equal(await pool.transaction(work), 45);
  assert.equal(await pool.value(sql`select count(*)::int from t`), 30);
  const error = await rejection<PostgresError>(pool.transaction(async (tx) => {
    for await (const { n } of tx.stream(numbers(20), { batchSize: 3 })) {
      if (n === 4) await tx.execute(sql`select 1 / 0`);
    }
  }));
  assert.equal(error.sqlState, "22012");
  await assertServes(live);
});

test("A reserved session streams, and its release ends what is open", LIVE, async () => {
  await using live = await livePool({ max: 1 });
  const { pool } = live;
  const session = await pool.reserve();
  const seen: number[] = [];
  for await (const { n } of session.stream(numbers(3))) seen.push(n);
  assert.deepEqual(seen, [1, 2, 3]);
  const open = session.stream(numbers(1_000_000));
  await open.next();
  await session.release();
  await session.release();
  await assertServes(live);
  await rejection((async () => {
    for await (const _ of open);
  })());
  await rejection(session.query(sql`select 1`));
  await assertServes(live);
});

test("Many streams at once share few connections and all end", LIVE, async () => {
  await using live = await livePool({ max: 3 });
  const { pool } = live;
  const sums = await Promise.all(Array.from({ length: 12 }, async (_, index) => {
    let sum = 0;
    for await (const { n } of pool.stream(numbers(500 + index))) sum += n;
    return sum;
  }));
  sums.forEach((sum, index) => assert.equal(sum, (500 + index) * (501 + index) / 2));
  await until(() => pool.stats().reserved === 0);
  await assertServes(live);
});
