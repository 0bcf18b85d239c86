/** Backfills on a real server: batches, resume, turns, rate, and what is refused. */
import assert from "node:assert/strict";
import { Pool, sql } from "../../../mod.ts";
import { backfill, type BackfillProgress } from "../../../migrate/seeding/backfill.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";

async function filled(rows: number): Promise<{ pool: Pool } & AsyncDisposable> {
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
  await refused({ table: "keyless" }, /has no primary key/);
  await refused({ batch: 0 }, /give 1 to 1,000,000 rows/);
  await refused({ rate: -1 }, /give rows a second, above 0/);
  await refused({ name: "" }, /give one/);
  await backfill(lab.pool, { name: "n", table: TABLE, run });
  await lab.pool.execute(sql`create table other (a int primary key)`);
  await refused({ table: "other" }, /was begun on table "public.Odd "table"; give another name/);
});
