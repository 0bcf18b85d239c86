/** insertMany(): its statements, its order, its atomicity. */
import assert from "node:assert/strict";
import { column, model } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { UniqueViolationError } from "../../../pool/wire/postgres_error.ts";
import { testOnBoth } from "../../testkit/databases.ts";
import { test } from "../../harness.ts";
import { FakeExecutor } from "../fake_executor.ts";
import { Recorded } from "./recorded.ts";

const Item = model("items", {
  id: column.identity().primaryKey(),
  code: column.varchar(8).unique(),
  name: column.text().nullable(),
  count: column.integer().default(1),
  price: column.numeric(10, 2).nullable(),
  tags: column.text().array().nullable(),
});

const Note = model("notes", {
  id: column.identity().primaryKey(),
  body: column.text(),
  createdAt: column.timestamptz().nullable(),
  updatedAt: column.timestamptz().nullable(),
  deletedAt: column.timestamptz().nullable(),
  version: column.integer().default(1),
}, { softDelete: true, timestamps: true, version: true });

const Word = model("words", {
  id: column.identity().primaryKey(),
  word: column.text().saveAs((value) => sql`lower(${value})`),
  place: column.composite("place", { x: column.integer(), y: column.integer() }).nullable(),
  length: column.integer().generated(sql`length(word)`),
});

const ITEM = '"items"."id", "items"."code", "items"."name", "items"."count", "items"."price", "items"."tags"';
const NOTE =
  '"notes"."id", "notes"."body", "notes"."created_at" as "createdAt", "notes"."updated_at" as "updatedAt", "notes"."deleted_at" as "deletedAt", "notes"."version"';

testOnBoth("insertMany() sends one array for each column", { models: [Item] }, async (pool) => {
  const recorded = new Recorded(pool);
  const rows = await Item.insertMany([
    { code: "a", name: "A", price: "1.50" },
    { code: "b", name: null, price: "2.25" },
  ], recorded.executor);
  assert.deepEqual(recorded.take(), [
    'insert into "items" ("code", "name", "price") select * from ' +
    `unnest($1::varchar[], $2::text[], $3::numeric[]) returning ${ITEM}`,
  ]);
  assert.deepEqual(rows.map(({ code, name, count, price }) => ({ code, name, count, price })), [
    { code: "a", name: "A", count: 1, price: "1.50" },
    { code: "b", name: null, count: 1, price: "2.25" },
  ]);
  assert.ok(rows[0].id < rows[1].id && Object.isFrozen(rows[0]));
  assert.equal(recorded.reads, 0);
});

testOnBoth(
  "insertMany() gives rows with different columns their defaults",
  { models: [Item] },
  async (pool) => {
    const recorded = new Recorded(pool);
    const rows = await Item.insertMany([
      { code: "a", count: 5 },
      { code: "b", name: "B" },
      { count: 7, code: "c" },
    ], recorded.executor);
    assert.deepEqual(recorded.take(), [
      'insert into "items" ("code", "count", "name") values ($1, $2, default), ($3, default, $4), ' +
      `($5, $6, default) returning ${ITEM}`,
    ]);
    assert.deepEqual(rows.map(({ code, count, name }) => [code, count, name]), [
      ["a", 5, null],
      ["b", 1, "B"],
      ["c", 7, null],
    ]);

    const many = Array.from(
      { length: 200 },
      (_, index) => index % 2 === 0 ? { code: `e${index}` } : { code: `o${index}`, count: index },
    );
    const inserted = await Item.insertMany(many, recorded.executor);
    assert.equal(recorded.take().length, 3, "a transaction and a statement for each list of columns");
    assert.deepEqual(
      inserted.map(({ code, count }) => [code, count]),
      many.map((row) => [row.code, row.count ?? 1]),
    );
  },
);

