/** Leaks are reported, and close() ends everything. */
import assert from "node:assert/strict";
import { Pool, PoolClosedError, type PoolLeak, PoolTimeoutError, sql } from "../../../pool/mod.ts";
import { ConnectionError } from "../../../pool/wire/errors.ts";
import { awakeTime } from "../../awake_time.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs, proxy, server } from "../../services/client.ts";
import { assertSound, openPool, rejection, settled, sleep, until } from "./pools.ts";

test("A leak is reported once, with the stack of who took the connection", needs("primary"), async () => {
  const leaks: PoolLeak[] = [];
  const start = performance.now();
  await using pool = openPool({ max: 3, leakAfter: 100, onLeak: (leak) => leaks.push(leak) });
  const session = await pool.reserve();
  const open = pool.transaction(async (tx) => {
    await sleep(1_500);
    await tx.query(sql`select 1`);
  });
  await until("both are reported", () => leaks.length === 2);
  await open;
  await sleep(1_000);
  assert.equal(leaks.length, 2, "a leak was reported twice");
  for (const { stack, heldFor } of leaks) {
    assert.match(stack, /closing_test\.ts:\d+/);
    assert.ok(heldFor >= 100 && heldFor < performance.now() - start);
  }
  await session.release();
  await assertSound(pool, 3);
});

test("A leak is a warning of the logger by default, and an onLeak that throws harms nobody", {
  ...needs("primary"),
}, async () => {
  const warnings: string[] = [];
  await using pool = openPool({
    max: 1,
    leakAfter: 50,
    logger: { warn: (message) => warnings.push(message) },
  });
  await using other = openPool({
    max: 1,
    leakAfter: 50,
    onLeak: () => {
      throw new Error("thrown by onLeak");
    },
    onNotice: () => {
      throw new Error("thrown by onNotice");
    },
  });
  const held = await Promise.all([pool.reserve(), other.reserve()]);
  await held[1].execute(sql`do $$ begin raise notice 'heard'; end $$`);
  await until("it is reported", () => warnings.length > 0, 2_500);
  assert.match(
    warnings[0],
    /^A reserved session has held its connection for \d+ ms; it was taken at .*closing_test\.ts/,
  );
  await sleep(100);
  await Promise.all(held.map((session) => session.release()));
  await assertSound(other, 1);
});

async function countRows(url: string): Promise<number> {
  await using outside = openPool({ url, max: 1 });
  return await outside.value<number>(sql`select count(*)::int from written`);
}

test(
  "Without a logger leaks and failures to connect are on the console, each once",
  needs("primary"),
  async () => {
    const lines: string[] = [];
    const { warn } = console;
    console.warn = (...parts: unknown[]) => lines.push(parts.join(" "));
    try {
      await using pool = new Pool({ url: server("primary").url, max: 1, leakAfter: 50 });
      await using session = await pool.reserve();
      await until("the leak is told", () => lines.length === 1);
      assert.match(lines[0], /A reserved session has held its connection for \d+ ms/);
      await session.execute(sql`select 1`);
      await using lost = new Pool({
        url: "postgres://nobody@127.0.0.1:1/nothing",
        max: 3,
        acquireTimeout: 1_000,
      });
      await rejection(lost.query(sql`select 1`), PoolTimeoutError);
      assert.equal(lines.length, 2, lines.join("\n"));
      assert.match(lines[1], /Cannot connect to "127\.0\.0\.1:1"/);
    } finally {
      console.warn = warn;
    }
  },
);

test("Pool.close() waits for 1,000 calls that run and wait, then refuses", needs("primary"), async () => {
  await using database = await freshDatabase();
  const pool = openPool({ url: database.url, max: 4 });
  await pool.execute(sql`create table written (n int)`);
  const calls = Array.from(
    { length: 1_000 },
    (_, n) =>
      n % 10 === 0
        ? pool.transaction((tx) => tx.execute(sql`insert into written values (${n})`))
        : pool.execute(sql`insert into written values (${n})`),
  );
  const closing = pool.close();
  const late = rejection(pool.query(sql`select 1`), PoolClosedError, 1_000);
  assert.equal(pool.close(), closing, "closing twice is closing once");
  await closing;
  assert.ok((await settled(calls)).every(({ status }) => status === "fulfilled"));
  await late;
  assert.equal(pool.size, 0);
  assert.equal(await countRows(database.url), 1_000);
});

