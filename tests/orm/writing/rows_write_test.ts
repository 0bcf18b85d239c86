/** Updates and deletes, by condition and by key: their statements and what they do. */
import assert from "node:assert/strict";
import { column, cte, from, model } from "../../../orm/mod.ts";
import { NotFoundError } from "../../../pool/pool_errors.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { CheckViolationError } from "../../../pool/wire/postgres_error.ts";
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

const Stock = model("stock", {
  shop: column.text().primaryKey(),
  itemId: column.integer().primaryKey(),
  amount: column.integer().default(0),
}, { schema: "app" });

const ITEM = '"items"."id", "items"."code", "items"."name", "items"."count", "items"."price", "items"."tags"';
const NOTE =
  '"notes"."id", "notes"."body", "notes"."created_at" as "createdAt", "notes"."updated_at" as "updatedAt", "notes"."deleted_at" as "deletedAt", "notes"."version"';
const STOCK = '"stock"."shop", "stock"."item_id" as "itemId", "stock"."amount"';

testOnBoth(
  "update() writes values and expressions where a condition is",
  { models: [Item] },
  async (pool) => {
    const items = Item.on(pool);
    await items.insertMany([{ code: "a", price: "1.00" }, { code: "b", price: "2.00" }, { code: "c" }]);

    const raise = Item.update({ price: Item.price.times("1.5"), name: "raised" }).where(
      Item.price.gt("1.00"),
    );
    assert.equal(
      raise.toSQL().text,
      'update "items" set "price" = ("items"."price" * $1), "name" = $2 where "items"."price" > $3',
    );
    assert.equal(await raise.run(pool), 1);

    const recorded = new Recorded(pool);
    const rows = await Item.update({ count: sql`count + 1`, name: null }).where({ code: "a", name: null })
      .returning(recorded.executor);
    assert.deepEqual(recorded.take(), [
      `update "items" set "count" = count + 1, "name" = $1 where "items"."code" = $2 and "items"."name" is null returning ${ITEM}`,
    ]);
    assert.equal(rows[0].count, 2);
    assert.ok(Object.isFrozen(rows[0]));
    assert.equal(recorded.reads, 0);

    const some = await items.update({ name: "x" }).all().only("id", "name").returning();
    assert.deepEqual(some.map(Object.keys), [["id", "name"], ["id", "name"], ["id", "name"]]);

    const average = Item.find().select({ count: sql<number>`max(count)` });
    const counted = items.update({ count: average }).where(sql`code = ${"c"} or code = ${"b"}`).where({
      name: "x",
    });
    assert.equal(
      counted.toSQL().text,
      'update "items" set "count" = (select max(count) as "count" from "items") where (code = $1 or code = $2) and "items"."name" = $3',
    );
    assert.equal(await counted.run(), 2);
    assert.deepEqual((await items.find().orderBy(Item.code).all()).map(({ count }) => count), [2, 2, 2]);
  },
);

test("the text of a write is built once for its shape", () => {
  const text = (count: number, code: string) =>
    Item.update({ count: Item.count.plus(count) }).where(Item.code.eq(code)).toSQL().text;
  assert.equal(text(1, "a"), text(2, "b"));
  const strings = (count: number) => Item.update({ count }).where({ code: "a" }).toSQL().strings;
  assert.equal(strings(1), strings(2));
  assert.notEqual(strings(1), Item.update({ count: 1 }).all().toSQL().strings);
});

