/** The stack of an error reaches the line that made the call. */
import assert from "node:assert/strict";
import { PoolTimeoutError, sql } from "../../pool/mod.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";
import { runtime, test } from "../harness.ts";
import { needs } from "../services/client.ts";
import { openPool } from "./tier/pools.ts";

const LINE = /caller_test\.ts:\d+/;

async function stackOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
  } catch (error) {
    return (error as Error).stack ?? "";
  }
  assert.fail("it resolved");
}

test("A rejected call's stack reaches the line that made it, and shows nothing of the pool", {
  ...needs("primary"),
}, async () => {
  await using pool = openPool({ max: 2 });
  const bad = sql`select 1 / ${0}::int`;
  const ways: Readonly<Record<string, () => Promise<unknown>>> = {
    query: async () => await pool.query(bad),
    one: async () => await pool.one(bad),
    value: async () => await pool.value(bad),
    execute: async () => await pool.execute(bad),
    batch: async () => await pool.batch([bad]),
    stream: async () => await pool.stream(bad).next(),
    "tx.query": async () => await pool.transaction(async (tx) => await tx.query(bad)),
    "session.query": async () => {
      await using session = await pool.reserve();
      await session.query(bad);
    },
  };
  const reached: string[] = [];
  for (const [way, call] of Object.entries(ways)) {
    const stack = await stackOf(call);
    assert.match(stack, /^PostgresError: division by zero/, way);
    if (LINE.test(stack)) {
      reached.push(way);
      assert.ok(!stack.includes("/pool/tier/") && !stack.includes("/pool/wire/"), stack);
    }
  }
  console.log(`${runtime}: the stack reaches the caller's line for ${reached.join(", ") || "none"}`);
  assert.deepEqual(reached, Object.keys(ways));
});

test("An error of waiting has the stack of the line that waited", needs("primary"), async () => {
  await using pool = openPool({ max: 1, acquireTimeout: 50 });
  await pool.connect();
  await using _held = await pool.reserve();
  for (
    const call of [
      async () => await pool.query(sql`select 1`),
      async () => await pool.transaction(() => 1),
      async () => await pool.reserve(),
    ]
  ) {
    const stack = await stackOf(call);
    assert.match(stack, new RegExp(`^${PoolTimeoutError.name}`));
    assert.match(stack, LINE);
  }
});

test("An error that is not ours keeps its own stack", needs("primary"), async () => {
  await using pool = openPool({ max: 1 });
  const reason = new Error("mine");
  const { stack } = reason;
  await using held = await pool.reserve();
  const controller = new AbortController();
  const call = pool.query(sql`select 1`, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(call, (error) => error === reason && reason.stack === stack);
  await assert.rejects(held.query(sql`selec`), PostgresError);
});
