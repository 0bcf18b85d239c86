/** Backfills on a real server: batches, resume, turns, rate, and what is refused. */
import assert from "node:assert/strict";
import { Pool, sql } from "../../../mod.ts";
import { backfill, type BackfillProgress, type Batch } from "../../../migrate/seeding/backfill.ts";
import { BackfillFailedError } from "../../../migrate/seeding/seeding_errors.ts";
import type { Transaction } from "../../../pool/session_executor.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";

async function filled(rows: number): Promise<{ pool: Pool; url: string } & AsyncDisposable> {
  const database = await freshDatabase();
  const pool = new Pool(database.url);
  await pool.execute(
    sql`create table "Odd ""table" (a integer, "B c" text, n integer not null default 0, primary key ("B c", a))`,
  );
  await pool.execute(
    sql`insert into "Odd ""table" select n, 'x' || n % 7 from generate_series(1, ${rows}::int) n`,
  );
  return {
    pool,
    url: database.url,
    async [Symbol.asyncDispose]() {
      await pool.close();
      await database.drop();
    },
  };
}

const TABLE = '"Odd ""table"';
const counts = (pool: Pool): Promise<{ n: number; rows: number }[]> =>
  pool.query(sql`select n, count(*)::int as rows from ${sql.unsafe(TABLE)} group by n order by n`);

test("backfill() reaches each row once, by a key of two columns", needs("primary"), async () => {
  await using lab = await filled(1003);
  const seen: BackfillProgress[] = [];
  const options = {
    name: "count",
    table: TABLE,
    batch: 100,
    run: (db: { execute: Pool["execute"] }, { where }: { where: ReturnType<typeof sql> }) =>
      db.execute(sql`update ${sql.unsafe(TABLE)} set n = n + 1 where ${where}`),
    onProgress: (progress: BackfillProgress) => void seen.push(progress),
  };
  const done = await backfill(lab.pool, options);
  assert.deepEqual([done.rows, done.finished, seen.length], [1003, true, 12]);
  assert.deepEqual(await counts(lab.pool), [{ n: 1, rows: 1003 }]);
  await backfill(lab.pool, options);
  assert.deepEqual(await counts(lab.pool), [{ n: 1, rows: 1003 }], "a finished one does nothing");
  await backfill(lab.pool, { ...options, restart: true, where: sql`a <= 3` });
  assert.deepEqual(await counts(lab.pool), [{ n: 1, rows: 1000 }, { n: 2, rows: 3 }]);
});

test(
  "backfill() goes on behind the last whole batch after it failed or was ended",
  needs("primary"),
  async () => {
    await using lab = await filled(1000);
    const ending = new AbortController();
    let batches = 0;
    const run = async (db: { execute: Pool["execute"] }, { where }: { where: ReturnType<typeof sql> }) => {
      await db.execute(sql`update ${sql.unsafe(TABLE)} set n = n + 1 where ${where}`);
      batches++;
      if (batches === 3) throw new Error("half done");
    };
    const options = { name: "x", table: TABLE, batch: 100, run, signal: ending.signal };
    await assert.rejects(backfill(lab.pool, options), /half done/);
    assert.deepEqual(await counts(lab.pool), [{ n: 0, rows: 800 }, { n: 1, rows: 200 }]);
    await assert.rejects(
      backfill(lab.pool, {
        ...options,
        onProgress: ({ rows }) => {
          if (rows === 600) ending.abort(new Error("asked to end"));
        },
      }),
      /asked to end/,
    );
    assert.deepEqual(await counts(lab.pool), [{ n: 0, rows: 400 }, { n: 1, rows: 600 }]);
    const done = await backfill(lab.pool, { name: "x", table: TABLE, batch: 100, run });
    assert.equal(done.rows, 1000);
    assert.deepEqual(await counts(lab.pool), [{ n: 1, rows: 1000 }]);
  },
);

test(
  "backfill() run by five at once reaches each row once, also when all make its tables",
  needs("primary"),
  async () => {
    await using lab = await filled(2000);
    const all = await Promise.all(
      Array.from({ length: 5 }, () =>
        backfill(lab.pool, {
          name: "together",
          table: TABLE,
          batch: 50,
          run: (db, { where }) => db.execute(sql`update ${sql.unsafe(TABLE)} set n = n + 1 where ${where}`),
        })),
    );
    assert.deepEqual(all.map(({ rows }) => rows), [2000, 2000, 2000, 2000, 2000]);
    assert.deepEqual(await counts(lab.pool), [{ n: 1, rows: 2000 }]);
  },
);

