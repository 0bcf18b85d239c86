/** Sessions: the identity map, what a flush sends and in which order, and what is left when it fails. */
import assert from "node:assert/strict";
import {
  type Column,
  column,
  constraint,
  type LifeRecord,
  model,
  ref,
  Session,
  sql,
  StaleRecordError,
  type Transaction,
  UniqueViolationError,
} from "../../../mod.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { beginRollback } from "../../../testkit/mod.ts";
import { test } from "../../harness.ts";
import { testOnBoth } from "../../testkit/databases.ts";
import { FakeExecutor } from "../fake_executor.ts";
import { Recorded } from "../writing/recorded.ts";

const Author = model("authors", {
  id: column.identity().primaryKey(),
  name: column.text().unique(),
  version: column.integer().default(1),
}, { version: true });
const Book = model("books", {
  id: column.identity().primaryKey(),
  authorId: column.integer().references(() => Author.id),
  title: column.text(),
  pages: column.integer().nullable(),
});
/** The group's leader is a person, and the person's group is a group. */
const Group = model("groups", {
  id: column.identity().primaryKey(),
  name: column.text(),
  leaderId: column.integer().nullable().references((): Column<number> => Person.id),
});
const Person = model("people", {
  id: column.identity().primaryKey(),
  groupId: column.integer().references(() => Group.id),
  bossId: column.integer().nullable().references((): Column<number> => Person.id),
  name: column.text(),
});
const Seat = model("seats", { hall: column.text().primaryKey(), place: column.identity().primaryKey() });
const Ticket = model("tickets", {
  id: column.uuid().primaryKey(),
  hall: column.text(),
  place: column.integer(),
}, { constraints: (t) => [constraint.foreignKey([t.hall, t.place], () => [Seat.hall, Seat.place])] });
const Note = model("notes", {
  id: column.identity().primaryKey(),
  body: column.text(),
  tags: column.text().array().default([]),
  deletedAt: column.timestamptz().nullable(),
  version: column.bigint().default(1n),
}, { softDelete: true, version: true });

const MODELS = { models: [Author, Book] };
const AUTHOR = '"authors"."id", "authors"."name", "authors"."version"';
const BOOK = '"books"."id", "books"."author_id" as "authorId", "books"."title", "books"."pages"';

testOnBoth("Session has one record for a row, however it was found", MODELS, async (pool) => {
  const recorded = new Recorded(pool);
  const ids = (await Author.insertMany([{ name: "a" }, { name: "b" }], pool)).map(({ id }) => id);
  await using session = new Session(recorded.executor);
  const [found, all] = [
    await session.find(Author, ids[0]),
    await session.query(Author.find().orderBy(Author.id)),
  ];
  assert.equal(found, all[0]);
  recorded.take();
  assert.equal(await session.find(Author, ids[1]), all[1]);
  assert.deepEqual(recorded.take(), [], "what the session has is not asked for");
  assert.equal((await session.query(Author.as("x").find().where({ name: "b" })))[0], all[1], "an alias too");
  const [one, two] = await Promise.all([
    session.find(Author, 70),
    session.query(Author.find().where({ id: 70 })),
  ]);
  assert.deepEqual([one, two], [undefined, []]);

  await pool.execute(sql`update authors set name = upper(name), version = version + 1`);
  all[0].set("name", "mine");
  await session.query(Author.find());
  assert.deepEqual([all[0].get("name"), all[1].get("name")], ["mine", "B"], "what was set stays");
  assert.equal(all[0].original?.version, 1);
  await assert.rejects(session.flush(), StaleRecordError);
  await session.refresh(all[0]);
  assert.deepEqual([all[0].get("name"), all[0].isDirty], ["A", false]);

  session.remove(all[1]);
  assert.equal(await session.find(Author, ids[1]), undefined);
  assert.deepEqual(await session.query(Author.find()), [all[0]]);
  session.add(all[1]);
  assert.equal(await session.find(Author, ids[1]), all[1]);
  session.evict(all[1]);
  assert.equal(session.has(all[1]), false);
  assert.notEqual(await session.find(Author, ids[1]), all[1]);
  assert.throws(() => session.add(all[1]), /the session has another record of the same row; use that one/);
  session.clear();
  assert.equal(session.has(all[0]), false);
  assert.equal(session.add(all[0]), all[0]);
});

