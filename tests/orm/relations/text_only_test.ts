/** Related rows inside of others, with columns of types that are read as text only. */
import assert from "node:assert/strict";
import { column, hasMany, model, relations } from "../../../orm/mod.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";

const Shelf = model("shelves", { id: column.integer().primaryKey() });

const Book = model("books", {
  shelfId: column.integer().primaryKey().references(() => Shelf.id),
  words: column.tsvector(),
  search: column.tsquery().nullable(),
  searches: column.tsquery().array(),
  path: column.jsonpath(),
  price: column.money(),
});

const shelf = relations(Shelf, { books: hasMany(Book, Book.shelfId) });

test(
  'Relation.by("lateral") reads columns of types that have no binary form as by("query") does',
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    await using pool = new Pool(database.url);
    await pool.batch([
      sql`create table shelves (id integer primary key)`,
      sql`create table books (shelf_id integer primary key references shelves, words tsvector not null,
        search tsquery, searches tsquery[] not null, path jsonpath not null, price money not null)`,
      sql`insert into shelves values (1), (2)`,
      sql`insert into books values (1, 'a fat cat'::tsvector, null, array['cat & rat', 'x']::tsquery[], '$.a[*]', '12.5'),
        (2, '', 'a | b', '{}', '$', '-1')`,
    ]);
    const find = Shelf.find().orderBy(Shelf.id);
    const expected = await find.with(shelf.books).all(pool);
    assert.equal(expected[0].books[0].words, "'a' 'cat' 'fat'");
    assert.deepEqual(expected[0].books[0].searches, ["'cat' & 'rat'", "'x'"]);
    assert.deepEqual(await find.with(shelf.books.by("lateral")).all(pool), expected);
  },
);
