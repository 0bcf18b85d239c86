/** Fault 22: users of connections leave their work behind, all at once and in every way; nobody else meets it. */
import assert from "node:assert/strict";
import { type Executor, type Pool, type PoolLeak, type Sql, sql } from "../../pool/mod.ts";
import { TransactionAbortedError } from "../../pool/pool_errors.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";
import { DIRT, sessionState, WAYS } from "../pool/tier/abandonment.ts";
import { assertSound, openPool, until } from "../pool/tier/pools.ts";
import { randomIntegers, rounds, SEED } from "../random.ts";
import { freshDatabase, needs } from "../services/client.ts";
import { fault } from "./fault.ts";

const SIZE = 4;
const ROUNDS = rounds(400, 20_000);
/** Those who leave something behind at a time. */
const LEAVERS = 6;

/** A transaction that nobody commits, so that what it writes is never there. */
const UNFINISHED: readonly ((pool: Pool, write: Sql<unknown>) => Promise<unknown>)[] = [
  async (pool, write) => {
    await using session = await pool.reserve();
    await session.execute(sql`begin`);
    await session.execute(write);
  },
  (pool, write) =>
    pool.transaction(async (tx) => {
      await tx.execute(write);
      throw new Error("thrown");
    }).catch(() => {}),
  async (pool, write) => {
    await using session = await pool.reserve();
    await session.execute(sql`begin`);
    // Still running when the session is given back.
    session.execute(write).catch(() => {});
  },
  (pool, write) => {
    const controller = new AbortController();
    return pool.transaction(async (tx) => {
      await tx.execute(write);
      controller.abort();
      await tx.execute(sql`select pg_sleep(10)`);
    }, { signal: controller.signal }).catch(() => {});
  },
];

/** Some of the dirt, in some order. */
function someDirt(below: (bound: number) => number): Sql<unknown>[] {
  const rest = [...DIRT];
  return Array.from({ length: 1 + below(4) }, () => rest.splice(below(rest.length), 1)[0]);
}

async function leaveSomething(pool: Pool, tag: number, below: (bound: number) => number): Promise<void> {
  const ways = Object.values(WAYS);
  const kind = below(ways.length + UNFINISHED.length);
  try {
    if (kind < ways.length) await ways[kind](pool, someDirt(below));
    else await UNFINISHED[kind - ways.length](pool, sql`insert into unfinished values (${tag})`);
  } catch (error) {
    const isOfDirt = error instanceof PostgresError || error instanceof TransactionAbortedError;
    assert.ok(isOfDirt, String((error as Error)?.stack ?? error));
  }
}

/** Every way to be the next user. */
const NEXT: readonly ((pool: Pool) => Promise<unknown>)[] = [
  (pool) => sessionState(pool),
  (pool) => pool.transaction((tx) => sessionState(tx)),
  async (pool) => {
    await using session = await pool.reserve();
    return await sessionState(session);
  },
];

fault(22, "work is abandoned in every way at once → the next user sees none of it", {
  ...needs("primary"),
  timeout: 60_000 + 50 * ROUNDS,
}, async (report) => {
  await using database = await freshDatabase();
  await using outside: Executor & AsyncDisposable = openPool({ url: database.url, max: 1 });
  await outside.execute(sql`create table unfinished (tag int primary key)`);
  await using pool = openPool({ url: database.url, max: SIZE });
  await pool.connect();
  const clean = await sessionState(outside);
  const seen: unknown[] = [];
  let looks = 0;
  let abandoned = 0;
  const look = async (below: (bound: number) => number): Promise<void> => {
    const state = await NEXT[below(NEXT.length)](pool);
    looks++;
    try {
      assert.deepEqual(state, clean);
    } catch (error) {
      seen.push(error);
    }
  };
  await Promise.all(Array.from({ length: LEAVERS }, async (_, index) => {
    const below = randomIntegers(SEED + index);
    for (let n = index; n < ROUNDS; n += LEAVERS) {
      await Promise.all([leaveSomething(pool, n, below), look(below)]);
      abandoned++;
      if (below(2) === 0) await look(below);
    }
  }));
  await assertSound(pool, SIZE);
  if (seen.length > 0) throw seen[0];
  report.figure("pieces of work abandoned", abandoned, "pieces", { least: ROUNDS });
  report.figure("looks by the next user", looks, "looks", { least: ROUNDS });
  report.figure("looks that found something", seen.length, "looks", { most: 0 });
  const rows = await outside.value<number>(sql`select count(*)::int from unfinished`);
  report.figure("rows of transactions nobody committed", rows, "rows", { most: 0 });
  await until("nobody is in a transaction", async () =>
    await outside.value(sql`
      select count(*)::int from pg_stat_activity where datname = current_database() and state <> 'idle'
        and pid <> pg_backend_pid()`) === 0);
});

async function forgetToRelease(pool: Pool): Promise<void> {
  await pool.reserve();
}

fault(22, "a reservation is never given back → it is reported with its taker's stack", {
  ...needs("primary"),
}, async (report) => {
  const leaks: PoolLeak[] = [];
  const start = performance.now();
  await using pool = openPool({ max: 2, leakAfter: 100, onLeak: (leak) => leaks.push(leak) });
  await forgetToRelease(pool);
  await until("it is reported", () => leaks.length > 0);
  report.figure("time until a leak of 100 ms was reported", performance.now() - start, "ms", {
    most: 1_500,
  });
  assert.match(leaks[0].stack, /forgetToRelease.*abandoned_work_test\.ts:\d+/);
  assert.ok(leaks[0].heldFor >= 100);
  // Others go on meanwhile, and the end of the pool ends the leak.
  assert.equal(await pool.value(sql`select 1`), 1);
  await pool.close({ timeout: 50 });
});