testOnBoth("Session.flush() writes each model's rows together, in one transaction", MODELS, async (pool) => {
  const recorded = new Recorded(pool);
  await using session = new Session(recorded.executor);
  const books: LifeRecord<NonNullable<(typeof Book)["~columns"]>>[] = [];
  const authors = ["a", "b"].map((name) => {
    const author = Author.record({ name });
    for (const title of ["x", "y"]) {
      books.push(session.add(Book, { authorId: ref(author, "id"), title: `${name}${title}` }));
    }
    return session.add(author);
  });
  assert.deepEqual(session.changes, { inserts: 6, updates: 0, deletes: 0 });
  await session.flush();
  assert.deepEqual(recorded.take(), [
    "begin",
    `insert into "authors" ("name") select * from unnest($1::text[]) returning ${AUTHOR}`,
    `insert into "books" ("author_id", "title") select * from unnest($1::integer[], $2::text[]) returning ${BOOK}`,
  ]);
  assert.deepEqual(books.map((book) => book.get("authorId")), [0, 0, 1, 1].map((at) => authors[at].key));
  assert.deepEqual((await Book.find().orderBy(Book.id).all(pool)).map(({ title }) => title), [
    "ax",
    "ay",
    "bx",
    "by",
  ]);
  assert.equal(session.isDirty, false);
  await session.flush();
  assert.deepEqual(recorded.take(), [], "nothing changed, nothing is sent");

  books[0].set("title", "1");
  books[1].set({ pages: null, title: "2" });
  books[2].set("pages", 3);
  authors[0].set("name", "A");
  authors[1].set("name", "B");
  await session.flush();
  const given = 'as "given" ("id", "title", "pages", "title?", "pages?", "#")';
  assert.deepEqual(recorded.take(), [
    "begin",
    'update "authors" set "name" = "given"."name", "version" = "authors"."version" + 1 from ' +
    'unnest($1::integer[], $2::integer[], $3::text[]) with ordinality as "given" ("id", "version", "name", "#") where ' +
    `"authors"."id" = "given"."id" and "authors"."version" = "given"."version" returning ${AUTHOR}, "given"."#"`,
    'update "books" set "title" = case when "given"."title?" then "given"."title" else "books"."title" end, ' +
    '"pages" = case when "given"."pages?" then "given"."pages" else "books"."pages" end from ' +
    "unnest($1::integer[], $2::text[], $3::integer[], $4::boolean[], $5::boolean[]) with ordinality " +
    `${given} where "books"."id" = "given"."id" returning ${BOOK}, "given"."#"`,
  ]);
  assert.deepEqual(authors.map((author) => author.get("version")), [2, 2]);
  assert.deepEqual(
    (await Book.find().orderBy(Book.id).all(pool)).map(({ title, pages }) => [title, pages]),
    [["1", null], ["2", null], ["bx", 3], ["by", null]],
  );

  books[0].set("pages", Book.pages.plus(1));
  books[1].set("pages", 2);
  for (const removed of [authors[1], books[2], books[3]]) session.remove(removed);
  const added = session.add(Book, { authorId: authors[0].get("id")!, title: "3" });
  await session.flush();
  assert.deepEqual(recorded.take(), [
    "begin",
    `insert into "books" ("author_id", "title") values ($1, $2) returning ${BOOK}`,
    `update "books" set "pages" = ("books"."pages" + $1) where "books"."id" = $2 returning ${BOOK}`,
    `update "books" set "pages" = $1 where "books"."id" = $2 returning ${BOOK}`,
    'delete from "books" using unnest($1::integer[]) with ordinality as "given" ("id", "#") where ' +
    `"books"."id" = "given"."id" returning ${BOOK}, "given"."#"`,
    `delete from "authors" where "authors"."id" = $1 and "authors"."version" = $2 returning ${AUTHOR}`,
  ]);
  assert.deepEqual([authors[1].isDeleted, books[3].isDeleted, session.has(authors[1])], [true, true, false]);
  assert.equal(await session.find(Book, added.key!), added);
});

