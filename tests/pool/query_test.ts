import assert from "node:assert/strict";
import {
  NotFoundError,
  Pool,
  PostgresError,
  type SchemaResult,
  sql,
  type StandardSchema,
  TooManyRowsError,
  ValidationError,
} from "../../pool/mod.ts";
import { test } from "../harness.ts";
import { needs } from "../services/client.ts";
import { assertServes, livePool, rejection } from "./live_pool.ts";

const LIVE = needs("primary");

/** A validator as libraries make them: it checks, and gives an output of another type. */
function numbered(isAsync = false): StandardSchema<{ id: string }> {
  const check = (value: unknown): SchemaResult<{ id: string }> => {
    const { n } = value as { n: unknown };
    return typeof n === "number" && n < 3
      ? { value: { id: `#${n}` } }
      : { issues: [{ message: "must be below 3", path: ["n", { key: 0 }] }, { message: "is odd" }] };
  };
  return {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: isAsync ? (value) => Promise.resolve(check(value)) : check,
    },
  };
}

test("Pool.query() returns all rows in order, and none as an empty array", LIVE, async () => {
  await using live = await livePool();
  assert.deepEqual(
    await live.pool.query<{ n: number }>(sql`select n, null as z from generate_series(1, ${3}::int) n`),
    [{ n: 1, z: null }, { n: 2, z: null }, { n: 3, z: null }],
  );
  assert.deepEqual(await live.pool.query(sql`select 1 as n where false`), []);
  assert.deepEqual(await live.pool.query(sql`create table t (n int)`), []);
  assert.deepEqual(await live.pool.query(sql``), []);
  assert.deepEqual(await live.pool.query(sql`select`), [{}]);
});

test("Pool.one() needs exactly one row, Pool.maybeOne() at most one", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  const rows = (count: number) => sql<{ n: number }>`select n from generate_series(1, ${count}::int) n`;
  assert.deepEqual(await pool.one(rows(1)), { n: 1 });
  assert.deepEqual(await pool.maybeOne(rows(1)), { n: 1 });
  assert.equal(await pool.maybeOne(rows(0)), undefined);
  const none = await rejection(pool.one(rows(0)));
  assert.ok(none instanceof NotFoundError);
  assert.equal(none.query, rows(0).text);
  for (const many of [pool.one(rows(2)), pool.maybeOne(rows(2))]) {
    const error = await rejection(many);
    assert.ok(error instanceof TooManyRowsError);
    assert.equal(error.count, 2);
  }
});

test("Pool.value() returns the one column of the one row, null too", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  assert.equal(await pool.value<bigint>(sql`select count(*) from generate_series(1, 5)`), 5n);
  assert.equal(await pool.value(sql`select null::int`), null);
  assert.ok(await rejection(pool.value(sql`select 1 where false`)) instanceof NotFoundError);
  assert.ok(await rejection(pool.value(sql`select 1 union all select 2`)) instanceof TooManyRowsError);
  assert.match(
    (await rejection<Error>(pool.value(sql`select 1 as a, 2 as b`))).message,
    /2 columns; select exactly one/,
  );
  assert.match((await rejection<Error>(pool.value(sql`select`))).message, /0 columns/);
});

test("Pool.value() and query() do not lose columns of the same name silently", LIVE, async () => {
  await using live = await livePool();
  const error = await rejection<Error>(live.pool.value(sql`select 1 as n, 2 as n`));
  assert.ok(error instanceof ValidationError, String(error));
});

test("Pool.execute() counts the rows of every kind of command", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  assert.equal(await pool.execute(sql`create table t (id int primary key, n int)`), 0);
  assert.equal(await pool.execute(sql`insert into t select g, 0 from generate_series(1, 5) g`), 5);
  assert.equal(await pool.execute(sql`insert into t values (1, 1) on conflict do nothing`), 0);
  assert.equal(await pool.execute(sql`insert into t values (6, 0) returning id`), 1);
  assert.equal(await pool.execute(sql`update t set n = 1 where id < ${3}`), 2);
  assert.equal(await pool.execute(sql`delete from t where id = 6`), 1);
  assert.equal(await pool.execute(sql`select * from t`), 5);
  assert.equal(
    await pool.execute(sql`
      merge into t using (values (1), (100)) as s (id) on t.id = s.id
      when matched then update set n = 7
      when not matched then insert values (s.id, 0)`),
    2,
  );
  assert.equal(await pool.execute(sql`with gone as (delete from t returning *) select * from gone`), 6);
  assert.equal(await pool.execute(sql`create table copied as select 1 as x`), 1);
  assert.equal(await pool.execute(sql`truncate t`), 0);
  assert.equal(await pool.execute(sql`do $$ begin null; end $$`), 0);
  assert.equal(await pool.execute(sql``), 0);
});