testOnBoth("update() joins what conditions and values use", { models: [Item, Stock] }, async (pool) => {
  const [a] = await Item.insertMany([{ code: "a" }, { code: "b" }], pool);
  await Stock.insertMany([{ shop: "x", itemId: a.id, amount: 5 }], pool);
  const update = Item.update({ count: Stock.amount }).from(Stock).where(Stock.itemId.eq(Item.id));
  assert.equal(
    update.toSQL().text,
    'update "items" set "count" = "stock"."amount" from "app"."stock" where "stock"."item_id" = "items"."id"',
  );
  assert.equal(await update.run(pool), 1);
  assert.equal((await Item.findById(a.id, pool))?.count, 5);

  const low = cte("low", Stock.find().where(Stock.amount.lt(10)).only("itemId"));
  const remove = Item.delete().from(low).where(low.itemId.eq(Item.id));
  assert.equal(
    remove.toSQL().text,
    'with "low" as (select "stock"."item_id" as "itemId" from "app"."stock" where "stock"."amount" < $1) ' +
      'delete from "items" using "low" where "low"."itemId" = "items"."id"',
  );
  assert.deepEqual((await remove.returning(pool)).map(({ code }) => code), ["a"]);

  const alias = Item.as("i");
  const aliased = alias.update({ name: "n" }).where(alias.code.eq("b"));
  assert.equal(aliased.toSQL().text, 'update "items" as "i" set "name" = $1 where "i"."code" = $2');
  assert.equal((await aliased.returning(pool))[0].name, "n");
  assert.equal((await alias.insert({ code: "z" }, pool)).code, "z");
});

testOnBoth("a delete with its rows is a common table expression", { models: [Item] }, async (pool) => {
  await Item.insertMany([{ code: "a", count: 1 }, { code: "b", count: 2 }], pool);
  const moved = cte("moved", Item.delete().where(Item.count.gt(1)).only("code", "count").returningColumns());
  const query = from(moved).select({ code: moved.code, next: moved.count.plus(1) });
  assert.equal(
    query.toSQL().text,
    'with "moved" as (delete from "items" where "items"."count" > $1 returning "items"."code", "items"."count") ' +
      'select "moved"."code", ("moved"."count" + $2) as "next" from "moved"',
  );
  const recorded = new Recorded(pool);
  assert.deepEqual(await query.all(recorded.executor), [{ code: "b", next: 3 }]);
  assert.equal(recorded.reads, 0, "what writes is no read");
  assert.equal(await Item.find().count(pool), 1);
});

testOnBoth(
  "updateById() and deleteById() find rows by their keys",
  { models: [Item, Stock] },
  async (pool) => {
    const { id } = await Item.insert({ code: "a" }, pool);
    const recorded = new Recorded(pool);
    assert.equal((await Item.updateById(id, { name: "A" }, recorded.executor))?.name, "A");
    assert.equal(await Item.updateById(-1, { name: "A" }, pool), undefined);
    assert.equal(await Item.deleteById(id, recorded.executor), true);
    assert.equal(await Item.deleteById(id, pool), false);
    await Stock.insert({ shop: "x", itemId: 1 }, pool);
    assert.equal(
      (await Stock.updateById({ itemId: 1, shop: "x" }, { amount: Stock.amount.plus(3) }, recorded.executor))
        ?.amount,
      3,
    );
    assert.equal(await Stock.deleteById({ shop: "x", itemId: 1 }, recorded.executor), true);
    assert.deepEqual(recorded.take(), [
      `update "items" set "name" = $1 where "items"."id" = $2 returning ${ITEM}`,
      'delete from "items" where "items"."id" = $1',
      `update "app"."stock" set "amount" = ("stock"."amount" + $1) where ("stock"."shop" = $2 and "stock"."item_id" = $3) returning ${STOCK}`,
      'delete from "app"."stock" where ("stock"."shop" = $1 and "stock"."item_id" = $2)',
    ]);
  },
);