testOnBoth("Session.flush() inserts level by level, and opens circles where null may stand for a while", {
  models: [Group, Person],
}, async (pool) => {
  const recorded = new Recorded(pool);
  await using session = new Session(recorded.executor);
  const group = session.add(Group, { name: "g" });
  const people = ["boss", "a", "b", "c"].map((name) =>
    session.add(Person, { name, groupId: ref(group, "id") })
  );
  group.set("leaderId", ref(people[0], "id"));
  people[1].set("bossId", ref(people[0], "id"));
  people[2].set("bossId", ref(people[0], "id"));
  people[3].set("bossId", ref(people[2], "id"));
  await session.flush();
  assert.deepEqual(recorded.take().map((text) => text.slice(0, 30)), [
    "begin",
    'insert into "groups" ("name", ',
    'insert into "people" ("group_i',
    'insert into "people" ("group_i',
    'insert into "people" ("group_i',
    'update "groups" set "leader_id',
  ]);
  assert.equal(group.get("leaderId"), people[0].key);
  assert.deepEqual(
    (await Person.find().orderBy(Person.name).all(pool)).map(({ bossId }) => bossId),
    [people[0].key, people[0].key, null, people[2].key].map((key) => key ?? null),
  );

  for (const record of [group, ...people]) session.remove(record);
  await session.flush();
  assert.deepEqual(recorded.take().map((text) => text.slice(0, 30)), [
    "begin",
    'update "groups" set "leader_id',
    'delete from "people" using unn',
    'delete from "groups" where "gr',
  ]);
  assert.equal(await Person.find().count(pool), 0);

  const self = session.add(Person, { name: "self", groupId: ref(session.add(Group, { name: "h" }), "id") });
  self.set("bossId", ref(self, "id"));
  await session.flush();
  assert.equal(self.get("bossId"), self.key);
  session.remove(self);
  await session.flush();
});

testOnBoth("Session.flush() orders by keys that are given, and copies keys of several columns", {
  models: [Seat, Ticket],
}, async (pool) => {
  await using session = new Session(pool);
  const hall = "A";
  const id = (n: number) => `00000000-0000-0000-0000-00000000000${n}`;
  const seat = Seat.record({ hall });
  const ticket = session.add(Ticket, { id: id(1), hall: ref(seat, "hall"), place: ref(seat, "place") });
  session.add(Ticket, { id: id(2), hall: "B", place: 7 });
  session.add(Seat, { hall: "B", place: 7 });
  session.add(seat);
  await session.flush();
  assert.deepEqual(seat.key, { hall, place: seat.get("place") });
  assert.deepEqual([ticket.get("hall"), ticket.get("place")], [hall, seat.get("place")]);
  assert.equal(await session.find(Seat, { hall, place: seat.get("place")! }), seat);
  assert.equal(await session.find(Ticket, id(1).toUpperCase()), ticket);
  for (const record of [...await session.query(Seat.find()), ...await session.query(Ticket.find())]) {
    session.remove(record);
  }
  await session.flush();
  assert.equal(await Seat.find().count(pool), 0);
});