test("backfill() is not faster than its rate", needs("primary"), async () => {
  await using lab = await filled(300);
  const started = performance.now();
  await backfill(lab.pool, { name: "slow", table: TABLE, batch: 50, rate: 500, run: async () => {} });
  const took = performance.now() - started;
  console.log(`300 rows at 500 a second took ${Math.round(took)} ms`);
  assert.ok(took >= 550, `it took ${took} ms`);
});

test("backfill() refuses what it cannot do, and says what to change", needs("primary"), async () => {
  await using lab = await filled(1);
  await lab.pool.execute(sql`create table keyless (a int)`);
  const run = async () => {};
  const refused = (options: object, words: RegExp) =>
    assert.rejects(backfill(lab.pool, { name: "n", table: TABLE, run, ...options }), words);
  await refused({ table: "nothing" }, /Cannot use table "nothing": there is no such table; give its name/);
  await refused({ table: "a b c" }, /there is no such table/);
  await refused({ table: "" }, /there is no such table/);
  await refused({ bacth: 3 }, /"bacth"/);
  await refused({ table: "keyless" }, /has no primary key/);
  await refused({ batch: 0 }, /give 1 to 1,000,000 rows/);
  await refused({ rate: -1 }, /give rows a second, above 0/);
  await refused({ name: "" }, /give one/);
  await backfill(lab.pool, { name: "n", table: TABLE, run });
  await lab.pool.execute(sql`create table other (a int primary key)`);
  await refused({ table: "other" }, /was begun on table "public.Odd "table"; give another name/);
});

test("backfill() says how far it is when a batch fails, as often as it does", needs("primary"), async () => {
  await using lab = await filled(300);
  const options = {
    name: "half",
    table: TABLE,
    batch: 100,
    run: async (db: Transaction, { where }: Batch) => {
      await db.execute(sql`update ${sql.unsafe(TABLE)} set n = n + 1 where ${where}`);
      if (await db.value(sql`select count(*)::int from ${sql.unsafe(TABLE)} where n > 0`) === 200) {
        await db.execute(sql`select 1 / 0`);
      }
    },
  };
  for (let attempt = 0; attempt < 3; attempt++) {
    await assert.rejects(backfill(lab.pool, options), (error) => {
      assert.ok(error instanceof BackfillFailedError);
      assert.equal(error.rows, 100);
      assert.match(error.message, /behind its first 100 rows failed: division by zero .*; correct it/);
      return true;
    });
  }
  assert.deepEqual(await counts(lab.pool), [{ n: 0, rows: 200 }, { n: 1, rows: 100 }]);
});

test("backfill() goes by keys of any type, whatever the session's settings", needs("primary"), async () => {
  await using lab = await filled(1);
  const keys = {
    uuid: "md5(n::text)::uuid",
    timestamptz: "timestamptz '2026-11-23 10:00:00.123456+02' + n * interval '1 hour'",
    date: "date '2026-01-01' + n",
    "numeric(10, 3)": "n / 7.0",
    'text collate "C"': "md5(n::text)",
    interval: "n * interval '1 hour'",
    bytea: "decode(md5(n::text), 'hex')",
    "double precision": "sqrt(n)",
    boolean: "n % 2 = 0",
  };
  for (const [index, [type, value]] of Object.entries(keys).entries()) {
    await lab.pool.execute(
      sql.unsafe(`create table keyed_${index} (k ${type}, n int, seen int default 0, primary key (k, n))`),
    );
    await lab.pool.execute(
      sql.unsafe(`insert into keyed_${index} select ${value}, n from generate_series(1, 100) n`),
    );
    let at = 0;
    await backfill(lab.pool, {
      name: type,
      table: `keyed_${index}`,
      batch: 7,
      run: async (db, { where }) => {
        if (at++ % 2 === 0) await db.execute(sql`set local intervalstyle = 'sql_standard'`);
        await db.execute(sql`update ${sql.unsafe(`keyed_${index}`)} set seen = seen + 1 where ${where}`);
      },
    });
    assert.deepEqual(
      await lab.pool.query(
        sql`select seen, count(*)::int as rows from ${sql.unsafe(`keyed_${index}`)} group by 1`,
      ),
      [{ seen: 1, rows: 100 }],
      type,
    );
  }
});

test("backfill() of a role that may not keep its state says so", needs("primary"), async () => {
  await using lab = await filled(1);
  const role = `backfill_role_${Math.random().toString(36).slice(2, 10)}`;
  await lab.pool.execute(sql`create role ${sql.identifier(role)}`);
  try {
    await using pool = new Pool({ url: lab.url, runtimeParameters: { role } });
    await assert.rejects(
      backfill(pool, { name: "x", table: TABLE, run: async () => {} }),
      /may not keep the state .*have somebody who may run: create schema lifeguard_migrate authorization/,
    );
  } finally {
    await lab.pool.execute(sql`drop role ${sql.identifier(role)}`);
  }
});