testOnBoth("updateMany() gives each row values of its own", { models: [Item, Stock] }, async (pool) => {
  const inserted = await Item.insertMany([{ code: "a" }, { code: "b" }, { code: "c" }], pool);
  const [a, b, c] = inserted.map(({ id }) => id);
  const recorded = new Recorded(pool);
  const rows = await Item.updateMany([
    { id: c, name: "C", price: "3.00" },
    { id: a, name: null, count: 9 },
    { id: -1, name: "nobody" },
  ], recorded.executor);
  assert.deepEqual(recorded.take(), [
    'update "items" set "name" = "given"."name", ' +
    '"price" = case when "given"."price?" then "given"."price" else "items"."price" end, ' +
    '"count" = case when "given"."count?" then "given"."count" else "items"."count" end ' +
    "from unnest($1::integer[], $2::text[], $3::numeric[], $4::integer[], $5::boolean[], $6::boolean[]) " +
    'with ordinality as "given" ("id", "name", "price", "count", "price?", "count?", "#") ' +
    `where "items"."id" = "given"."id" returning ${ITEM}, "given"."#"`,
  ]);
  assert.deepEqual(rows.map(({ code, name, count, price }) => [code, name, count, price]), [
    ["c", "C", 1, "3.00"],
    ["a", null, 9, null],
  ]);
  assert.deepEqual(Object.keys(rows[0]), ["id", "code", "name", "count", "price", "tags"]);

  await Item.updateMany([{ id: a, tags: ["x"] }, { id: b, tags: [] }], recorded.executor);
  assert.deepEqual(recorded.take(), [
    'update "items" set "tags" = "given"."tags" from (values ($1::integer, $2::text[], 1), ($3, $4, 2)) ' +
    `as "given" ("id", "tags", "#") where "items"."id" = "given"."id" returning ${ITEM}, "given"."#"`,
  ]);
  assert.deepEqual((await Item.findById(a, pool))?.tags, ["x"]);

  await assert.rejects(
    Item.updateMany([{ id: a, name: "new" }, { id: -1, name: "x" }], { missing: "error" }, pool),
    NotFoundError,
  );
  assert.equal((await Item.findById(a, pool))?.name, null, "nothing of it is left");

  await Stock.insertMany([{ shop: "x", itemId: 1 }, { shop: "y", itemId: 1 }], pool);
  const stock = await Stock.updateMany(
    [{ shop: "y", itemId: 1, amount: 7 }, { shop: "x", itemId: 1, amount: 8 }],
    pool,
  );
  assert.deepEqual(stock.map(({ shop, amount }) => [shop, amount]), [["y", 7], ["x", 8]]);
});

testOnBoth("updateMany() updates all or none in several statements", { models: [Item] }, async (pool) => {
  const rows = await Item.insertMany(
    Array.from({ length: 9_000 }, (_, index) => ({ code: `${index}` })),
    pool,
  );
  const changes = rows.map(({ id }) => ({ id, tags: [`t${id}`] })).reverse();
  const recorded = new Recorded(pool);
  const updated = await Item.updateMany(changes, recorded.executor);
  assert.equal(recorded.take().length, 3, "a transaction and two statements");
  assert.deepEqual(updated.map(({ id }) => id), changes.map(({ id }) => id));
  assert.deepEqual(updated[8_999].tags, [`t${rows[0].id}`]);
  const again = [...changes.map(({ id }) => ({ id, tags: [] })), { id: -1, tags: [] }];
  await assert.rejects(Item.updateMany(again, { missing: "error" }, pool), NotFoundError);
  assert.deepEqual((await Item.findById(rows[0].id, pool))?.tags, [`t${rows[0].id}`]);
});

const Wordy = model("wordy", {
  id: column.identity().primaryKey(),
  first: column.integer().nullable().name(`${"x".repeat(62)}1`),
  second: column.integer().nullable().name(`${"x".repeat(62)}2`),
});

testOnBoth("updateMany() tells columns with long names apart", { models: [Wordy] }, async (pool) => {
  const [a, b] = await Wordy.insertMany([{ first: 1, second: 1 }, { first: 2, second: 2 }], pool);
  const rows = await Wordy.updateMany([{ id: a.id, first: 9 }, { id: b.id, second: 8 }], pool);
  assert.deepEqual(rows.map(({ first, second }) => [first, second]), [[9, 1], [2, 8]]);
});