testOnBoth("Session is as it was when a flush fails, and flushes again", MODELS, async (pool) => {
  const [row] = await Author.insertMany([{ name: "a" }, { name: "b" }, { name: "c" }], pool);
  await using session = new Session(pool);
  const [a, b, c] = await session.query(Author.find().orderBy(Author.id));
  const fresh = session.add(Author, { name: "fresh" });
  const book = session.add(Book, { authorId: ref(fresh, "id"), title: "t" });
  const clash = session.add(Author, { name: "b" });
  a.set("name", "A");
  b.set("name", Author.name.concat("!"));
  session.remove(c);
  const changes = session.changes;
  assert.deepEqual(changes, { inserts: 3, updates: 2, deletes: 1 });
  const check = () => {
    assert.deepEqual(session.changes, changes);
    assert.deepEqual([fresh.isNew, fresh.key, book.get("authorId")], [true, undefined, undefined]);
    assert.deepEqual([a.dirty, a.original, b.state("name"), c.isDeleted], [
      ["name"],
      row,
      "expression",
      false,
    ]);
  };
  await assert.rejects(session.flush(), UniqueViolationError);
  check();
  assert.equal(await Author.find().count(pool), 3);
  session.evict(clash);
  const again = { ...changes, inserts: 2 };
  await Author.update({ version: 5 }).where({ name: "a" }).run(pool);
  await assert.rejects(session.flush(), (error: StaleRecordError) => {
    assert.deepEqual([error.name, error.reason, error.table, error.key], [
      "StaleRecordError",
      "changed",
      "authors",
      a.key,
    ]);
    return true;
  });
  assert.deepEqual(session.changes, again);
  await Author.update({ version: 1 }).where({ name: "a" }).run(pool);
  await Author.deleteById(c.key!, pool);
  await assert.rejects(session.flush(), { name: "StaleRecordError", reason: "deleted", key: c.key });
  assert.deepEqual(session.changes, again);
  session.evict(c);
  await session.flush();
  assert.equal(session.isDirty, false);
  assert.deepEqual(
    (await Author.find().orderBy(Author.name).all(pool)).map(({ name }) => name).toSorted(),
    ["A", "b!", "fresh"],
  );
  assert.equal(book.get("authorId"), fresh.key);
  a.set("name", "b!");
  b.set("name", "a2");
  await assert.rejects(session.flush(), UniqueViolationError, "a unique constraint is checked row by row");
  b.reset();
  a.reset();
});

testOnBoth(
  "Session in a transaction that is rolled back has everything to do again",
  MODELS,
  async (pool) => {
    const kept = await Author.insert({ name: "kept" }, pool);
    const outcome = async (work: (session: Session, tx: Transaction) => Promise<unknown>) => {
      await pool.transaction(async (tx) => {
        await using session = new Session(tx, { unflushed: "ignore" });
        await work(session, tx);
        throw new Error("undo");
      }).catch((error) => assert.match(`${error}`, /undo/));
    };
    await outcome(async (session, tx) => {
      const removed = await session.find(Author, kept.id);
      const author = Author.record({ name: "a" });
      const book = session.add(Book, { authorId: ref(author, "id"), title: "t" });
      await tx.transaction(async (nested) => {
        await using inner = new Session(nested, { unflushed: "ignore" });
        inner.add(author);
        inner.add(book);
        await inner.flush();
        assert.equal(author.isNew, false);
        book.set("title", "later");
        throw new Error("nested");
      }).catch((error) => assert.match(`${error}`, /nested/));
      assert.deepEqual([author.isNew, book.isNew, book.get("title")], [true, true, "later"]);
      session.add(author);
      session.remove(removed!);
      await session.flush();
      assert.deepEqual([author.isNew, removed!.isDeleted, session.isDirty], [false, true, false]);
      await assert.rejects(
        tx.transaction(async () => {
          book.set("title", "x");
          session.add(Author, { name: "a" });
          await session.flush();
        }),
        UniqueViolationError,
      );
      assert.deepEqual(book.dirty, ["title"]);
    });
    assert.equal(await Author.find().count(pool), 1);

    const session = new Session(pool, { unflushed: "ignore" });
    const [author, gone] = [session.add(Author, { name: "n" }), (await session.find(Author, kept.id))!];
    await outcome(async (_, tx) => {
      const inner = new Session(tx);
      const [again, removed] = [inner.add(author), inner.add(gone)];
      session.evict(gone);
      inner.remove(removed);
      await inner.flush();
      again.set("name", "m");
      assert.deepEqual([inner.changes, removed.isDeleted], [{ inserts: 0, updates: 1, deletes: 0 }, true]);
      tx.afterRollback(() => {});
      queueMicrotask(() => {});
      Object.assign(globalThis, { inner });
    });
    const { inner } = globalThis as unknown as { inner: Session };
    assert.deepEqual(inner.changes, { inserts: 1, updates: 0, deletes: 1 });
    assert.deepEqual([author.isNew, author.get("name"), gone.isDeleted], [true, "m", false]);
    await session.flush();
    assert.equal((await Author.findById(author.key!, pool))?.name, "m");
  },
);

