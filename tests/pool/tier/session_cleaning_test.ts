/** What one user of a connection leaves behind, the next does not see. */
import assert from "node:assert/strict";
import { type Executor, type Pool, sql } from "../../../pool/mod.ts";
import { PostgresError } from "../../../pool/wire/postgres_error.ts";
import { beginsTransaction, touchesSession } from "../../../pool/tier/session_state.ts";
import { test } from "../../harness.ts";
import { needs, server } from "../../services/client.ts";
import { assertSound, openPool, rejection, until } from "./pools.ts";

const DIRT = [
  sql`set work_mem = '7MB'`,
  sql`select set_config('app.tenant', 'somebody', false)`,
  sql`create temp table left_behind (n int)`,
  sql`select pg_advisory_lock(424242)`,
  sql`listen left_behind`,
  sql`prepare left_behind as select 1`,
  sql`declare left_behind cursor with hold for select 1`,
  sql`set role pg_monitor`,
  sql`set session characteristics as transaction read only`,
];

/** Everything of a session that its last user may have changed. */
async function state(executor: Executor): Promise<unknown> {
  return await executor.one(sql`
    select current_setting('work_mem') as memory,
      current_setting('default_transaction_read_only') as "readOnly",
      coalesce(current_setting('app.tenant', true), '') as tenant,
      current_user::text as role,
      to_regclass('pg_temp.left_behind')::text as temporary,
      (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks,
      (select count(*)::int from pg_listening_channels()) as channels,
      (select count(*)::int from pg_cursors where is_holdable) as cursors,
      (select count(*)::int from pg_prepared_statements where name = 'left_behind') as prepared`);
}

const WAYS: Readonly<Record<string, (pool: Pool) => Promise<unknown>>> = {
  "pool.execute()": async (pool) => {
    for (const statement of DIRT) await pool.execute(statement);
  },
  "pool.execute() of many at once": (pool) =>
    Promise.all(DIRT.map((statement) => pool.execute(statement).catch(() => {}))),
  "pool.reserve()": async (pool) => {
    await using session = await pool.reserve();
    for (const statement of DIRT) await session.execute(statement);
  },
  "pool.reserve() with an open transaction": async (pool) => {
    await using session = await pool.reserve();
    await session.execute(sql`begin`);
    for (const statement of DIRT) await session.execute(statement);
  },
  "pool.reserve() with a failed transaction": async (pool) => {
    await using session = await pool.reserve();
    await session.execute(sql`begin`);
    await rejection(session.query(sql`select 1 / 0`), PostgresError);
  },
  "pool.transaction()": async (pool) => {
    await pool.transaction(async (tx) => {
      for (const statement of DIRT) await tx.execute(statement);
    });
  },
  "pool.transaction() that throws": async (pool) => {
    await pool.transaction(async (tx) => {
      for (const statement of DIRT) await tx.execute(statement);
      throw new Error("thrown");
    }).catch(() => {});
  },
  "pool.transaction() that leaves statements running": async (pool) => {
    const left: Promise<unknown>[] = [];
    await pool.transaction((tx) => {
      for (const statement of DIRT) left.push(tx.execute(statement).catch(() => {}));
      left.push(tx.execute(sql`select pg_sleep(10)`).catch(() => {}));
      throw new Error("thrown");
    }).catch(() => {});
    await Promise.all(left);
  },
  "pool.reserve() that leaves statements running": async (pool) => {
    const left: Promise<unknown>[] = [];
    {
      await using session = await pool.reserve();
      for (const statement of DIRT) left.push(session.execute(statement).catch(() => {}));
      for (let n = 0; n < 3; n++) left.push(session.execute(sql`select pg_sleep(10)`).catch(() => {}));
    }
    await Promise.all(left);
  },
  "pool.reserve() that leaves a stream open": async (pool) => {
    await using session = await pool.reserve();
    const rows = session.stream(sql`select n from generate_series(1, 1000000) as n`);
    await rows.next();
  },
  "pool.stream() that is given up": async (pool) => {
    for await (
      const _ of pool.stream(
        sql`select n, set_config('work_mem', '7MB', false) from generate_series(1, 100000) as n`,
      )
    ) {
      break;
    }
  },
  "pool.batch()": async (pool) => {
    await pool.batch(DIRT, { atomic: false });
  },
};

for (const [way, leave] of Object.entries(WAYS)) {
  test(`The next user sees nothing of what ${way} left behind`, needs("primary"), async () => {
    await using outside = openPool({ max: 1 });
    await using pool = openPool({ max: 1 });
    const clean = await state(pool);
    const pid = await pool.value(sql`select pg_backend_pid()`);
    const start = performance.now();
    await leave(pool);
    assert.deepEqual(await state(pool), clean);
    assert.ok(performance.now() - start < 3_000, "it was cleaned without delay");
    assert.equal(await pool.value(sql`select pg_backend_pid()`), pid, "the connection was kept");
    await pool.transaction(async (tx) => assert.deepEqual(await state(tx), clean));
    // Nobody is kept out by a lock, and writing works.
    assert.equal(await outside.value(sql`select pg_try_advisory_xact_lock(424242)`), true);
    assert.equal(await pool.value(sql`select txid_current() > 0`), true);
    await assertSound(pool, 1);
  });
}

test(
  "A transaction that a statement begins in disguise is ended before the next user",
  needs("primary"),
  async () => {
    await using outside = openPool({ max: 1 });
    await using pool = openPool({ max: 1 });
    await pool.execute(sql`/* comments /* nest */ in PostgreSQL */ begin`);
    await rejection(pool.query(sql`select 1 / 0`), PostgresError);
    const pid = await pool.value<number>(sql`select pg_backend_pid()`);
    const state = sql`select state from pg_stat_activity where pid = ${pid}`;
    await until("its transaction is over", async () => await outside.value(state) === "idle", 1_000);
    await pool.execute(sql`/* a /* b */ c */ set work_mem = '7MB'`);
    assert.notEqual(await pool.value(sql`show work_mem`), "7MB");
    await assertSound(pool, 1);
  },
);

test("Statements are recognized behind whatever stands before them, in linear time", () => {
  for (const lead of ["", ";", " ; ;\n", "-- x\n", "/**/", "/* a * b */ /***/", "-- a\n/* b */;"]) {
    for (
      const command of [
        "set role x",
        "SET/**/role x",
        "reset all",
        "listen x",
        "Do $$$$",
        "prepare x as select 1",
      ]
    ) {
      assert.ok(touchesSession(lead + command), lead + command);
    }
    for (
      const command of ["set local role x", "select 1", "settle", "update t set n = 1", "select document"]
    ) {
      assert.ok(!touchesSession(lead + command), lead + command);
    }
    assert.ok(beginsTransaction(`${lead}BEGIN`) && !beginsTransaction(`${lead}beginning`));
  }
  const start = performance.now();
  assert.ok(!touchesSession("/**/".repeat(100_000) + "select 1"));
  assert.ok(touchesSession("/*".repeat(100_000)));
  assert.ok(performance.now() - start < 500);
});

test("A session's own settings in the URL survive being cleaned", needs("primary"), async () => {
  const url = `${server("primary").url}?options=-c%20work_mem%3D9MB`;
  await using pool = openPool({ url, max: 1 });
  await pool.execute(sql`set work_mem = '7MB'`);
  assert.equal(await pool.value(sql`show work_mem`), "9MB");
});