testOnBoth("deleteMany() deletes by one list of keys", { models: [Item, Stock] }, async (pool) => {
  const rows = await Item.insertMany([{ code: "a" }, { code: "b" }, { code: "c" }], pool);
  const recorded = new Recorded(pool);
  assert.equal(await Item.deleteMany([rows[0].id, rows[2].id, -1], recorded.executor), 2);
  await Stock.insertMany(
    [{ shop: "x", itemId: 1 }, { shop: "x", itemId: 2 }, { shop: "y", itemId: 1 }],
    pool,
  );
  assert.equal(
    await Stock.deleteMany([{ shop: "x", itemId: 1 }, { itemId: 1, shop: "y" }], recorded.executor),
    2,
  );
  assert.deepEqual(recorded.take(), [
    'delete from "items" where "items"."id" = any($1)',
    'delete from "app"."stock" where ("stock"."shop", "stock"."item_id") in (select "shop", "item_id" from ' +
    'unnest($1::text[], $2::integer[]) as "given" ("shop", "item_id"))',
  ]);
  assert.equal((await Stock.find().one(pool)).itemId, 2);
});

testOnBoth("a soft delete is an update, and its rows come back", { models: [Note] }, async (pool) => {
  const notes = Note.on(pool);
  const [a, b] = await notes.insertMany([{ body: "a" }, { body: "b" }, { body: "c" }]);
  const remove = Note.delete().where({ body: "a" });
  assert.equal(
    remove.toSQL().text,
    'update "notes" set "deleted_at" = now(), "updated_at" = now(), "version" = "notes"."version" + 1 ' +
      'where "notes"."deleted_at" is null and "notes"."body" = $1',
  );
  assert.equal(await remove.run(pool), 1);
  assert.equal(await remove.run(pool), 0, "it is deleted already");
  assert.equal(await notes.deleteMany([a.id, b.id]), 1);
  assert.equal(await notes.find().count(), 1);

  const update = Note.update({ body: "x" });
  assert.equal(await update.all().run(pool), 1, "soft-deleted rows are left alone");
  assert.equal(await update.withTrashed().all().run(pool), 3);
  assert.equal(
    update.onlyTrashed().all().toSQL().text,
    'update "notes" set "body" = $1, "updated_at" = now(), "version" = "notes"."version" + 1 where "notes"."deleted_at" is not null',
  );

  const restored = await notes.restore().where(Note.id.eq(a.id)).returning();
  assert.equal(restored[0].deletedAt, null);
  assert.equal(restored[0].version, 4);
  assert.equal(await notes.restore().where(Note.id.eq(a.id)).run(), 0);
  const purge = Note.forceDelete().where(Note.deletedAt.isNotNull());
  assert.equal(purge.toSQL().text, 'delete from "notes" where "notes"."deleted_at" is not null');
  assert.equal(await purge.run(pool), 1);
  assert.equal(await notes.find().withTrashed().count(), 2);
});

testOnBoth(
  "updates set the time and the version, and compare the version",
  { models: [Note] },
  async (pool) => {
    const notes = Note.on(pool);
    const note = await notes.insert({ body: "a" });
    const changed = await notes.updateById(note.id, { body: "b" });
    assert.equal(changed?.version, 2);
    // The embedded clock counts milliseconds.
    assert.ok(Temporal.Instant.compare(changed.updatedAt!, note.updatedAt!) >= 0);
    const time = Temporal.Instant.from("2020-01-01T00:00:00Z");
    assert.ok((await notes.updateById(note.id, { updatedAt: time }))?.updatedAt?.equals(time));
    const stale = Note.update({ body: "c" }).where({ id: note.id }).expectVersion(2);
    assert.equal(
      stale.toSQL().text,
      'update "notes" set "body" = $1, "updated_at" = now(), "version" = "notes"."version" + 1 ' +
        'where "notes"."deleted_at" is null and "notes"."id" = $2 and "notes"."version" = $3',
    );
    assert.equal(await stale.run(pool), 0);
    assert.equal(await Note.update({ body: "c" }).where({ id: note.id }).expectVersion(3).run(pool), 1);
    const [many] = await notes.updateMany([{ id: note.id, body: "d" }]);
    assert.deepEqual([many.version, many.body], [5, "d"]);
    const recorded = new Recorded(pool);
    await Note.updateMany([{ id: note.id, body: "e" }], recorded.executor);
    assert.deepEqual(recorded.take(), [
      'update "notes" set "body" = "given"."body", "updated_at" = now(), "version" = "notes"."version" + 1 ' +
      'from unnest($1::integer[], $2::text[]) with ordinality as "given" ("id", "body", "#") ' +
      `where "notes"."id" = "given"."id" and "notes"."deleted_at" is null returning ${NOTE}, "given"."#"`,
    ]);
  },
);