testOnBoth("Session on a transaction of the testkit is undone with it", MODELS, async (pool) => {
  await using db = await beginRollback(pool);
  await using session = new Session(db);
  const author = session.add(Author, { name: "a" });
  await assert.rejects(
    db.transaction(async () => {
      await session.flush();
      assert.equal(author.isNew, false);
      throw new Error("undo");
    }),
    /^Error: undo$/,
  );
  assert.deepEqual([author.isNew, session.changes.inserts], [true, 1]);
  await session.flush();
  assert.equal(await Author.find().count(db), 1);
});

testOnBoth(
  "Session deletes softly in one statement, and tells hooks of each record",
  { models: [Note] },
  async (pool) => {
    const recorded = new Recorded(pool);
    await using session = new Session(recorded.executor);
    const notes = ["a", "b", "c"].map((body) => session.add(Note, { body, tags: [body] }));
    await session.flush();
    assert.equal(recorded.take().length, 2, "arrays do not travel as arrays, and still together");
    notes[0].set("tags", ["x", "y"]);
    notes[1].set("tags", []);
    await session.flush();
    assert.match(
      recorded.take()[1],
      /^update "notes" set "tags" = "given"\."tags", .* from \(values \(\$1::integer/,
    );
    for (const note of notes.slice(0, 2)) session.remove(note);
    await session.flush();
    assert.deepEqual(recorded.take(), [
      "begin",
      'update "notes" set "deleted_at" = now(), "version" = "notes"."version" + 1 from ' +
      'unnest($1::integer[], $2::bigint[]) with ordinality as "given" ("id", "version", "#") where ' +
      '"notes"."id" = "given"."id" and "notes"."version" = "given"."version" and "notes"."deleted_at" is null returning ' +
      '"notes"."id", "notes"."body", "notes"."tags", "notes"."deleted_at" as "deletedAt", "notes"."version", "given"."#"',
    ]);
    assert.deepEqual([notes[0].isDeleted, notes[0].get("version")], [false, 3n]);
    assert.throws(() => session.remove(notes[0]), /it is deleted already/);
    assert.equal(session.has(notes[0]), false);
    await notes[0].restore();
    assert.equal(await Note.find().count(pool), 2);

    const told: unknown[] = [];
    const Hooked = model("notes", { id: column.identity().primaryKey(), body: column.text() }, {
      hooks: {
        beforeUpdate: (values, { row, key }) => {
          told.push(["before", row?.body, key]);
          values.body += "!";
        },
        afterUpdate: ({ body }) => void told.push(["after", body]),
        beforeDelete: (row, { key }) => void told.push(["before", row?.body, key]),
        afterDelete: ({ body }) => void told.push(["after", body]),
      },
    });
    await using other = new Session(pool);
    const hooked = await other.query(Hooked.find().orderBy(Hooked.id).limit(2));
    for (const record of hooked) record.set("body", `${record.get("body")}1`);
    await other.flush();
    const [one, two] = hooked.map((record) => record.key);
    assert.deepEqual(told.splice(0), [["before", "a", one], ["before", "b", two], ["after", "a1!"], [
      "after",
      "b1!",
    ]]);
    for (const record of hooked) other.remove(record);
    await other.flush();
    assert.deepEqual(told, [["before", "a1!", one], ["before", "b1!", two], ["after", "a1!"], [
      "after",
      "b1!",
    ]]);
  },
);

testOnBoth(
  "Session.flush() calls come one after the other, and records are busy meanwhile",
  MODELS,
  async (pool) => {
    await using session = new Session(pool);
    const author = session.add(Author, { name: "a" });
    const [first, second] = [session.flush(), session.flush()];
    await Promise.resolve();
    await Promise.resolve();
    assert.throws(() => author.set("name", "b"), /its flush\(\) still runs; await that first/);
    await assert.rejects(author.save(pool), ValidationError);
    await Promise.all([first, second]);
    assert.equal(await Author.find().count(pool), 1);
    const own = session.add(Author, { name: "own" });
    await own.save();
    own.set("name", "saved");
    await session.flush();
    assert.equal((await Author.findById(own.key!, pool))?.name, "saved", "what saved itself is tracked");
    await own.delete();
    assert.deepEqual(session.changes, { inserts: 0, updates: 0, deletes: 0 });
    const [one, two] = [session.add(Author, { name: "one" }), author.set("name", "two")];
    const flushing = session.flush();
    await Promise.resolve();
    session.evict(one);
    session.evict(two);
    await flushing;
    assert.deepEqual([one.isNew, two.isDirty, session.has(one), session.has(two)], [
      false,
      false,
      false,
      false,
    ]);
    const saving = session.add(author).set("name", "x").save();
    await assert.rejects(session.flush(), /its save\(\) still runs/);
    await saving;
  },
);

const Stock = model("stock", {
  shop: column.text().primaryKey(),
  item: column.uuid().primaryKey(),
  label: column.text().saveAs((value) => sql`upper(${value})`).nullable(),
  amount: column.numeric(10, 2).nullable(),
  checkedOn: column.date().nullable(),
  version: column.bigint().default(1n),
}, { version: true });

testOnBoth("Session.flush() writes thousands of rows with keys of several columns, nulls and versions", {
  models: [Stock],
  timeout: 120_000,
}, async (pool) => {
  const recorded = new Recorded(pool);
  await using session = new Session(recorded.executor);
  const item = (index: number) => `00000000-0000-0000-0000-${String(index).padStart(12, "0")}`;
  const records = Array.from(
    { length: 4_000 },
    (_, index) => session.add(Stock, { shop: index % 2 === 0 ? "a" : "b", item: item(index), amount: null }),
  );
  await session.flush();
  assert.equal(recorded.take().length, 2);
  for (const [index, record] of records.entries()) {
    if (index % 3 === 0) record.set({ amount: `${index}.50`, checkedOn: null });
    else record.set({ amount: null, checkedOn: Temporal.PlainDate.from("2024-01-01") });
  }
  await session.flush();
  assert.equal(recorded.take().length, 2);
  assert.deepEqual(
    await pool.query(sql`
      select count(*)::int as rows, count(amount)::int as amounts, count(checked_on)::int as dates,
        max(version)::int as version from stock`),
    [{ rows: 4_000, amounts: 1_334, dates: 2_666, version: 2 }],
  );
  for (const record of records.slice(0, 3)) record.set({ label: "x", amount: null });
  await session.flush();
  assert.match(recorded.take()[1], /from \(values \(\$1::text, \$2::uuid, \$3::bigint, upper\(\$\d\)/);
  assert.deepEqual(records.slice(0, 3).map((record) => record.get("label")), ["X", "X", "X"]);

  await pool.execute(sql`update stock set version = 9 where item = ${item(2_000)}`);
  for (const record of records) session.remove(record);
  await assert.rejects(session.flush(), (error: StaleRecordError) => {
    assert.deepEqual([error.reason, error.key], ["changed", { shop: "a", item: item(2_000) }]);
    return true;
  });
  assert.equal(session.changes.deletes, 4_000);
  await session.refresh(records[2_000]);
  recorded.take();
  await session.flush();
  assert.equal(recorded.take().length, 2);
  assert.equal(await Stock.find().count(pool), 0);
});

test("Session refuses what has no order, and what it cannot know, before anything is sent", async () => {
  const fake = new FakeExecutor();
  const A = model("a", {
    id: column.identity().primaryKey(),
    bId: column.integer().references((): Column<number> => B.id),
  });
  const B = model("b", { id: column.identity().primaryKey(), aId: column.integer().references(() => A.id) });
  const session = new Session(fake.executor, { unflushed: "ignore" });
  const a = session.add(A, {});
  a.set("bId", ref(session.add(B, { aId: ref(a, "id") }), "id"));
  await assert.rejects(
    session.flush(),
    /records of the models "a", "b" refer to each other in a circle, and no column of it may be null/,
  );
  session.clear();
  session.add(Book, { authorId: ref(Author.record({ name: "x" }), "id"), title: "t" });
  await assert.rejects(
    session.flush(),
    /column "authorId".*it refers to "id" of a record of model "authors" that is not in the session; add\(\) that too/,
  );
  await assert.rejects(
    session.query(Author.find().select({ name: Author.name }) as never),
    /whole rows of a model/,
  );
  const Line = model("lines", { text: column.text() });
  await assert.rejects(session.query(Line.find()), /the model has no primary key/);
  assert.throws(() => session.add(Line.edit({ text: "x" })), /the model has no primary key/);
  // @ts-expect-error: a query of some columns has no whole rows
  await assert.rejects(session.query(Author.find().only("name")), ValidationError);
  // @ts-expect-error: it is no record
  assert.throws(() => session.remove({}), /it is none; give one that find\(\)/);
  // @ts-expect-error: the key is of another type
  await assert.rejects(session.find(Author, "1"), ValidationError);
  // @ts-expect-error: there is no such column
  assert.throws(() => session.add(Author, { title: "x" }), ValidationError);
  // @ts-expect-error: there is no such option
  assert.throws(() => new Session(fake.executor, { flush: true }), /there is none/);
  // @ts-expect-error: the other record's value is of another type
  session.add(Book, { authorId: ref(Author.record({ name: "x" }), "name"), title: "t" });
  assert.deepEqual(fake.statements, []);
});

test("Session does not lose changes silently when it is disposed of", async () => {
  const { executor } = new FakeExecutor();
  Object.assign(executor, { transaction: (work: (tx: unknown) => unknown) => work(executor) });
  const warnings: string[] = [];
  const { warn } = console;
  console.warn = (text: string) => void warnings.push(text);
  try {
    {
      await using session = new Session(executor);
      session.add(Author, { name: "a" });
    }
    {
      await using session = new Session(executor, { unflushed: "ignore" });
      session.add(Author, { name: "a" });
    }
    {
      await using session = new Session(executor);
      session.add(Author, {} as { name: string });
      await assert.rejects(session.flush(), ValidationError);
    }
  } finally {
    console.warn = warn;
  }
  assert.deepEqual(warnings, [
    "A session is closed with changes that were never flushed (1 inserts): await flush(), or clear() it",
  ]);
  const session = new Session(executor, { unflushed: "throw" });
  session.add(Author, { name: "a" });
  await assert.rejects(
    async () => await session[Symbol.asyncDispose](),
    /it is closed with changes that were never flushed \(1 inserts\); await flush\(\)/,
  );
  await assert.rejects(session.flush(), /it is closed; make another/);
});
