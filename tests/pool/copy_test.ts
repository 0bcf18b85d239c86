import assert from "node:assert/strict";
import { PostgresError, sql, UniqueViolationError, ValidationError } from "../../pool/mod.ts";
import { awakeTime } from "../awake_time.ts";
import { test } from "../harness.ts";
import { needs } from "../services/client.ts";
import { assertServes, kill, type LivePool, livePool, rejection, running, stopped } from "./live_pool.ts";

const LIVE = needs("primary");
const IN = sql`copy t from stdin (format csv)`;
const OUT = sql`copy (select * from t order by n) to stdout (format csv)`;

async function withTable(options: Parameters<typeof livePool>[0] = {}): Promise<LivePool> {
  const live = await livePool(options);
  await live.outside.execute(sql`create table t (n int primary key, s text)`);
  return live;
}

test("Pool.copyFrom() and copyTo() carry data as web streams, iterables and chunks", LIVE, async () => {
  await using live = await withTable();
  const { pool } = live;
  assert.equal(await pool.copyFrom(IN, "1,a\n2,b\n"), 2);
  assert.equal(await pool.copyFrom(IN, new TextEncoder().encode("3,c\n")), 1);
  assert.equal(await pool.copyFrom(IN, ["4,", "d\n5,e", "\n"]), 2);
  assert.equal(await pool.copyFrom(IN, ReadableStream.from(["6,f\n"])), 1);
  assert.equal(
    await pool.copyFrom(
      IN,
      (async function* () {
        for (let n = 7; n <= 1000; n++) yield `${n},x\n`;
        await Promise.resolve();
      })(),
    ),
    994,
  );
  assert.equal(await pool.copyFrom(IN, []), 0);
  assert.equal(
    await new Response(pool.copyTo(sql`copy (select * from t where n < 4 order by n) to stdout`)).text(),
    "1\ta\n2\tb\n3\tc\n",
  );
  // Out of one table and into another, through us, in binary.
  await pool.execute(sql`create table u (like t)`);
  const rows = await pool.copyFrom(
    sql`copy u from stdin (format binary)`,
    pool.copyTo(sql`copy t to stdout (format binary)`),
  );
  assert.equal(rows, 1000);
  assert.equal(await pool.value(sql`select count(*)::int from u`), 1000);
  await assertServes(live);
});

test("Pool.copyFrom() that fails copies nothing and keeps the connection", LIVE, async () => {
  await using live = await withTable({ max: 1 });
  const { pool } = live;
  const pid = await pool.value(sql`select pg_backend_pid()`);
  const mine = new RangeError("mine");
  const failing = (async function* () {
    yield "1,a\n";
    await Promise.resolve();
    throw mine;
  })();
  assert.equal(await rejection(pool.copyFrom(IN, failing)), mine);
  assert.ok(await rejection(pool.copyFrom(IN, "1,a\n1,b\n")) instanceof UniqueViolationError);
  assert.equal((await rejection<PostgresError>(pool.copyFrom(IN, "x,a\n"))).sqlState, "22P02");
  assert.equal(
    (await rejection<PostgresError>(pool.copyFrom(sql`copy none from stdin`, ""))).sqlState,
    "42P01",
  );
  for (const bad of [5, null, { a: 1 }]) {
    assert.ok(await rejection(pool.copyFrom(IN, bad as unknown as string)) instanceof ValidationError);
  }
  assert.ok(await rejection(pool.copyFrom(sql`select 1`, "")) instanceof ValidationError);
  assert.ok(await rejection(pool.copyFrom(OUT, "")) instanceof ValidationError);
  assert.ok(await rejection(pool.query(IN)) instanceof ValidationError);
  let wasCancelled = false;
  const endless = new ReadableStream<string>({
    pull: (controller) => controller.enqueue("x,y\n"),
    cancel: () => void (wasCancelled = true),
  });
  assert.ok(await rejection(pool.copyFrom(IN, endless)) instanceof PostgresError);
  assert.equal(wasCancelled, true);
  assert.equal(await pool.value(sql`select count(*)::int from t`), 0);
  assert.equal(await pool.value(sql`select pg_backend_pid()`), pid);
  await assertServes(live);
});