const Active = model("members", {
  id: column.identity().primaryKey(),
  name: column.text().check(sql`name <> ''`),
  active: column.boolean().default(true),
}, { defaultScope: (member) => member.active.eq(true) });

testOnBoth("writes keep to the default scope unless told otherwise", { models: [Active] }, async (pool) => {
  const rows = await Active.insertMany([{ name: "a" }, { name: "b", active: false }], pool);
  assert.equal(await Active.update({ name: "x" }).all().run(pool), 1);
  assert.equal(await Active.updateById(rows[1].id, { name: "y" }, pool), undefined);
  assert.equal(await Active.update({ name: "y" }).unscoped().where({ id: rows[1].id }).run(pool), 1);
  assert.equal(await Active.deleteMany(rows.map(({ id }) => id), pool), 1);
  assert.equal(await Active.delete().unscoped().all().run(pool), 1);
  await assert.rejects(Active.insert({ name: "" }, pool), CheckViolationError);
});

test("writes are refused before anything is sent", async () => {
  const fake = new FakeExecutor();
  const { executor } = fake;
  const untyped = (values: unknown) => Item.update(values as { name: string });
  assert.throws(() => untyped({}), /an update of model "items": it is given no values; give some/);
  assert.throws(() => untyped(undefined), /the values of model "items": undefined was given; give an object/);
  assert.throws(
    () => untyped({ name: undefined }),
    /column "name".*leave it out to keep what it is, or give null/,
  );
  assert.throws(() => untyped({ count: null }), /column "count".*it is not nullable/);
  assert.throws(() => untyped({ nme: "x" }), /did you mean "name"/);
  const forgotten = Item.update({ name: "x" }) as unknown as {
    run(on: unknown): Promise<number>;
    toSQL(): unknown;
  };
  await assert.rejects(
    forgotten.run(executor),
    /Cannot use an update of model "items": it has no condition and would change every row; call where\(\), or all\(\)/,
  );
  assert.throws(() => forgotten.toSQL(), /would change every row/);
  const none = Item.delete().where({}) as unknown as { run(on: unknown): Promise<number> };
  await assert.rejects(none.run(executor), /Cannot use a delete of model "items": it has no condition/);
  assert.throws(
    () => Item.update({ name: "x" }).where({ name: undefined! }),
    /it is compared with undefined/,
  );
  assert.throws(() => Item.restore(), /its rows are deleted for good/);
  assert.throws(() => Item.update({ name: "x" }).onlyTrashed(), /its model has no soft delete/);
  assert.throws(() => Item.update({ name: "x" }).all().expectVersion(1), /its model has no version/);
  await assert.rejects(
    Item.updateById(undefined!, { name: "x" }, executor),
    /column "id".*undefined was given/,
  );
  await assert.rejects(
    Item.updateMany([{ id: 1, name: "a" }, { id: 1, name: "b" }], executor),
    /its rows 1 and 2 have the same key/,
  );
  await assert.rejects(
    Item.updateMany([{ id: 1, name: "a" }, { id: 2, name: sql`b` as never }], executor),
    /column "name" of model "items" in row 2: an expression was given/,
  );
  await assert.rejects(Item.updateMany([{ id: 1 }], executor), /in row 1: it is given no values/);
  await assert.rejects(
    Item.updateMany([{ name: "x" } as never], executor),
    /column "id" of model "items" in row 1: a row is looked for by it and undefined was given/,
  );
  await assert.rejects(Item.deleteMany([1, "2" as never], executor), /column "id" of model "items" in row 2/);
  assert.deepEqual(await Item.updateMany([], executor), []);
  assert.equal(await Item.deleteMany([], executor), 0);
  assert.equal(fake.statements.length, 0);
});