test("Pool.query() with a schema returns the validator's outputs, also of an async one", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  for (const schema of [numbered(), numbered(true)]) {
    const ids: string[] = (await pool.query(sql`select n from generate_series(1, 2) n`, { schema }))
      .map((row) => row.id);
    assert.deepEqual(ids, ["#1", "#2"]);
    assert.deepEqual(await pool.one(sql`select 1 as n`, { schema }), { id: "#1" });
    assert.deepEqual(await pool.maybeOne(sql`select 1 as n`, { schema }), { id: "#1" });
    assert.equal(await pool.maybeOne(sql`select 1 as n where false`, { schema }), undefined);
    const inside = await pool.transaction((tx) => tx.one(sql`select 2 as n`, { schema }));
    assert.equal(inside.id, "#2");
  }
  await assertServes(live);
});

test("Pool.query() names the row, the path and the issue where a schema is not satisfied", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  for (const schema of [numbered(), numbered(true)]) {
    const error = await rejection(pool.query(sql`select n from generate_series(2, 3) n`, { schema }));
    assert.ok(error instanceof ValidationError);
    assert.equal(
      error.message,
      'Cannot use row 2 of the result: it does not satisfy the schema: "n.0": must be below 3; is odd',
    );
  }
  const hostile = { "~standard": { version: 1, vendor: "x" } } as unknown as StandardSchema<string>;
  assert.match((await rejection<Error>(pool.query(sql`select 1`, { schema: hostile }))).message, /schema/);
  const throwing: StandardSchema<string> = {
    "~standard": {
      version: 1,
      vendor: "x",
      validate() {
        throw new RangeError("mine");
      },
    },
  };
  assert.ok(await rejection(pool.query(sql`select 1`, { schema: throwing })) instanceof RangeError);
  await assertServes(live);
});

test("Pool.query() refuses what is not a schema before it sends the statement", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  await pool.execute(sql`create table t (n int)`);
  const schema = {} as unknown as StandardSchema<string>;
  const error = await rejection(pool.query(sql`insert into t values (1) returning n`, { schema }));
  assert.ok(error instanceof ValidationError);
  assert.equal(await pool.value(sql`select count(*)::int from t`), 0);
});

test("Pool.query() refuses options that mean nothing before it sends the statement", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  await pool.execute(sql`create table t (n int)`);
  const bad = [{ timeout: -1 }, { timeout: NaN }, { timeout: "5s" }, { signal: {} }, { timeuot: 5 }, 5, null];
  for (const options of bad as unknown as { timeout: number }[]) {
    const insert = sql`insert into t values (1) returning n`;
    const calls: (() => Promise<unknown>)[] = [
      () => pool.query(insert, options),
      () => pool.one(insert, options),
      () => pool.execute(insert, options),
      () => pool.batch([insert], options),
      () => pool.stream(insert, options).next(),
      () => pool.copyFrom(sql`copy t from stdin`, "1\n", options),
      () => new Response(pool.copyTo(sql`copy t to stdout`, options)).text(),
    ];
    for (const call of calls) {
      const error = await rejection(Promise.resolve().then(call));
      assert.ok(error instanceof ValidationError, `${JSON.stringify(options)} ${call}: ${error}`);
      assert.match(error.message, /timeout"|signal|options/);
    }
  }
  assert.equal(await pool.value(sql`select count(*)::int from t`), 0);
  await assertServes(live);
});

test(
  "Pool methods refuse options that are unknown or mean nothing, and say what there is",
  LIVE,
  async () => {
    await using live = await livePool();
    const { pool } = live;
    const bad = (value: unknown) => value as never;
    const calls: [() => Promise<unknown>, RegExp][] = [
      [() => pool.query(sql`select 1`, bad({ readonly: true })), /"readonly".*"readOnly"/],
      [() => pool.batch([sql`select 1`], bad({ atomc: false })), /"atomc".*"atomic"/],
      [() => pool.stream(sql`select 1`, bad({ batch: 5 })).next(), /"batch"/],
      [() => pool.copyFrom(sql`copy t from stdin`, "", bad({ xyzzy: 1 })), /"xyzzy".*signal, timeout/],
      [() => pool.reserve(bad({ timeout: 5 })), /"timeout".*unknown/],
      [() => pool.reserve(bad(null)), /null was given/],
      [() => pool.advisoryLock(1, bad({ share: true })), /"share".*"shared"/],
      [() => pool.listen("x", () => {}, bad({ signal: 5 })), /signal/],
      [() => pool.transaction(() => {}, bad(null)), /null was given/],
      [() => pool.withSettings(bad(null), () => {}), /settings.*give one/],
      [() => pool.withSettings(bad("a=b"), () => {}), /settings.*give one/],
      [() => pool.withContext(bad(undefined), () => {}), /context.*give one/],
      [() => Promise.resolve().then(() => pool.close(bad({ timeout: "5s" }))), /timeout.*milliseconds/],
    ];
    for (const [call, message] of calls) {
      const error = await rejection<Error>(Promise.resolve().then(call));
      assert.ok(error instanceof ValidationError, `${call}: ${error}`);
      assert.match(error.message, message);
    }
    await assertServes(live);
  },
);

