/** Keys of cached models that are not those by which rows are voided, or that PostgreSQL compares otherwise. */
import assert from "node:assert/strict";
import { column, model, sql } from "../../../mod.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { cachedDatabase, untilCached } from "./cached_database.ts";

const cache = { ttl: 600 };

test("Rows whose model gives them another key than the table has, or in another order, are never kept", async () => {
  const warnings: string[] = [];
  const Seat = model("seats", {
    row: column.integer().primaryKey(),
    place: column.integer().primaryKey(),
    who: column.text(),
  }, { cache });
  const Page = model("pages", {
    id: column.integer(),
    slug: column.text().primaryKey(),
    title: column.text(),
  }, { cache });
  await using db = await cachedDatabase({
    ddl: `create table seats ("row" int, place int, who text not null, primary key (place, "row"));
      insert into seats values (1, 2, 'Ada');
      create table pages (id int primary key, slug text not null unique, title text not null);
      insert into pages values (1, 'start', 'Old')`,
    tables: ["seats", "pages"],
    cache: { nearRows: 0, logger: { warn: (message) => warnings.push(message) } },
  });
  const { pool } = db;
  const seat = (on = pool.reading("mixed")) => Seat.findById({ row: 1, place: 2 }, on);
  const page = (on = pool.reading("mixed")) => Page.findById("start", on);
  for (let i = 0; i < 20; i++) {
    await seat();
    await page();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await pool.execute(sql`update seats set who = 'Bob'`);
  await pool.execute(sql`update pages set title = 'New'`);
  await db.applied();
  for (const on of [pool.reading("mixed"), pool.reading("strong")]) {
    assert.equal((await seat(on))?.who, "Bob");
    assert.equal((await page(on))?.title, "New");
  }
  assert.match(
    warnings.join("\n"),
    /"public\.seats".*primary key is "row\+place", the table's is "place\+row"/,
  );
  assert.match(warnings.join("\n"), /"public\.pages".*primary key is "slug", the table's is "id"/);
});

test("A list of keys in another order than the table's is not left to those who know the right one", async () => {
  const row = column.integer().primaryKey();
  const place = column.integer().primaryKey();
  const hall = column.integer();
  const Right = model("seats", { place, row, hall }, { cache });
  const Wrong = model("seats", { row, place, hall }, { cache });
  await using db = await cachedDatabase({
    ddl: `create table seats (place int, "row" int, hall int not null, primary key (place, "row"));
      insert into seats values (1, 2, 7), (2, 1, 7), (1, 3, 7), (3, 1, 8)`,
    tables: [{ name: "seats", lookups: [["hall"]] }],
    cache: { nearRows: 0 },
  });
  for (let i = 0; i < 10; i++) {
    for (const Seat of [Wrong, Right]) {
      const found = await Seat.find().where(Seat.hall.eq(7)).all(db.pool);
      assert.deepEqual(found.map(({ place, row }) => `${place}/${row}`).toSorted(), ["1/2", "1/3", "2/1"]);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

test("A key's text, as the near cache has it, is none that a reader may give", async () => {
  const Seat = model("seats", {
    row: column.integer().primaryKey(),
    place: column.integer().primaryKey(),
  }, { cache });
  await using db = await cachedDatabase({
    ddl:
      `create table seats ("row" int, place int, primary key ("row", place)); insert into seats values (1, 2)`,
    tables: ["seats"],
  });
  await untilCached(db.cache, () => Seat.findById({ row: 1, place: 2 }, db.pool));
  await assert.rejects(
    // deno-lint-ignore require-await
    async () => Seat.findById("1,2" as unknown as { row: number; place: number }, db.pool),
    { code: "VALIDATION" },
  );
});

test("What PostgreSQL finds by a text that is equal in another form is found", needs("primary"), async () => {
  const Tag = model("tags", { id: column.integer().primaryKey(), name: column.text().unique() }, { cache });
  const Word = model("words", { word: column.text().primaryKey(), n: column.integer() }, { cache });
  // PGlite knows no such collations.
  await using database = await freshDatabase();
  await using db = await cachedDatabase({
    pool: { url: database.url },
    ddl: `create collation nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create table tags (id int primary key, name text not null collate nocase);
      insert into tags values (1, 'Abc');
      create table words (word text collate nocase primary key, n int not null);
      insert into words values ('Abc', 1)`,
    tables: ["tags"],
  });
  for (const on of [db.pool.reading("mixed"), db.pool.reading("strong")]) {
    for (let i = 0; i < 10; i++) {
      assert.equal((await Word.findById("ABC", on))?.n, 1);
      assert.equal((await Tag.find().where(Tag.name.eq("ABC")).one(on)).id, 1);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
});

test("A key whose column is of another type than its model says is not kept", async () => {
  const warnings: string[] = [];
  const Token = model("tokens", { id: column.uuid().primaryKey(), n: column.integer() }, { cache });
  const id = "0190163D-8694-739B-AEA5-966C26F8AD91";
  await using db = await cachedDatabase({
    ddl: `create table tokens (id text primary key, n int not null); insert into tokens values ('${id}', 1)`,
    tables: ["tokens"],
    cache: { nearRows: 0, logger: { warn: (message) => warnings.push(message) } },
  });
  for (let i = 0; i < 20; i++) {
    assert.equal((await Token.findById(id, db.pool))?.n, 1);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await db.pool.execute(sql`update tokens set n = 2`);
  await db.applied();
  assert.equal((await Token.findById(id, db.pool))?.n, 2);
  assert.match(warnings.join("\n"), /"public\.tokens" are not cached by "id"/);
});
