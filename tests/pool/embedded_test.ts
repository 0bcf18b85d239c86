/** What a pool does on the embedded database: the core of what the other tests prove on a server. */
import assert from "node:assert/strict";
import {
  CheckViolationError,
  NotFoundError,
  Pool,
  PostgresError,
  sql,
  TransactionAbortedError,
  ValidationError,
} from "../../pool/mod.ts";
import { test } from "../harness.ts";
import { rejection, until } from "./live_pool.ts";

// The embedded database takes seconds to start, so all of it is proved on one.
test(
  "A pool on pglite: does all that one on a server does",
  { sanitize: false, timeout: 90_000 },
  async () => {
    const logged: string[] = [];
    await using pool = new Pool({
      url: "pglite:",
      logger: { error: (message) => void logged.push(message) },
      sessionContextFunction: "set_context",
    });
    await rows(pool);
    await transactions(pool);
    await batches(pool);
    await streams(pool);
    await copies(pool);
    await settings(pool);
    await routines(pool);
    await locks(pool);
    await notifications(pool);
    await errors(pool);
    assert.deepEqual(logged, []);
    assert.equal(pool.stats().reserved, 0);
  },
);

async function rows(pool: Pool): Promise<void> {
  await pool.execute(sql`create table t (n int primary key check (n <> 13))`);
  assert.equal(await pool.execute(sql`insert into t select generate_series(1, 5)`), 5);
  assert.deepEqual(await pool.query(sql`select n from t where n > ${3} order by n`), [{ n: 4 }, { n: 5 }]);
  assert.deepEqual(await pool.one(sql`delete from t where n = ${5} returning n`), { n: 5 });
  assert.equal(await pool.maybeOne(sql`select n from t where n = 5`), undefined);
  assert.equal(await pool.value(sql`select count(*) from t`), 4n);
  assert.ok(await rejection(pool.one(sql`select n from t where n = 5`)) instanceof NotFoundError);
  const values = await Promise.all(Array.from({ length: 50 }, (_, n) => pool.value(sql`select ${n}::int`)));
  assert.deepEqual(values, Array.from({ length: 50 }, (_, n) => n));
}

async function transactions(pool: Pool): Promise<void> {
  const calls: string[] = [];
  await pool.transaction(async (tx) => {
    await tx.execute(sql`insert into t values (10)`);
    tx.afterCommit(() => void calls.push("committed"));
    await rejection(tx.transaction(async (nested) => {
      await nested.execute(sql`insert into t values (11)`);
      throw new Error("back");
    }));
    await Promise.all(
      [12, 14].map((n) => tx.transaction((nested) => nested.execute(sql`insert into t values (${n})`))),
    );
    assert.equal(await tx.value(sql`select current_setting('transaction_isolation')`), "serializable");
  }, { isolation: "serializable", retries: 2 });
  assert.deepEqual(calls, ["committed"]);
  await rejection(pool.transaction(async (tx) => {
    await tx.execute(sql`delete from t`);
    throw new Error("back");
  }));
  const aborted = await rejection<Error>(pool.transaction(async (tx) => {
    await tx.execute(sql`delete from t`);
    await tx.query(sql`select 1 / 0`).catch(() => {});
  }));
  assert.ok(aborted instanceof TransactionAbortedError && aborted.cause instanceof PostgresError);
  assert.deepEqual(await pool.query(sql`select n from t where n >= 10 order by n`), [{ n: 10 }, { n: 12 }, {
    n: 14,
  }]);
}