testOnBoth(
  "insertMany() takes arrays, expressions and queries as lists of values",
  { models: [Item] },
  async (pool) => {
    const recorded = new Recorded(pool);
    const rows = await Item.insertMany([
      { code: "a", tags: ["x", "y"], count: sql`1 + ${1}::int` },
      { code: "b", tags: [], count: Item.find().select({ count: sql<number>`count(*)::int` }) },
    ], recorded.executor);
    assert.deepEqual(recorded.take(), [
      'insert into "items" ("code", "tags", "count") values ($1, $2, 1 + $3::int), ' +
      `($4, $5, (select count(*)::int as "count" from "items")) returning ${ITEM}`,
    ]);
    assert.deepEqual(rows.map(({ tags, count }) => ({ tags, count })), [
      { tags: ["x", "y"], count: 2 },
      { tags: [], count: 0 },
    ]);
  },
);

testOnBoth("insertMany() sends chunks in one transaction", { models: [Item] }, async (pool) => {
  const recorded = new Recorded(pool);
  const rows = Array.from({ length: 7 }, (_, index) => ({ code: `c${index}` }));
  const inserted = await Item.insertMany(rows, { chunk: 3 }, recorded.executor);
  const texts = recorded.take();
  assert.equal(texts.length, 4);
  assert.equal(texts[0], "begin");
  assert.equal(texts[1], texts[2]);
  assert.deepEqual(inserted.map(({ code }) => code), rows.map(({ code }) => code));

  const failing = [...Array.from({ length: 5 }, (_, index) => ({ code: `d${index}` })), { code: "c0" }];
  await assert.rejects(Item.insertMany(failing, { chunk: 2 }, pool), UniqueViolationError);
  assert.equal(await Item.find().count(pool), 7, "nothing of it is left");

  await pool.transaction(async (tx) => {
    await assert.rejects(Item.insertMany(failing, { chunk: 2 }, tx), UniqueViolationError);
    await Item.insertMany([{ code: "e0" }, { code: "e1" }, { code: "e2" }], { chunk: 2 }, tx);
  });
  assert.equal(await Item.find().count(pool), 10, "the transaction went on after the savepoint");
});

testOnBoth("insertMany() is atomic on a reserved session", { models: [Item] }, async (pool) => {
  await using session = await pool.reserve();
  const failing = [{ code: "a" }, { code: "b" }, { code: "a" }];
  await assert.rejects(Item.insertMany(failing, { chunk: 1 }, session), UniqueViolationError);
  assert.equal(await Item.find().count(session), 0);
  assert.equal((await Item.insertMany([{ code: "a" }, { code: "b" }], { chunk: 1 }, session)).length, 2);

  await session.execute(sql`begin`);
  await Item.insertMany([{ code: "c" }, { code: "d" }], { chunk: 1 }, session);
  await assert.rejects(Item.insertMany([{ code: "e" }, { code: "d" }], { chunk: 1 }, session), {
    sqlState: "23505",
  });
  assert.equal(await Item.find().count(session), 4, "the caller's transaction is open still");
  await session.execute(sql`rollback`);
  assert.equal(await Item.find().count(session), 2);
});

testOnBoth("insertMany() with returning: false tells how many", { models: [Item] }, async (pool) => {
  const recorded = new Recorded(pool);
  const rows = Array.from({ length: 5 }, (_, index) => ({ code: `c${index}` }));
  assert.equal(await Item.insertMany(rows, { returning: false }, recorded.executor), 5);
  assert.deepEqual(recorded.take(), ['insert into "items" ("code") select * from unnest($1::varchar[])']);
  assert.equal(await Item.insertMany(rows, { returning: false, onConflict: "nothing" }, pool), 0);
  const more = [{ code: "c0" }, { code: "new" }];
  const inserted = await Item.insertMany(more, { onConflict: "nothing" }, recorded.executor);
  assert.deepEqual(recorded.take(), [
    `insert into "items" ("code") select * from unnest($1::varchar[]) on conflict do nothing returning ${ITEM}`,
  ]);
  assert.deepEqual(inserted.map(({ code }) => code), ["new"]);
});