test("Pool.close() cancels what is left after its timeout", needs("primary"), async () => {
  await using outside = openPool({ max: 1 });
  const pool = openPool({ max: 2, applicationName: "closed_with_calls_left" });
  const left = [
    pool.query(sql`select pg_sleep(30)`),
    pool.transaction(async (tx) => {
      await tx.query(sql`select pg_sleep(30)`);
    }),
    ...Array.from({ length: 1_000 }, () => pool.query(sql`select 1`)),
  ];
  const settling = settled(left, 5_000);
  await until("two run", () => pool.stats().busy + pool.stats().reserved === 2);
  await sleep(50);
  const start = awakeTime();
  await pool.close({ timeout: 200 });
  const took = awakeTime() - start;
  const outcomes = await settling;
  assert.ok(outcomes.every(({ status }) => status === "rejected"));
  const reasons = outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason);
  assert.ok(reasons.slice(2).every((reason) => reason instanceof PoolClosedError), String(reasons[2]));
  assert.ok(reasons[0] instanceof Error && reasons[1] instanceof Error);
  console.log(`close() with a timeout of 200 ms and 1,002 calls took ${took.toFixed(0)} ms`);
  assert.ok(took < 1_500, `it took ${took} ms`);
  await until("the server has stopped them", async () =>
    await outside.value(sql`
      select count(*) = 0 from pg_stat_activity where application_name = 'closed_with_calls_left'`) === true);
});

test("Pool.close() ends sessions that are held and not used", needs("primary"), async () => {
  const pool = openPool({ max: 2 });
  const session = await pool.reserve();
  await session.execute(sql`begin`);
  await pool.close({ timeout: 50 });
  await rejection(session.query(sql`select 1`), ConnectionError, 1_000);
  await session.release();
});

test("Pool.close() settles calls that wait for a server that is not there", needs("primary"), async () => {
  for (const fault of ["refuse", "blackHole"] as const) {
    await using gate = await proxy("primary");
    await gate[fault]();
    const pool = openPool({ url: gate.url(server("primary").url), max: 3 });
    const calls = [pool.connect(), pool.query(sql`select 1`), pool.transaction(() => 1), pool.reserve()];
    const settling = settled(calls, 2_000);
    await sleep(100);
    const start = awakeTime();
    await pool.close({ timeout: 300 });
    assert.ok(awakeTime() - start < 1_500, `${fault}: ${awakeTime() - start} ms`);
    for (const { status } of await settling) assert.equal(status, "rejected");
  }
});

test("Pool.close() waits for calls whose connections are still being made", needs("primary"), async () => {
  const pool = openPool({ max: 2 });
  const calls = Array.from({ length: 20 }, (_, n) => pool.value(sql`select ${n}::int`));
  const closing = pool.close();
  assert.deepEqual(await Promise.all(calls), Array.from({ length: 20 }, (_, n) => n));
  await closing;
  assert.equal(pool.size, 0);
});

test("Everything is refused with PoolClosedError after close(), and closing again does nothing", {
  ...needs("primary"),
}, async () => {
  let pool: Pool;
  {
    await using scoped = openPool({ max: 2 });
    pool = scoped;
    await pool.query(sql`select 1`);
  }
  for (
    const call of [
      pool.query(sql`select 1`),
      pool.execute(sql`set work_mem = '1MB'`),
      pool.transaction(() => 1),
      pool.reserve(),
      pool.batch([sql`select 1`]),
      pool.connect(),
      pool.stream(sql`select 1`).next(),
      pool.listen("channel", () => {}),
      pool.advisoryLock(1),
      pool.copyFrom(sql`copy nowhere from stdin`, []),
    ]
  ) await rejection(call, PoolClosedError, 1_000);
  await pool.close();
  assert.equal(pool.size, 0);
});
