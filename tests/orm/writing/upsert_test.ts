/** upsert(), upsertMany() and merge(): their statements and what they do. */
import assert from "node:assert/strict";
import { and, column, cte, model, not } from "../../../orm/mod.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { testOnBoth } from "../../testkit/databases.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";
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

const ITEM = '"items"."id", "items"."code", "items"."name", "items"."count", "items"."price", "items"."tags"';
const NOTE =
  '"notes"."id", "notes"."body", "notes"."created_at" as "createdAt", "notes"."updated_at" as "updatedAt", "notes"."deleted_at" as "deletedAt", "notes"."version"';

const INSERT = 'insert into "items" ("code", "count") values ($1, $2) on conflict';

testOnBoth("upsert() inserts, or updates what is there", { models: [Item] }, async (pool) => {
  const recorded = new Recorded(pool);
  const run = recorded.executor;
  const values = { code: "a", count: 2 };
  const first = await Item.upsert(values, { conflict: ["code"] }, run);
  assert.deepEqual(recorded.take(), [
    `${INSERT} ("code") do update set "count" = excluded."count" returning ${ITEM}`,
  ]);
  assert.equal(first.count, 2);

  const added = await Item.upsert(values, {
    conflict: ["code"],
    update: (excluded) => ({ count: Item.count.plus(excluded.count), name: "again" }),
  }, run);
  assert.deepEqual(recorded.take(), [
    `${INSERT} ("code") do update set "count" = ("items"."count" + "excluded"."count"), "name" = $3 returning ${ITEM}`,
  ]);
  assert.deepEqual([added.id, added.count, added.name], [first.id, 4, "again"]);

  assert.equal(await Item.upsert(values, { conflict: ["code"], update: "nothing" }, run), undefined);
  assert.equal(
    await Item.upsert(
      values,
      { conflict: ["code"], where: (excluded) => Item.count.lt(excluded.count) },
      run,
    ),
    undefined,
  );
  assert.equal(
    (await Item.upsert({ code: "a" }, { conflict: { constraint: "items_code_key" } }, run)).count,
    4,
  );
  assert.equal((await Item.upsert({ id: first.id, code: "b" }, {}, run)).code, "b");
  assert.equal(
    (await Item.upsert({ code: "b", count: 9, name: "n" }, { conflict: ["code"], update: ["name"] }, run))
      .count,
    4,
  );
  assert.deepEqual(recorded.take(), [
    `${INSERT} ("code") do nothing returning ${ITEM}`,
    `${INSERT} ("code") do update set "count" = excluded."count" where "items"."count" < "excluded"."count" returning ${ITEM}`,
    `insert into "items" ("code") values ($1) on conflict on constraint "items_code_key" do update set "code" = excluded."code" returning ${ITEM}`,
    `insert into "items" ("id", "code") values ($1, $2) on conflict ("id") do update set "code" = excluded."code" returning ${ITEM}`,
    `insert into "items" ("code", "count", "name") values ($1, $2, $3) on conflict ("code") do update set "name" = excluded."name" returning ${ITEM}`,
  ]);
  assert.equal(recorded.reads, 0);
});

const Slug = model("slugs", {
  id: column.identity().primaryKey(),
  slug: column.text(),
  hits: column.integer().default(0),
  live: column.boolean().default(true),
});

testOnBoth(
  "upsert() takes the condition of a partial index",
  { models: [Slug], migrate: [sql`create unique index on slugs (slug) where live`] },
  async (pool) => {
    const recorded = new Recorded(pool);
    const conflict = { columns: ["slug"], where: sql`live` } as const;
    await Slug.upsert({ slug: "a", hits: 1 }, { conflict }, recorded.executor);
    const row = await Slug.upsert(
      { slug: "a", hits: 1 },
      { conflict, update: (excluded) => ({ hits: Slug.hits.plus(excluded.hits) }) },
      recorded.executor,
    );
    assert.equal(row.hits, 2);
    assert.equal(
      recorded.take()[0],
      'insert into "slugs" ("slug", "hits") values ($1, $2) on conflict ("slug") where live do update set ' +
        '"hits" = excluded."hits" returning "slugs"."id", "slugs"."slug", "slugs"."hits", "slugs"."live"',
    );
  },
);