testOnBoth("inserts write the database's time where it is not given", { models: [Note] }, async (pool) => {
  const recorded = new Recorded(pool);
  const [first] = await Note.insertMany([{ body: "a" }, { body: "b" }], recorded.executor);
  assert.deepEqual(recorded.take(), [
    'insert into "notes" ("body", "created_at", "updated_at") select *, now(), now() from ' +
    `unnest($1::text[]) returning ${NOTE}`,
  ]);
  assert.ok(first.createdAt !== null && first.updatedAt !== null);
  const given = Temporal.Instant.from("2020-01-01T00:00:00Z");
  const note = await Note.insert({ body: "c", createdAt: given }, recorded.executor);
  assert.deepEqual(recorded.take(), [
    `insert into "notes" ("body", "created_at", "updated_at") values ($1, $2, now()) returning ${NOTE}`,
  ]);
  assert.ok(note.createdAt?.equals(given));
});

testOnBoth("inserts write saveAs() and composites", { models: [Word] }, async (pool) => {
  const recorded = new Recorded(pool);
  const rows = await Word.insertMany(
    [{ word: "ABC", place: { x: 1, y: 2 } }, { word: "De", place: null }],
    recorded.executor,
  );
  assert.deepEqual(recorded.take(), [
    'insert into "words" ("word", "place") values (lower($1), $2), (lower($3), $4) returning ' +
    '"words"."id", "words"."word", "words"."place", "words"."length"',
  ]);
  assert.deepEqual(rows.map(({ word, place, length }) => ({ word, place, length })), [
    { word: "abc", place: { x: 1, y: 2 }, length: 3 },
    { word: "de", place: null, length: 2 },
  ]);
  const word = await Word.insert({ word: sql`upper(${"x"})` }, recorded.executor);
  assert.equal(word.word, "X", "an expression is written as it is");
});

test("insertMany() without rows sends nothing", async () => {
  const fake = new FakeExecutor();
  assert.deepEqual(await Item.insertMany([], fake.executor), []);
  assert.equal(await Item.insertMany([], { returning: false }, fake.executor), 0);
  assert.equal(fake.statements.length, 0);
});

test("insertMany() names the row and the column of what it refuses", async () => {
  const fake = new FakeExecutor();
  const insertMany = (rows: unknown, options?: unknown) =>
    Item.insertMany(rows as [], options as { returning: true }, fake.executor);
  const good = { code: "a" };
  for (
    const [rows, message] of [
      [[good, { code: 7 }], /^Cannot use column "code" of model "items" in row 2: its type is varchar\(8\)/],
      [[good, good, { code: null }], /column "code" of model "items" in row 3: null was given/],
      [[good, {}], /column "code" of model "items" in row 2: it has no default and was not given/],
      [[good, { code: undefined }], /in row 2: undefined was given/],
      [[good, { code: "b", nmae: "x" }], /property "nmae" of model "items" in row 2: .* did you mean "name"/],
      [[good, null], /the values of model "items" in row 2: null was given/],
      [{ 0: good }, /the rows of model "items": a plain object was given; give an array of objects/],
    ] as const
  ) await assert.rejects(insertMany(rows), { name: "ValidationError", message });
  await assert.rejects(insertMany([good], { chunk: 0 }), /option "chunk" of insertMany\(\) of model "items"/);
  await assert.rejects(insertMany([good], { onConflict: "update" }), /use that, or upsertMany\(\)/);
  await assert.rejects(insertMany([good], { returnign: false }), /did you mean "returning"/);
  const View = model("totals", { sum: column.integer() }, { view: "view" });
  await assert.rejects(View.insertMany([{ sum: 1 }], fake.executor), /it is of a view/);
  await assert.rejects(View.insert({ sum: 1 }, fake.executor), /write the tables it is made of/);
  assert.throws(() => View.update({ sum: 1 }), /it is of a view/);
  assert.throws(() => View.delete(), /it is of a view/);
  assert.equal(fake.statements.length, 0);
});