test("Pool.query() types rows by the statement's row type and by the schema's output", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  const rows = await pool.query(sql<{ n: number }>`select 1 as n`);
  const n: number = rows[0].n;
  assert.equal(n, 1);
  // @ts-expect-error there is no such column in the row type
  assert.equal(rows[0].m, undefined);
  const row = await pool.one<{ n: number }>(sql`select 1 as n`);
  // @ts-expect-error a number is no string
  const wrong: string = row.n;
  assert.equal(wrong as unknown, 1);
  const maybe = await pool.maybeOne(sql<{ n: number }>`select 1 as n`);
  // @ts-expect-error there may be no row
  assert.equal(maybe.n, 1);
  const validated = await pool.one(sql`select 1 as n`, { schema: numbered() });
  const id: string = validated.id;
  assert.equal(id, "#1");
  // @ts-expect-error the schema's output has no such property
  assert.equal(validated.n, undefined);
  const untyped = await pool.one(sql`select 1 as n`);
  // @ts-expect-error the value of an untyped column is unknown
  const guess: number = untyped.n;
  assert.equal(guess, 1);
  const [first, second] = await pool.batch([
    sql<{ a: number }>`select 1 as a`,
    sql<{ b: string }>`select 'x' as b`,
  ]);
  const a: number = first[0].a;
  const b: string = second[0].b;
  assert.deepEqual([a, b], [1, "x"]);
  // @ts-expect-error the second statement's rows have no "a"
  assert.equal(second[0].a, undefined);
});

test(
  "A plain string instead of sql is refused by type and at run time, with what to write",
  LIVE,
  async () => {
    await using live = await livePool();
    const { pool } = live;
    const text = "select 'canary-1'";
    const calls: (() => unknown)[] = [
      // @ts-expect-error a string is no statement
      () => pool.query(text),
      // @ts-expect-error a string is no statement
      () => pool.one(text),
      // @ts-expect-error a string is no statement
      () => pool.maybeOne(text),
      // @ts-expect-error a string is no statement
      () => pool.value(text),
      // @ts-expect-error a string is no statement
      () => pool.execute(text),
      // @ts-expect-error a string is no statement
      () => pool.stream(text),
      // @ts-expect-error a string is no statement
      () => pool.batch([sql`select 1`, text]),
      // @ts-expect-error a string is no statement
      () => pool.copyFrom(text, []),
      // @ts-expect-error a string is no statement
      () => pool.copyTo(text),
      // @ts-expect-error a string is no statement
      () => pool.resultSets(text),
      // @ts-expect-error a string is no statement
      () => pool.transaction((tx) => tx.query(text)),
      // @ts-expect-error a string is no statement
      () => pool.transaction((tx) => tx.resultSets(text)),
      // @ts-expect-error a string is no statement
      () => pool.transaction((tx) => tx.copyFrom(text, [])),
      // @ts-expect-error a string is no statement
      () => pool.transaction((tx) => tx.stream(text)),
    ];
    for (const call of calls) {
      const error = await rejection(Promise.resolve().then(call));
      assert.ok(error instanceof ValidationError, String(error));
      assert.match(error.message, /sql`…`, or sql\.unsafe\(text\)/);
      assert.doesNotMatch(error.message, /canary/);
    }
    // @ts-expect-error neither is undefined
    assert.match((await rejection<Error>(pool.query(undefined))).message, /undefined/);
    // @ts-expect-error nor an object
    assert.match((await rejection<Error>(pool.query({ text: "select 1", values: [] }))).message, /an object/);
    // @ts-expect-error nor is a batch a statement
    assert.match((await rejection<Error>(pool.batch(sql`select 1`))).message, /array/);
    await assertServes(live);
  },
);

