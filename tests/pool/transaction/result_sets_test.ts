import assert from "node:assert/strict";
import { PostgresError, sql, ValidationError } from "../../../pool/mod.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { assertServes, type LivePool, livePool, rejection } from "../live_pool.ts";

const LIVE = needs("primary");

async function withRoutines(options: Parameters<typeof livePool>[0] = {}): Promise<LivePool> {
  const live = await livePool(options);
  const routines = [
    "create function add(a int, b int default 10) returns int language sql as 'select a + b'",
    "create function pair(n int, out half numeric, out twice int) language sql as 'select n / 2.0, n * 2'",
    "create function some_rows(n int) returns table (id int, name text) language sql as $$select g, 'n' || g from generate_series(1, n) g$$",
    "create procedure store(n int, inout doubled int) language plpgsql as 'begin insert into stored values (n); doubled := n * 2; end'",
    "create procedure two_steps(fails boolean) language plpgsql as 'begin insert into stored values (100); commit; insert into stored values (200); if fails then perform 1 / 0; end if; end'",
    `create function two_sets() returns setof refcursor language plpgsql as $$
     declare a refcursor; b refcursor;
     begin
       open a for select 1 as n union all select 2; return next a;
       open b for select 'x'::text as s, true as flag; return next b;
     end $$`,
    `create function other_sets() returns setof refcursor language plpgsql as $$
     declare a refcursor; b refcursor;
     begin
       open a for select 'first'::text as name; return next a;
       open b for select 1.5::numeric as price where false; return next b;
     end $$`,
    `create function named_sets(inout first refcursor, inout second refcursor) language plpgsql as $$
     begin
       open first for select 1 as n;
       open second for select repeat('y', 3) as y;
     end $$`,
    `create procedure sets_of(inout c refcursor) language plpgsql as $$
     begin open c for select 5 as five; end $$`,
  ];
  await live.outside.execute(sql`create table stored (n int)`);
  for (const text of routines) await live.outside.execute(sql.unsafe(text));
  return live;
}

test(
  "Functions are called like anything else, with defaults, named arguments and OUT parameters",
  LIVE,
  async () => {
    await using live = await withRoutines();
    const { pool } = live;
    assert.equal(await pool.value(sql`select add(${1})`), 11);
    assert.equal(await pool.value(sql`select add(b => ${1}, a => ${2})`), 3);
    assert.deepEqual(await pool.one(sql`select * from pair(${5})`), {
      half: "2.5000000000000000",
      twice: 10,
    });
    assert.deepEqual(await pool.query(sql`select * from some_rows(${2})`), [
      { id: 1, name: "n1" },
      { id: 2, name: "n2" },
    ]);
  },
);

test(
  "Procedures are called with values, give OUT parameters as a row, and may commit by themselves",
  LIVE,
  async () => {
    await using live = await withRoutines();
    const { pool } = live;
    assert.deepEqual(await pool.one(sql`call store(${7}, ${null})`), { doubled: 14 });
    assert.equal(await pool.execute(sql`call two_steps(false)`), 0);
    assert.deepEqual(await pool.query(sql`select n from stored order by n`), [{ n: 7 }, { n: 100 }, {
      n: 200,
    }]);
    const error = await rejection<PostgresError>(pool.execute(sql`call two_steps(true)`));
    assert.equal(error.sqlState, "22012");
    assert.equal(await pool.value(sql`select count(*)::int from stored`), 4);
    // In a transaction a procedure may not commit.
    const inside = await rejection<PostgresError>(
      pool.transaction((tx) => tx.execute(sql`call two_steps(false)`)),
    );
    assert.equal(inside.sqlState, "2D000");
    const doubled = await pool.transaction((tx) => tx.value(sql`call store(8, null)`));
    assert.equal(doubled, 16);
    await assertServes(live);
  },
);

test("Pool.resultSets() reads every cursor that a function returns, in order", LIVE, async () => {
  await using live = await withRoutines({ max: 1 });
  const { pool } = live;
  const two = [[{ n: 1 }, { n: 2 }], [{ s: "x", flag: true }]];
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await pool.resultSets(sql`select two_sets()`), two);
    // Cursors without a name get the same names again, with other columns.
    assert.deepEqual(await pool.resultSets(sql`select other_sets()`), [[{ name: "first" }], []]);
  }
  assert.deepEqual(await pool.resultSets(sql`select * from named_sets('a', 'quo"te; ')`), [
    [{ n: 1 }],
    [{ y: "yyy" }],
  ]);
  assert.deepEqual(await pool.resultSets(sql`call sets_of(${"c"})`), [[{ five: 5 }]]);
  // The same name for other columns.
  assert.deepEqual(await pool.resultSets(sql`select * from named_sets('d', 'c')`), [[{ n: 1 }], [{
    y: "yyy",
  }]]);
  assert.deepEqual(await pool.resultSets(sql`call sets_of(${"d"})`), [[{ five: 5 }]]);
  assert.deepEqual(await pool.resultSets(sql`select null::refcursor`), []);
  assert.deepEqual(await pool.resultSets(sql`select two_sets() where false`), []);
  await assertServes(live);
});

test("Transaction.resultSets() reads cursors among other statements, and closes them", LIVE, async () => {
  await using live = await withRoutines();
  await live.pool.transaction(async (tx) => {
    assert.deepEqual(await tx.resultSets(sql`select * from named_sets('a', 'b')`), [[{ n: 1 }], [{
      y: "yyy",
    }]]);
    assert.equal(await tx.value(sql`select count(*)::int from pg_cursors where name in ('a', 'b')`), 0);
    assert.equal(await tx.value(sql`select 1`), 1);
    const nested = await tx.transaction((inner) => inner.resultSets(sql`select other_sets()`));
    assert.equal(nested.length, 2);
  });
  await assertServes(live);
});

test("Pool.resultSets() refuses what returns no cursors, and says what to do", LIVE, async () => {
  await using live = await withRoutines();
  const { pool } = live;
  const wrong = await rejection<Error>(pool.resultSets(sql`select 1 as n`));
  assert.ok(wrong instanceof ValidationError);
  assert.match(wrong.message, /column "n" .*refcursor/);
  const text = await rejection<Error>(pool.resultSets(sql`select 'no cursor' as t`));
  assert.ok(text instanceof PostgresError, String(text));
  assert.equal((text as PostgresError).sqlState, "34000");
  await assertServes(live);
});