test("Pool.copyTo() that fails or is cancelled keeps the connection", LIVE, async () => {
  await using live = await withTable({ max: 1 });
  const { pool } = live;
  const pid = await pool.value(sql`select pg_backend_pid()`);
  const read = (text: ReturnType<typeof sql>) =>
    rejection<PostgresError>(new Response(pool.copyTo(text)).text());
  assert.equal((await read(sql`copy none to stdout`)).sqlState, "42P01");
  assert.equal(
    (await read(sql`copy (select 1 / (500 - n) from generate_series(1, 1000) n) to stdout`)).sqlState,
    "22012",
  );
  assert.ok(
    await rejection((async () => await new Response(pool.copyTo(sql`select 1`)).text())()) instanceof
      ValidationError,
  );
  const reader = pool.copyTo(sql`copy (select generate_series(1, 2000000000)) to stdout`).getReader();
  assert.ok((await reader.read()).value!.length > 0);
  await reader.cancel();
  const unread = pool.copyTo(OUT);
  await unread.cancel();
  for await (const chunk of pool.copyTo(sql`copy (select generate_series(1, 2000000000)) to stdout`)) {
    if (chunk.length > 0) break;
  }
  assert.equal(await pool.value(sql`select pg_backend_pid()`), pid);
  await assertServes(live);
});

test("COPY given up by signal or timeout ends at once, here and on the server", LIVE, async () => {
  await using live = await withTable();
  const { pool, outside } = live;
  const never = () => new ReadableStream<string>({ start: (controller) => controller.enqueue("1,a\n") });
  const abort = new AbortController();
  const copying = rejection<Error>(
    pool.copyFrom(sql`copy t from stdin (format csv) /* mark 51 */`, never(), { signal: abort.signal }),
  );
  await running(outside, "mark 51");
  let start = awakeTime();
  abort.abort(new RangeError("enough"));
  assert.equal((await copying).message, "enough");
  assert.ok(awakeTime() - start < 1_500);
  await stopped(outside, "mark 51");
  const slow = sql`copy (select n, pg_sleep(20) /* mark 52 */ from generate_series(1, 3) n) to stdout`;
  const later = new AbortController();
  const reading = rejection<Error>(new Response(pool.copyTo(slow, { signal: later.signal })).text());
  await running(outside, "mark 52");
  start = awakeTime();
  later.abort(new RangeError("enough"));
  assert.equal((await reading).message, "enough");
  assert.ok(awakeTime() - start < 1_500);
  await stopped(outside, "mark 52");
  const timed = await rejection<{ code: string }>(
    new Response(pool.copyTo(slow, { timeout: 100 })).text(),
    2_000,
  );
  assert.equal(timed.code, "QUERY_TIMEOUT");
  await stopped(outside, "mark 52");
  assert.equal(await pool.value(sql`select count(*)::int from t`), 0);
  await assertServes(live);
});

test("COPY whose connection is killed rejects, and the pool goes on", LIVE, async () => {
  await using live = await withTable();
  const { pool, outside } = live;
  const source = new ReadableStream<string>({ start: (controller) => controller.enqueue("1,a\n") });
  const copying = rejection<{ code: string }>(
    pool.copyFrom(sql`copy t from stdin (format csv) /* mark 53 */`, source),
  );
  await kill(outside, await running(outside, "mark 53"));
  assert.equal((await copying).code, "CONNECTION");
  const slow = sql`copy (select n, pg_sleep(20) /* mark 54 */ from generate_series(1, 3) n) to stdout`;
  const reading = rejection<{ code: string }>(new Response(pool.copyTo(slow)).text());
  await kill(outside, await running(outside, "mark 54"));
  assert.equal((await reading).code, "CONNECTION");
  await assertServes(live);
});

test("Transaction.copyFrom() and copyTo() are parts of the transaction", LIVE, async () => {
  await using live = await withTable();
  const { pool } = live;
  await rejection(pool.transaction(async (tx) => {
    assert.equal(await tx.copyFrom(IN, "1,a\n2,b\n"), 2);
    assert.equal(await new Response(tx.copyTo(OUT)).text(), "1,a\n2,b\n");
    throw new Error("back");
  }));
  assert.equal(await pool.value(sql`select count(*)::int from t`), 0);
  await pool.transaction(async (tx) => {
    await rejection(tx.transaction((nested) => nested.copyFrom(IN, "x,a\n")));
    assert.equal(await tx.copyFrom(IN, "3,c\n"), 1);
    // Begun, and not awaited: COMMIT waits for it.
    void tx.copyFrom(
      IN,
      (async function* () {
        await new Promise((resolve) => setTimeout(resolve, 20));
        yield "4,d\n";
      })(),
    );
  });
  assert.equal(await new Response(pool.copyTo(OUT)).text(), "3,c\n4,d\n");
  await using session = await pool.reserve();
  await session.execute(sql`create temp table mine (n int)`);
  assert.equal(await session.copyFrom(sql`copy mine from stdin`, "1\n2\n"), 2);
  assert.equal(await new Response(session.copyTo(sql`copy mine to stdout`)).text(), "1\n2\n");
});
