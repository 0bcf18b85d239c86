/** Keys that travel together find what each would find alone. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { column, model } from "../../../orm/mod.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { testOnServer } from "../../testkit/databases.ts";

const Numbered = model("numbereds", { id: column.integer().primaryKey(), label: column.text() });
const Named = model("nameds", { name: column.text().primaryKey(), n: column.integer() });
const Folded = model("foldeds", { name: column.text().primaryKey(), n: column.integer() });
const Padded = model("paddeds", { name: column.char(4).primaryKey(), n: column.integer() });
const Pair = model("pairs", {
  a: column.integer().primaryKey(),
  b: column.text().primaryKey(),
  n: column.integer(),
});
const Shown = model("nameds", {
  name: column.text().primaryKey().selectAs((name) => sql`upper(${name})`),
  n: column.integer(),
});

const prepared = {
  models: [Numbered, Named, Padded, Pair],
  migrate: [
    sql`insert into numbereds select n, 'label ' || n from generate_series(0, 12000) n`,
    sql`insert into nameds values ('one', 1), (${"caf\u00e9"}, 2), (${"cafe\u0301"}, 3), ('', 4), ('ONE', 5)`,
    sql`insert into paddeds values ('ab', 1), ('cd', 2)`,
    sql`insert into pairs values (1, 'x', 1), (1, 'y', 2), (11, 'x', 3)`,
    sql`create collation folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    sql`create table foldeds (name text collate folding primary key, n int not null)`,
    sql`insert into foldeds values ('One', 1), ('two', 2)`,
  ],
};

testOnServer("thousands of calls of one tick each get their own row", prepared, async (pool) => {
  const keys = Array.from({ length: 10_000 }, (_, index) => (index * 7919) % 12_500);
  const rows = await Promise.all(keys.map((key) => Numbered.findById(key, pool)));
  rows.forEach((row, index) => {
    const key = keys[index];
    assert.deepEqual(row, key > 12_000 ? undefined : { id: key, label: `label ${key}` });
  });
  const [zero, minusZero] = await Promise.all([Numbered.findById(0, pool), Numbered.findById(-0, pool)]);
  assert.deepEqual([zero?.id, minusZero?.id], [0, 0]);
});

testOnServer("keys are compared as PostgreSQL does, alone and together", prepared, async (pool) => {
  const alone = async <Row>(find: (key: string) => Promise<Row>, keys: readonly string[]): Promise<Row[]> => {
    const rows: Row[] = [];
    for (const key of keys) rows.push(await find(key));
    return rows;
  };
  const cases: readonly (readonly [
    (key: string) => Promise<{ n: number } | undefined>,
    readonly string[],
    unknown[],
  ])[] = [
    [(key) => Named.findById(key, pool), ["one", "caf\u00e9", "cafe\u0301", "", "ONE", "One"], [
      1,
      2,
      3,
      4,
      5,
      undefined,
    ]],
    [(key) => Folded.findById(key, pool), ["one", "ONE", "One", "TWO", "three"], [1, 1, 1, 2, undefined]],
    [(key) => Padded.findById(key, pool), ["ab", "ab  ", "cd ", "ef"], [1, 1, 2, undefined]],
    [(key) => Shown.findById(key, pool), ["one", "ONE", "none"], [1, 5, undefined]],
  ];
  for (const [find, keys, expected] of cases) {
    assert.deepEqual((await Promise.all(keys.map(find))).map((row) => row?.n), expected);
    assert.deepEqual((await alone(find, keys)).map((row) => row?.n), expected);
  }
  const pairs = await Promise.all([
    Pair.findById({ a: 1, b: "x" }, pool),
    Pair.findById({ b: "x", a: 11 }, pool),
    Pair.findById({ a: 1, b: "y" }, pool),
    Pair.findById({ a: 2, b: "y" }, pool),
  ]);
  assert.deepEqual(pairs.map((row) => row?.n), [1, 3, 2, undefined]);
});

testOnServer("callers keep their own context, and errors name their own lines", prepared, async (pool) => {
  const context = new AsyncLocalStorage<number>();
  const seen = await Promise.all([1, 2, 3].map((key) =>
    context.run(key, async () => {
      await Numbered.findById(key, pool);
      return context.getStore();
    })
  ));
  assert.deepEqual(seen, [1, 2, 3]);
  const Missing = model("missings", { id: column.integer().primaryKey() });
  async function firstCaller(): Promise<unknown> {
    return await Missing.findById(1, pool);
  }
  async function secondCaller(): Promise<unknown> {
    return await Missing.findById(2, pool);
  }
  const outcomes = await Promise.allSettled([firstCaller(), secondCaller()]);
  const errors = outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason as Error);
  assert.notEqual(errors[0], errors[1]);
  assert.match(errors[0].stack!, /firstCaller.*find_by_id_test/);
  assert.match(errors[1].stack!, /secondCaller.*find_by_id_test/);
  await assert.rejects(async () => await Missing.find().all(pool), (error: Error) => {
    assert.match(error.stack!, /find_by_id_test/);
    return true;
  });
  assert.equal((await Numbered.findById(1, pool))?.id, 1);
});

testOnServer(
  "callers of a pool that closes are each told, and of another pool are not",
  prepared,
  async (pool) => {
    const other = new Pool("postgresql://nobody@127.0.0.1:1/none");
    const finds = [1, 2, 3].map((key) => Numbered.findById(key, other));
    const closing = other.close();
    const [found, ...outcomes] = await Promise.allSettled([Numbered.findById(2, pool), ...finds]);
    await closing;
    assert.equal(found.status, "fulfilled");
    assert.deepEqual(outcomes.map(({ status }) => status), ["rejected", "rejected", "rejected"]);
    await assert.rejects(Numbered.findById(1, other));
  },
);