testOnBoth("upsertMany() keeps the order and what rows do not give", { models: [Item] }, async (pool) => {
  await Item.insertMany([{ code: "a", count: 5, name: "A" }, { code: "b", count: 6, name: "B" }], pool);
  const recorded = new Recorded(pool);
  const rows = await Item.upsertMany(
    [{ code: "b", count: 1 }, { code: "new", count: 2 }, { code: "a", count: 3 }],
    { conflict: ["code"] },
    recorded.executor,
  );
  assert.deepEqual(recorded.take(), [
    'insert into "items" ("code", "count") select * from unnest($1::varchar[], $2::integer[]) ' +
    `on conflict ("code") do update set "count" = excluded."count" returning ${ITEM}`,
  ]);
  assert.deepEqual(rows.map(({ code, count, name }) => [code, count, name]), [
    ["b", 1, "B"],
    ["new", 2, null],
    ["a", 3, "A"],
  ]);
  const uneven = await Item.upsertMany(
    [{ code: "b", name: "BB" }, { code: "c", count: 4 }, { code: "a", name: "AA" }],
    { conflict: ["code"] },
    recorded.executor,
  );
  assert.equal(recorded.take().length, 3, "a transaction and a statement for each list of columns");
  assert.deepEqual(uneven.map(({ code, count, name }) => [code, count, name]), [
    ["b", 1, "BB"],
    ["c", 4, null],
    ["a", 3, "AA"],
  ]);
  assert.deepEqual(await Item.upsertMany([], { conflict: ["code"] }, recorded.executor), []);
});

testOnBoth("upsert() sets the time and the version", { models: [Note] }, async (pool) => {
  const note = await Note.insert({ body: "a" }, pool);
  const recorded = new Recorded(pool);
  const again = await Note.upsert({ id: note.id, body: "b" }, {}, recorded.executor);
  assert.deepEqual(recorded.take(), [
    'insert into "notes" ("id", "body", "created_at", "updated_at") values ($1, $2, now(), now()) ' +
    'on conflict ("id") do update set "body" = excluded."body", "updated_at" = now(), ' +
    `"version" = "notes"."version" + 1 returning ${NOTE}`,
  ]);
  assert.equal(again.version, 2);
  assert.ok(again.createdAt?.equals(note.createdAt!));
});

testOnBoth("merge() brings rows together by one statement", { models: [Item] }, async (pool) => {
  const items = Item.on(pool);
  await items.insertMany([{ code: "a", price: "1.00" }, { code: "b", price: "2.00" }, { code: "old" }]);
  const recorded = new Recorded(pool);
  const rows = [{ code: "a", price: "1.50" }, { code: "c", price: "3.00" }];
  assert.equal(await Item.merge(rows, { on: ["code"] }, recorded.executor), 2);
  assert.deepEqual(recorded.take(), [
    'merge into "items" using unnest($1::varchar[], $2::numeric[]) as "source" ("code", "price") ' +
    'on "items"."code" = "source"."code" when matched then update set "price" = "source"."price" ' +
    'when not matched then insert ("code", "price") values ("source"."code", "source"."price")',
  ]);

  const done = await Item.merge([{ code: "c", price: "3.50" }, { code: "d", price: "4.00" }], {
    on: (source) => and(Item.code.eq(source.code), not(Item.code.eq("never"))),
    whenMatched: (source) => ({ price: Item.price.plus(source.price), name: "merged" }),
    whenNotMatched: (source) => ({ code: source.code, count: 7 }),
    whenNotMatchedBySource: "delete",
    returning: true,
  }, recorded.executor);
  assert.deepEqual(recorded.take(), [
    'merge into "items" using unnest($1::varchar[], $2::numeric[]) as "source" ("code", "price") ' +
    'on ("items"."code" = "source"."code" and not ("items"."code" = $3)) ' +
    'when matched then update set "price" = ("items"."price" + "source"."price"), "name" = $4 ' +
    'when not matched then insert ("code", "count") values ("source"."code", $5) ' +
    `when not matched by source then delete returning ${ITEM}, merge_action() as "#action"`,
  ]);
  const told = done.map(({ action, row }) => `${action} ${row.code} ${row.price} ${row.count}`).sort();
  assert.deepEqual(told, [
    "delete a 1.50 1",
    "delete b 2.00 1",
    "delete old null 1",
    "insert d null 7",
    "update c 6.50 1",
  ]);
  assert.equal(
    await items.merge([{ code: "c" }], { on: ["code"], whenMatched: "delete", whenNotMatched: "nothing" }),
    1,
  );
  assert.equal(await items.merge([], { on: ["code"] }), 0);
});

testOnBoth("merge() takes a query, and deletes softly", { models: [Item, Note] }, async (pool) => {
  await Item.insertMany([{ code: "1", name: "one" }, { code: "2", name: "two" }], pool);
  await Note.insertMany([{ body: "one" }, { body: "three" }], pool);
  const names = cte("names", Item.find().select({ body: Item.name }));
  const recorded = new Recorded(pool);
  assert.equal(
    await Note.merge(
      names,
      { on: ["body"], whenMatched: "nothing", whenNotMatchedBySource: "delete" },
      recorded.executor,
    ),
    2,
  );
  assert.deepEqual(recorded.take(), [
    'with "names" as (select "items"."name" as "body" from "items") merge into "notes" using "names" ' +
    'on "notes"."body" = "names"."body" and "notes"."deleted_at" is null ' +
    'when not matched then insert ("body", "created_at", "updated_at") values ("names"."body", now(), now()) ' +
    'when not matched by source and "notes"."deleted_at" is null then update set "deleted_at" = now(), ' +
    '"updated_at" = now(), "version" = "notes"."version" + 1',
  ]);
  const bodies = (await Note.find().orderBy(Note.body).all(pool)).map(({ body }) => body);
  assert.deepEqual(bodies, ["one", "two"]);
});

