/** What columns become by default, and what options make of them, through the pool. */
import assert from "node:assert/strict";
import { type CustomCodec, DecodeError, sql, type SqlValue, ValidationError } from "../../pool/mod.ts";
import { test } from "../harness.ts";
import { needs, server } from "../services/client.ts";
import { assertServes, livePool, rejection } from "./live_pool.ts";
import { openPool } from "./tier/pools.ts";

const LIVE = needs("primary");

const ROW = sql<Record<string, SqlValue>>`
  select 9007199254740993::int8 as big, 1.50::numeric as exact, date '2024-02-29' as day,
    time '12:34:56.123456' as hour, timestamp '2024-02-29 12:34:56.123456' as local,
    timestamptz '2024-02-29 12:34:56.123456Z' as at, interval '1 day 00:00:00.000001' as span,
    '{"a": [1, null]}'::json as j, '{"a": [1, null]}'::jsonb as jb, '\\x00ff'::bytea as bytes,
    '00000000-0000-4000-8000-00000000000f'::uuid as id, true as yes, 7::int4 as n, null::int8 as nothing`;

for (const name of ["primary", "pg15"] as const) {
  test(`Pool decodes each type to its default, and loses nothing, on ${name}`, needs(name), async () => {
    await using pool = openPool({ url: server(name).url, max: 1 });
    for (const prepare of ["first", "prepared"]) {
      const row = await pool.one(ROW);
      const { day, hour, local, at, span, ...plain } = row;
      assert.deepEqual(plain, {
        big: 9007199254740993n,
        exact: "1.50",
        j: { a: [1, null] },
        jb: { a: [1, null] },
        bytes: Uint8Array.of(0, 255),
        id: "00000000-0000-4000-8000-00000000000f",
        yes: true,
        n: 7,
        nothing: null,
      }, prepare);
      assert.ok(day instanceof Temporal.PlainDate && hour instanceof Temporal.PlainTime);
      assert.ok(local instanceof Temporal.PlainDateTime && at instanceof Temporal.Instant);
      assert.ok(span instanceof Temporal.Duration && plain.bytes instanceof Uint8Array);
      assert.deepEqual([day, hour, local, at, span].map(String), [
        "2024-02-29",
        "12:34:56.123456",
        "2024-02-29T12:34:56.123456",
        "2024-02-29T12:34:56.123456Z",
        "P1DT0.000001S",
      ]);
      // And back, as parameters.
      const back = sql`select ${day}::date = date '2024-02-29' and ${hour}::time = time '12:34:56.123456'
      and ${local}::timestamp = timestamp '2024-02-29 12:34:56.123456'
      and ${at}::timestamptz = timestamptz '2024-02-29 12:34:56.123456Z'
      and ${span}::interval = interval '1 day 00:00:00.000001'
      and ${row.big}::int8 = 9007199254740993 and ${row.exact}::numeric = 1.5
      and ${row.jb}::jsonb = '{"a": [1, null]}' and ${row.bytes}::bytea = '\\x00ff'
      and ${row.id}::uuid::text = ${row.id}::text and ${null}::int8 is null`;
      assert.equal(await pool.value(back), true, prepare);
    }
  });
}

test("Pool options int8, numeric and dates choose other values", LIVE, async () => {
  await using numbers = await livePool({ int8: "number", numeric: "number", dates: "Date" });
  const small = sql`select 7::int8 as big, 1.50::numeric as exact, array[1, 2]::int8[] as bigs,
    timestamptz '2024-02-29 12:34:56.123456Z' as at, date '2024-02-29' as day`;
  assert.deepEqual(await numbers.pool.one(small), {
    big: 7,
    exact: 1.5,
    bigs: [1, 2],
    at: new Date("2024-02-29T12:34:56.123Z"),
    day: new Date("2024-02-29T00:00Z"),
  });
  await using texts = await livePool({ int8: "string", dates: "string" });
  assert.deepEqual(await texts.pool.one(small), {
    big: "7",
    exact: "1.50",
    bigs: ["1", "2"],
    at: "2024-02-29 12:34:56.123456+00",
    day: "2024-02-29",
  });
});

test("Pool rejects with DecodeError that names the column of a value that does not fit", LIVE, async () => {
  await using live = await livePool({ int8: "number", numeric: "number", dates: "Date" });
  const unfit = [
    sql`select 1 as n, 9007199254740993::int8 as too_much`,
    sql`select 1 as n, 0.12345678901234567890123::numeric as too_much`,
    sql`select 1 as n, timestamp '290000-01-01' as too_much`,
    sql`select 1 as n, array[1, 9007199254740993]::int8[] as too_much`,
  ];
  for (const statement of unfit) {
    for (let round = 0; round < 2; round++) {
      const error = await rejection(live.pool.query(statement));
      assert.ok(error instanceof DecodeError, String(error));
      assert.match(error.message, /"too_much"/);
      assert.equal(error.column, "too_much");
    }
  }
  await assertServes(live);
});

test("Pool option codecs reads and writes a type by its name, in arrays and domains too", LIVE, async () => {
  const mood: CustomCodec<{ mood: string }> = {
    encode: (value) => value.mood,
    decode: (text) => ({ mood: text }),
  };
  await using live = await livePool({ codecs: { mood } });
  const { pool } = live;
  await pool.execute(sql`create type mood as enum ('sad', 'ok')`);
  await pool.execute(sql`create domain feeling as mood`);
  const ok = { mood: "ok" };
  assert.deepEqual(
    await pool.one(sql`select ${ok}::mood as one, ${[ok, null]}::mood[] as many, ${ok}::feeling as felt`),
    { one: ok, many: [ok, null], felt: ok },
  );
  assert.equal(await pool.value(sql`select ${ok}::mood::text`), "ok");
  for (const bad of [undefined, [undefined]]) {
    const error = await rejection(
      Promise.resolve().then(() => pool.query(sql`select ${bad as unknown as null}::mood[]`)),
    );
    assert.ok(error instanceof ValidationError, String(error));
  }
  await assertServes(live);
});