test("Values that cannot be sent are refused with their position, and the pool goes on", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  await pool.execute(
    sql`create table t (i int, s smallint, u uuid, at timestamptz, j jsonb, b bytea, a int[])`,
  );
  const bad = (statement: () => Promise<unknown>) => rejection(Promise.resolve().then(statement));
  const cases: [() => Promise<unknown>, RegExp][] = [
    // @ts-expect-error undefined is no value
    [() => pool.query(sql`select ${undefined}::int`), /parameter \$1 .*undefined/],
    [() => pool.query(sql.unsafe("select $1::int", [1, 2])), /placeholders|values/],
    [() => pool.query(sql.unsafe("select $1::int + $2::int", [1])), /placeholders|values/],
    [() => pool.execute(sql`insert into t (i) values (${"canary-text"})`), /parameter \$1 of type int4/],
    [() => pool.execute(sql`insert into t (i) values (${2 ** 31})`), /parameter \$1 of type int4/],
    [() => pool.execute(sql`insert into t (i) values (${1.5})`), /parameter \$1 of type int4/],
    [() => pool.execute(sql`insert into t (i, s) values (${1}, ${40_000})`), /parameter \$2 of type int2/],
    [() => pool.execute(sql`insert into t (u) values (${"canary-text"})`), /parameter \$1 of type uuid/],
    [
      () => pool.execute(sql`insert into t (at) values (${"canary-text"})`),
      /parameter \$1 of type timestamptz/,
    ],
    [
      () => pool.execute(sql`insert into t (at) values (${new Date(NaN)})`),
      /parameter \$1 of type timestamptz/,
    ],
    [() => pool.execute(sql`insert into t (b) values (${12})`), /parameter \$1 of type bytea/],
    [
      () => pool.execute(sql`insert into t (a) values (${["canary-text"]})`),
      /parameter \$1 of type int4\[\]/,
    ],
    [() => pool.query(sql`select ${"a\0canary-text"}::text`), /parameter \$1 of type text/],
    [() => pool.query(sql`select ${[1, undefined]}::int[]`), /parameter \$1 of type int4\[\]/],
  ];
  for (const [statement, message] of cases) {
    for (let again = 0; again < 2; again++) {
      const error = await bad(statement);
      assert.ok(error instanceof ValidationError, String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /canary/);
    }
  }
  assert.equal(await pool.value(sql`select count(*)::int from t`), 0);
  const unsent = await rejection(pool.transaction(async (tx) => {
    await tx.execute(sql`insert into t (i) values (1)`);
    await bad(() => tx.execute(sql`insert into t (i) values (${"canary-text"})`));
    // What was never sent does not fail the transaction.
    assert.equal(await tx.value(sql`select count(*)::int from t`), 1);
    throw new Error("back");
  }));
  assert.equal((unsent as Error).message, "back");
  await assertServes(live);
});

test("Pool.query() rejects with the error of its own statement only, among many at once", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  const outcomes = await Promise.allSettled(
    Array.from(
      { length: 100 },
      (_, n) => pool.value<number>(sql`select 100 / ${n % 10}::int + ${n}::int * 1000`),
    ),
  );
  outcomes.forEach((outcome, n) => {
    if (n % 10 === 0) {
      assert.ok(outcome.status === "rejected" && outcome.reason instanceof PostgresError);
      assert.equal(outcome.reason.sqlState, "22012");
    } else assert.deepEqual(outcome, { status: "fulfilled", value: Math.trunc(100 / (n % 10)) + n * 1000 });
  });
  await assertServes(live);
});

test("Pool calls after close() reject with PoolClosedError, each in its own way", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  await pool.close();
  const calls: (() => Promise<unknown>)[] = [
    () => pool.query(sql`select 1`),
    () => pool.execute(sql`select 1`),
    () => pool.batch([sql`select 1`]),
    () => pool.transaction(() => {}),
    () => pool.withSettings({ "a.b": 1 }, () => {}),
    () => pool.reserve(),
    () => pool.listen("x", () => {}),
    () => pool.notify("x"),
    () => pool.advisoryLock(1),
    () => pool.copyFrom(sql`copy t from stdin`, []),
    () => new Response(pool.copyTo(sql`copy t to stdout`)).text(),
    () => pool.stream(sql`select 1`).next(),
    () => pool.resultSets(sql`select 1`),
    () => pool.connect(),
  ];
  for (const call of calls) {
    const error = await rejection<{ code?: string }>(Promise.resolve().then(call));
    assert.equal(error.code, "POOL_CLOSED", `${call}: ${error}`);
  }
});

test("A pool that was never used closes at once", async () => {
  const pool = new Pool("postgres://nobody@127.0.0.1:1/none");
  await pool.close();
  assert.equal(pool.size, 0);
});