test("merge() says which server it needs", needs("pg15"), async () => {
  await using database = await freshDatabase({ server: "pg15" });
  await using pool = new Pool(database.url);
  await pool.execute(
    sql`create table items (id int generated by default as identity primary key, code varchar(8) not null unique,
      name text, count int not null default 1, price numeric(10, 2), tags text[])`,
  );
  assert.equal(await Item.merge([{ code: "a" }], { on: ["code"], whenMatched: "nothing" }, pool), 1);
  await assert.rejects(
    Item.merge([{ code: "a" }], { on: ["code"], whenMatched: "nothing", returning: true }, pool),
    (error) =>
      error instanceof ValidationError &&
      /a merge into model "items": the server does not understand it; merge\(\) needs PostgreSQL 15, what it returns and hooks get needs 17/
        .test(error.message),
  );
  assert.equal(await Item.find().count(pool), 1);
});

testOnBoth("bulk writes end with their signal, and leave nothing", { models: [Item] }, async (pool) => {
  const [{ id }] = await Item.insertMany([{ code: "a" }], pool);
  const many = Array.from({ length: 1_000 }, (_, index) => ({ code: `c${index}` }));
  const reason = new Error("changed my mind");
  const options = { signal: AbortSignal.abort(reason) };
  const writes = [
    () => Item.insertMany([{ code: "b" }], options, pool),
    () => Item.insertMany(many, { ...options, chunk: 100 }, pool),
    () => Item.insertMany(many, { ...options, returning: false }, pool),
    () => Item.updateMany([{ id, count: 9 }], options, pool),
    () => Item.upsert({ code: "a", count: 9 }, { ...options, conflict: ["code"] }, pool),
    () => Item.upsertMany([{ code: "b" }, { code: "c" }], { ...options, conflict: ["code"] }, pool),
    () => Item.merge([{ code: "b", count: 9 }], { ...options, on: ["code"] }, pool),
    () => Item.update({ count: 9 }).all().signal(options.signal).run(pool),
  ];
  for (const write of writes) await assert.rejects(write(), (error) => error === reason);
  assert.deepEqual((await Item.find().all(pool)).map(({ count }) => count), [1]);
});

test("upserts and merges are refused before anything is sent", async () => {
  const fake = new FakeExecutor();
  const { executor } = fake;
  const upsert = (options: unknown) =>
    Item.upsert({ code: "a" }, options as { conflict: ["code"] }, executor);
  await assert.rejects(
    upsert({ conflict: [] }),
    /the conflict of an upsert of model "items": it names no columns/,
  );
  await assert.rejects(upsert({ conflict: ["cod"] }), /did you mean "code"/);
  await assert.rejects(
    upsert({ conflict: ["code"], update: [] }),
    /it names no columns; name some, or use "nothing"/,
  );
  await assert.rejects(
    upsert({ conflict: ["code"], update: "all" }),
    /a string was given; give columns, values/,
  );
  await assert.rejects(upsert({ conflict: ["code"], update: { nme: 1 } }), /did you mean "name"/);
  await assert.rejects(upsert({ conflict: ["code"], where: "count < 3" }), /the where of an upsert/);
  await assert.rejects(upsert({ conflct: ["code"] }), /did you mean "conflict"/);
  const nothing = { on: ["code"], whenMatched: "nothing", whenNotMatched: "nothing" } as const;
  await assert.rejects(Item.merge([{ code: "a" }], nothing, executor), /nothing would happen to any row/);
  const merge = (rows: unknown, options: unknown) =>
    Item.merge(rows as [], options as { on: ["code"] }, executor);
  await assert.rejects(merge([{ code: "a" }], {}), /the option "on" of a merge into model "items"/);
  await assert.rejects(
    merge([{ code: "a" }], { on: ["name"] }),
    /column "name".*the rows that are merged do not have it/,
  );
  await assert.rejects(
    merge([{ code: "a" }, { code: "b", name: "x" }], { on: ["code"] }),
    /row 1 of a merge/,
  );
  await assert.rejects(
    merge([{ code: "a" }], { on: ["code"] }),
    /there is nothing to update but what rows match by/,
  );
  await assert.rejects(
    merge([{ code: "a" }, { code: 5 }], { on: ["code"] }),
    /column "code" of model "items" in row 2/,
  );
  assert.equal(fake.statements.length, 0);
});
