/** The log of slow statements. */
import assert from "node:assert/strict";
import {
  type PoolLogRecord,
  type PoolOptions,
  PostgresError,
  type SlowQuery,
  sql,
} from "../../../pool/mod.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { openPool, rejection, sleep } from "../tier/pools.ts";
import { recordSpans, SDK } from "./recorded.ts";

const LINE = /slow_query_test\.ts:\d+/;

/** A pool that keeps what was slow for longer than 80 ms. */
function watchedPool(options: PoolOptions = {}) {
  const slow: SlowQuery[] = [];
  const pool = openPool({
    max: 1,
    slowQueryAfter: 80,
    onSlowQuery: (query) => void slow.push(query),
    ...options,
  });
  return { pool, slow };
}

test("A slow statement is reported with text, times, rows and the line that ran it; a quick one is not", {
  ...needs("primary"),
}, async () => {
  const { pool: own, slow } = watchedPool();
  await using pool = own;
  await pool.query(sql`select ${"canary"}::text, pg_sleep(${0.1}) from generate_series(1, 1)`);
  assert.equal(slow.length, 1);
  const [{ duration, wait, line, ...rest }] = slow;
  assert.deepEqual(rest, {
    text: "select $1::text, pg_sleep($2) from generate_series(1, 1)",
    summary: "SELECT generate_series",
    rows: 1,
    errorType: undefined,
    traceId: undefined,
    tier: "primary",
  });
  assert.ok(duration >= 99 && wait >= 0 && duration < 20_000);
  assert.match(line ?? "", LINE);
  slow.length = 0;
  await pool.query(sql`select ${"canary"}::text`);
  assert.ok(slow.every((query) => query.duration >= 80), "a quick one");
});

test("The line is that of the caller, whatever the statement runs on", needs("primary"), async () => {
  const { pool: own, slow } = watchedPool();
  await using pool = own;
  const sleeping = sql`select pg_sleep(0.1)`;
  const ways: Readonly<Record<string, () => Promise<unknown>>> = {
    query: async () => await pool.query(sleeping),
    value: async () => await pool.value(sleeping),
    execute: async () => await pool.execute(sleeping),
    batch: async () => await pool.batch([sql`select 1`, sleeping]),
    "a statement that changes its session": async () =>
      await pool.query(sql`do $$ begin perform pg_sleep(0.1); end $$`),
    "tx.query": async () => await pool.transaction(async (tx) => await tx.query(sleeping)),
    "nested.query": async () =>
      await pool.transaction((tx) => tx.transaction(async (nested) => await nested.query(sleeping))),
    "session.query": async () => {
      await using session = await pool.reserve();
      await session.query(sleeping);
    },
  };
  for (const [way, call] of Object.entries(ways)) {
    slow.length = 0;
    await call();
    assert.ok(slow.length > 0, way);
    assert.match(slow[0].line ?? "none", LINE, way);
  }
});

test("Waiting is told apart from running, and does not make a statement slow", needs("primary"), async () => {
  const { pool: own, slow } = watchedPool({ slowQueryAfter: 400 });
  await using pool = own;
  const held = await pool.reserve();
  const waiting = pool.query(sql`select 1`);
  const sleeping = pool.query(sql`select pg_sleep(0.5)`);
  await sleep(600);
  await held.release();
  await Promise.all([waiting, sleeping]);
  const found = slow.filter(({ text }) => text.includes("pg_sleep"));
  assert.equal(found.length, 1);
  assert.ok(found[0].wait >= 590 && found[0].duration >= 490, JSON.stringify(found));
});

test(
  "A slow statement that fails is reported with its SQLSTATE, one that is cancelled too",
  needs("primary"),
  async () => {
    const { pool: own, slow } = watchedPool();
    await using pool = own;
    await rejection(pool.query(sql`select 1 / (pg_sleep(0.1) is null)::int`), PostgresError);
    await assert.rejects(pool.query(sql`select pg_sleep(20)`, { timeout: 150 }));
    assert.deepEqual(slow.map(({ errorType, rows }) => [errorType, rows]), [
      ["22012", undefined],
      ["QUERY_TIMEOUT", undefined],
    ]);
  },
);

test(
  "Without onSlowQuery it is a warning of the logger, in words and as a record",
  needs("primary"),
  async () => {
    const records: PoolLogRecord[] = [];
    await using pool = openPool({
      max: 1,
      slowQueryAfter: 80,
      logger: (record) => void records.push(record),
    });
    await pool.query(sql.unsafe("select 'canary', pg_sleep(0.1)"));
    const [record] = records.filter(({ event }) => event === "slow_query");
    assert.equal(record.level, "warn");
    assert.match(
      record.message,
      /^A statement took \d+ ms.*: "select \?, pg_sleep\(\?\)" at .*slow_query_test\.ts:\d+/,
    );
    assert.equal(record.text, "select ?, pg_sleep(?)");
    assert.doesNotMatch(JSON.stringify(record), /canary/);
  },
);

test(
  "A slow statement names its trace, and an onSlowQuery that throws harms nobody",
  { ...needs("primary"), ...SDK },
  async () => {
    const { tracerProvider, span } = recordSpans();
    const failures: unknown[] = [];
    const { pool: own, slow } = watchedPool({
      tracerProvider,
      logger: { error: (_message, { event }) => void failures.push(event) },
    });
    await using pool = own;
    await pool.query(sql`select pg_sleep(0.1)`);
    assert.equal(slow[0].traceId, span("SELECT").spanContext().traceId);
    await using careless = openPool({
      max: 1,
      slowQueryAfter: 80,
      onSlowQuery: () => {
        throw new Error("mine");
      },
      logger: { error: (_message, { event }) => void failures.push(event) },
    });
    await careless.query(sql`select pg_sleep(0.1)`);
    assert.deepEqual(failures, ["callback_failed"]);
  },
);
