/** Rows that refer to soft-deleted ones: the error says how these are included. */
import assert from "node:assert/strict";
import { belongsTo, column, model, relations } from "../../../orm/mod.ts";
import { NotFoundError } from "../../../pool/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { testOnBoth } from "../../testkit/databases.ts";

const Author = model("authors", {
  id: column.integer().primaryKey(),
  deletedAt: column.timestamptz().nullable(),
}, { softDelete: true });

const Book = model("books", {
  id: column.integer().primaryKey(),
  authorId: column.integer().references(() => Author.id),
});

const book = relations(Book, { author: belongsTo(Author, Book.authorId) });

const prepared = {
  models: [Author, Book],
  migrate: [sql`alter table books drop constraint books_author_id_fkey`],
};

testOnBoth("a belongsTo() whose row is soft-deleted names withTrashed()", prepared, async (pool) => {
  await Author.insert({ id: 1, deletedAt: Temporal.Now.instant() }, pool);
  const row = await Book.insert({ id: 1, authorId: 1 }, pool);
  const loads = [
    ...(["query", "lateral", "join"] as const).map((strategy) => () =>
      Book.find().with(book.author.by(strategy)).all(pool)
    ),
    () => book.author.of(row, pool),
  ];
  for (const load of loads) {
    await assert.rejects(load, (error: unknown) => {
      assert.ok(error instanceof NotFoundError);
      assert.equal(
        error.message,
        'Cannot load relation "author" of model "books": a row refers to one that is not there or is soft-deleted; ' +
          "include soft-deleted rows by .withTrashed(), or correct the row, or narrow the relation so that it may be null",
      );
      return true;
    });
  }
  assert.equal((await book.author.withTrashed().of(row, pool)).id, 1);
  await Author.forceDelete().where({ id: 1 }).run(pool);
  // With soft-deleted rows included, a missing row is not there at all.
  await assert.rejects(
    book.author.withTrashed().of(row, pool),
    /a row refers to one that is not there; correct the row/,
  );
});