async function batches(pool: Pool): Promise<void> {
  for (let round = 0; round < 2; round++) {
    const [a, b] = await pool.batch([
      sql<{ a: number }>`select 1 as a`,
      sql<{ n: bigint }>`select count(*) as n from t`,
    ]);
    assert.deepEqual([a[0].a, b[0].n], [1, 7n]);
    await rejection(pool.batch([sql`delete from t`, sql`select 1 / 0`]));
    const each = await pool.batch([sql`select 1`, sql`select 1 / 0`, sql`select 2`], { atomic: false });
    assert.deepEqual(each.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  }
  assert.equal(await pool.value(sql`select count(*)::int from t`), 7);
}

async function streams(pool: Pool): Promise<void> {
  const numbers = sql<{ n: number }>`select n from generate_series(1, 2000) n`;
  let sum = 0;
  for await (const { n } of pool.stream(numbers)) sum += n;
  assert.equal(sum, 2_001_000);
  for await (const { n } of pool.stream(numbers, { batchSize: 3 })) if (n === 5) break;
  await pool.transaction(async (tx) => {
    for await (const { n } of tx.stream(numbers, { batchSize: 2 })) {
      assert.equal(await tx.value(sql`select ${n}::int`), n);
      if (n === 5) break;
    }
  });
  assert.ok(await rejection(pool.stream(sql`select 1 / 0`).next()) instanceof PostgresError);
}

async function copies(pool: Pool): Promise<void> {
  assert.equal(await pool.copyFrom(sql`copy t from stdin`, ["20\n", "21\n"]), 2);
  assert.ok(await rejection(pool.copyFrom(sql`copy t from stdin`, "x\n")) instanceof PostgresError);
  const out = pool.copyTo(sql`copy (select n from t where n >= 20 order by n) to stdout`);
  assert.equal(await new Response(out).text(), "20\n21\n");
  await rejection(pool.transaction(async (tx) => {
    assert.equal(await tx.copyFrom(sql`copy t from stdin`, "22\n"), 1);
    throw new Error("back");
  }));
  assert.equal(await pool.maybeOne(sql`select n from t where n = 22`), undefined);
}

async function settings(pool: Pool): Promise<void> {
  await pool.execute(sql`create table notes (tenant text)`);
  await pool.execute(sql`insert into notes values ('a'), ('b'), ('b')`);
  await pool.execute(sql`alter table notes enable row level security`);
  await pool.execute(sql`create policy own on notes using (tenant = current_setting('app.tenant', true))`);
  await pool.execute(sql`create role reader`);
  await pool.execute(sql`grant select on notes to reader`);
  await pool.execute(sql.unsafe(`
    create function set_context(c jsonb) returns void language plpgsql as $$
    begin perform set_config('app.tenant', c ->> 'tenant', true), set_config('role', 'reader', true); end $$`));
  const count = sql`select count(*)::int from notes`;
  const as = (tenant: string) => ({ "app.tenant": tenant, role: "reader" });
  assert.equal(await pool.withSettings(as("b"), (tx) => tx.value(count)), 2);
  assert.equal(await pool.withSettings({ role: "reader" }, (tx) => tx.value(count)), 0);
  assert.equal(await pool.withContext({ tenant: "a" }, (tx) => tx.value(count)), 1);
  await rejection(pool.withSettings(as("b"), (tx) => tx.value(sql`select 1 / 0`)));
  assert.equal(await pool.value(sql`select coalesce(current_setting('app.tenant', true), '')`), "");
  assert.equal(await pool.value(count), 3);
  {
    await using session = await pool.reserve();
    await session.execute(sql`set statement_timeout = '5s'`);
  }
  assert.equal(await pool.value(sql`show statement_timeout`), "0");
}

async function routines(pool: Pool): Promise<void> {
  await pool.execute(sql.unsafe(`
    create procedure doubled(n int, inout result int) language plpgsql as $$ begin result := n * 2; end $$`));
  assert.deepEqual(await pool.one(sql`call doubled(${4}, ${null})`), { result: 8 });
  await pool.execute(sql.unsafe(`
    create function sets(inout a refcursor, inout b refcursor) language plpgsql as $$
    begin open a for select 1 as n; open b for select 'x' as s; end $$`));
  assert.deepEqual(await pool.resultSets(sql`select * from sets('a', 'b')`), [[{ n: 1 }], [{ s: "x" }]]);
}

async function locks(pool: Pool): Promise<void> {
  const lock = await pool.advisoryLock("work");
  await lock.release();
  assert.equal(await pool.transaction((tx) => tx.advisoryLock("work", { wait: false })), true);
}

async function notifications(pool: Pool): Promise<void> {
  const heard: string[] = [];
  const subscription = await pool.listen('odd "name"', (payload) => void heard.push(payload));
  await pool.notify('odd "name"', "one");
  await pool.execute(sql`set statement_timeout = '5s'`); // After which the session is reset.
  await pool.notify('odd "name"', "two");
  await until(() => heard.length === 2);
  await subscription.close();
  await pool.notify('odd "name"', "three");
  assert.deepEqual(heard, ["one", "two"]);
}

async function errors(pool: Pool): Promise<void> {
  const error = await rejection<CheckViolationError>(pool.execute(sql`insert into t values (${13})`));
  assert.ok(error instanceof CheckViolationError);
  assert.deepEqual([error.table, error.constraint, error.sqlState], ["t", "t_n_check", "23514"]);
  assert.equal(error.query, "insert into t values ($1)");
  assert.ok(await rejection(pool.execute(sql`insert into t values (${"x"})`)) instanceof ValidationError);
  const canary = await rejection<Error>(pool.query(sql`select ${"cAnary-7c1f"}::text::int`));
  assert.doesNotMatch(canary.message + canary.stack, /cAnary/);
  // @ts-expect-error a string is no statement
  assert.match((await rejection<Error>(pool.query("select 1"))).message, /sql`…`/);
  const gone = rejection<Error>(
    pool.query(sql`select 1`, { signal: AbortSignal.abort(new RangeError("enough")) }),
  );
  assert.equal((await gone).message, "enough");
  assert.equal(await pool.value(sql`select 1`), 1);
}
