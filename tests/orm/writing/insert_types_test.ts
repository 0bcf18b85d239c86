/** Values of every type are written the same by each way to insert them: one by one, as arrays, as lists, by COPY. */
import assert from "node:assert/strict";
import { column, model } from "../../../orm/mod.ts";
import { Range } from "../../../pool/wire/codec/mod.ts";
import type { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { CheckViolationError } from "../../../pool/wire/postgres_error.ts";
import { randomIntegers, rounds, SEED } from "../../random.ts";
import { testOnBoth } from "../../testkit/databases.ts";

const SCALARS = {
  id: column.integer().primaryKey(),
  small: column.smallint().nullable(),
  big: column.bigint().nullable(),
  bigText: column.bigint({ mode: "string" }).nullable(),
  real: column.real().nullable(),
  double: column.double().nullable(),
  price: column.numeric(20, 4).nullable(),
  text: column.text().nullable(),
  short: column.varchar(5).nullable(),
  padded: column.char(4).nullable(),
  flag: column.boolean().nullable(),
  uid: column.uuid().nullable(),
  json: column.json<unknown>().nullable(),
  data: column.jsonb<unknown>().nullable(),
  bytes: column.bytea().nullable(),
  day: column.date().nullable(),
  at: column.time().nullable(),
  local: column.timestamp().nullable(),
  instant: column.timestamptz().nullable(),
  span: column.interval().nullable(),
  mood: column.enum("mood", ["sad", "ok", 'so "so"']).nullable(),
  bits: column.bit(3).nullable(),
  flags: column.varbit(9).nullable(),
  address: column.inet().nullable(),
  point: column.point().nullable(),
  range: column.int4range().nullable(),
};
const Scalar = model("scalars", SCALARS);
const Listed = model("listed", {
  ...SCALARS,
  tags: column.text().array().nullable(),
  grid: column.integer().array().array().nullable(),
  moods: column.enum("mood", ["sad", "ok", 'so "so"']).array().nullable(),
  documents: column.jsonb<unknown>().array().nullable(),
  pair: column.composite("pair", { word: column.text(), count: column.integer() }).nullable(),
});
type Row = typeof Listed.Insert;

const TEXTS = ["", "a", "NULL", "null", '"', "\\", "\t\n\r", "{,}", "é🦊", "\\N", "  "];

/** Rows of random values, about a fifth of them null; the same for the same seed. */
function randomRows(count: number, seed: number, first = 1): Row[] {
  const below = randomIntegers(seed);
  const pick = <Value>(values: readonly Value[]): Value => values[below(values.length)];
  const text = () => pick(TEXTS) + pick(TEXTS);
  const document = () => pick<unknown>([[1, [2]], { a: text() }, "text", 7, true, [], {}, [null]]);
  const made: Record<Exclude<keyof Row, "id">, () => unknown> = {
    small: () => below(65_536) - 32_768,
    big: () => BigInt(below(2 ** 31)) * 4_294_967_296n * (below(2) === 0 ? 1n : -1n),
    bigText: () => String(below(2 ** 31)),
    real: () => pick([0, -0.5, Infinity, -Infinity, Math.fround(Math.PI)]),
    double: () => pick([Math.E, -1e-300, 1e300, Infinity, below(100) / 7]),
    price: () => `${below(1_000_000)}.${String(below(10_000)).padStart(4, "0")}`,
    text,
    short: () => [...text()].slice(0, 5).join(""),
    padded: () => pick(["abcd", "ab  ", "é   "]),
    flag: () => below(2) === 0,
    uid: () => `${String(below(1e8)).padStart(8, "0")}-0000-4000-8000-000000000000`,
    json: document,
    data: document,
    bytes: () => Uint8Array.from({ length: below(5) }, () => below(256)),
    day: () => Temporal.PlainDate.from("2000-01-01").add({ days: below(20_000) }),
    at: () => Temporal.PlainTime.from("00:00").add({ microseconds: below(2 ** 31) }),
    local: () => Temporal.PlainDateTime.from("1999-01-01T00:00").add({ microseconds: below(2 ** 31) }),
    instant: () => Temporal.Instant.fromEpochMilliseconds(below(2 ** 31) * 100),
    span: () => Temporal.Duration.from({ months: below(20), days: below(40), seconds: below(60) }),
    mood: () => pick(["sad", "ok", 'so "so"']),
    bits: () => pick(["101", "000", "111"]),
    flags: () => pick(["1", "0101", "111111111"]),
    address: () => `10.0.${below(256)}.${below(256)}`,
    point: () => ({ x: below(100) / 4, y: -below(100) }),
    range: () => new Range(below(10), 10 + below(10)),
    tags: () => Array.from({ length: below(4) }, () => below(5) === 0 ? null : text()),
    grid: () => pick([[[1, 2], [3, 4]], [[5]], []]),
    moods: () => pick([["sad"], [], ["ok", 'so "so"']]),
    documents: () => Array.from({ length: below(3) }, document),
    pair: () => ({ word: text(), count: below(9) }),
  };
  return Array.from({ length: count }, (_, index) => {
    const row: Record<string, unknown> = { id: first + index };
    for (const [property, make] of Object.entries(made)) row[property] = below(5) === 0 ? null : make();
    return row as Row;
  });
}

/** Only the columns of scalars. */
function scalarsOf(row: Row): typeof Scalar.Insert {
  return Object.fromEntries(
    Object.keys(SCALARS).map((key) => [key, row[key as keyof Row]]),
  ) as typeof Scalar.Insert;
}

async function textsOf(pool: Pool, table: string): Promise<string[]> {
  const rows = await pool.query(
    sql<{ row: string }>`select t::text as row from ${sql.identifier(table)} t order by id`,
  );
  return rows.map(({ row }) => row);
}

testOnBoth(
  `insertMany() writes what insert() writes, by arrays, by lists and by COPY (seed ${SEED})`,
  { models: [Scalar, Listed] },
  async (pool) => {
    for (let round = 0; round < rounds(2, 40); round++) {
      const rows = randomRows(25, SEED + round);
      await pool.execute(sql`truncate scalars, listed`);
      const alone = [];
      for (const row of rows) alone.push(await Listed.insert(row, pool));
      const expected = await textsOf(pool, "listed");
      await pool.execute(sql`truncate listed`);
      assert.deepEqual(await Listed.insertMany(rows, pool), alone);
      assert.deepEqual(await textsOf(pool, "listed"), expected);

      const scalars = rows.map(scalarsOf);
      for (const row of scalars) await Scalar.insert(row, pool);
      const texts = await textsOf(pool, "scalars");
      await pool.execute(sql`truncate scalars`);
      const inserted = await Scalar.insertMany(scalars, pool);
      assert.deepEqual(await textsOf(pool, "scalars"), texts);
      assert.deepEqual(inserted, alone.map((row) => scalarsOf(row as Row)));

      const changed = await Scalar.updateMany(
        scalars.map((row, index) => ({ ...scalars[scalars.length - 1 - index], id: row.id })),
        pool,
      );
      const { id: _first, ...first } = changed[0];
      const { id: _last, ...last } = inserted[inserted.length - 1];
      assert.deepEqual(first, last);
    }
  },
);

testOnBoth("insertMany() copies many rows of which none is asked for", { models: [Listed] }, async (pool) => {
  const rows = randomRows(1_500, SEED);
  for (const row of rows.slice(0, 30)) await Listed.insert(row, pool);
  const expected = await textsOf(pool, "listed");
  await pool.execute(sql`truncate listed`);
  assert.equal(await Listed.insertMany(rows, { returning: false }, pool), 1_500);
  assert.deepEqual((await textsOf(pool, "listed")).slice(0, 30), expected);
  assert.equal((await textsOf(pool, "listed")).length, 1_500);

  await pool.transaction(async (tx) => {
    const more = randomRows(1_000, SEED + 1, 2_001);
    assert.equal(await Listed.insertMany(more, { returning: false }, tx), 1_000);
    assert.equal(await Listed.find().count(tx), 2_500);
  });

  const wrong = randomRows(1_000, SEED + 2, 4_001).map((row, index) =>
    index === 700 ? { ...row, day: "not a day" as never } : row
  );
  await assert.rejects(
    Listed.insertMany(wrong, { returning: false }, pool),
    (error) =>
      error instanceof ValidationError && /column "day" of model "listed" in row 701/.test(error.message) &&
      !error.message.includes("not a day"),
  );
  const twice = [...randomRows(1_000, SEED + 3, 6_001), ...randomRows(1, SEED, 1)];
  await assert.rejects(Listed.insertMany(twice, { returning: false }, pool), { sqlState: "23505" });
  assert.equal(await Listed.find().count(pool), 2_500, "nothing of what failed is left");
});

testOnBoth(
  "bulk writes name the row of a value that PostgreSQL's type refuses",
  { models: [Scalar, Listed] },
  async (pool) => {
    const rows = [{ id: 1, day: Temporal.PlainDate.from("2020-01-01") }, { id: 2, day: "tomorrow" as never }];
    const changed = rows.map((row) => ({ ...row, padded: "x" }));
    await assert.rejects(Scalar.updateMany(changed, pool), /column "day" of model "scalars" in row 2: /);
    const listed = changed.map((row) => ({ ...row, tags: [] }));
    await assert.rejects(Listed.updateMany(listed, pool), /column "day" of model "listed" in row 2: /);
    await assert.rejects(Scalar.insertMany(rows, pool), /column "day" of model "scalars" in row 2: /);
    await assert.rejects(
      Listed.insertMany(rows.map((row) => ({ ...row, tags: ["x"] })), pool),
      /column "day" of model "listed" in row 2: /,
    );
    assert.equal(await Scalar.find().count(pool), 0);
  },
);

const Positive = model("positives", {
  id: column.identity().primaryKey(),
  amount: column.domain("positive_amount", column.integer().check(sql`value > 0`)),
});

testOnBoth("domains and schemas of enums are found by arrays", {
  models: [
    Positive,
    model("coloured", { color: column.enum("color", ["red", "green"], { schema: "paint" }) }, {
      schema: "paint",
    }),
  ],
}, async (pool) => {
  const Coloured = model(
    "coloured",
    { color: column.enum("color", ["red", "green"], { schema: "paint" }) },
    { schema: "paint" },
  );
  assert.equal((await Positive.insertMany([{ amount: 1 }, { amount: 2 }], pool)).length, 2);
  await assert.rejects(Positive.insertMany([{ amount: 3 }, { amount: 0 }], pool), CheckViolationError);
  const rows = await Coloured.insertMany([{ color: "green" }, { color: "red" }], pool);
  assert.deepEqual(rows.map(({ color }) => color), ["green", "red"]);
});
