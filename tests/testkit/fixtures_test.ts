/** Named rows: their order, their references, and the rows after them. */
import assert from "node:assert/strict";
import { column, model } from "../../orm/mod.ts";
import type { Column } from "../../orm/mod.ts";
import { fixtures, recordStatements, ref, rollback, rows, testPool } from "../../testkit/mod.ts";
import { test } from "../harness.ts";
import { needs, server } from "../services/client.ts";

const User = model("users", { id: column.identity().primaryKey(), email: column.text().unique() });
const Category = model("categories", {
  id: column.identity().primaryKey(),
  parentId: column.integer().nullable().references((): Column<number> => Category.id),
  name: column.text(),
});
const Post = model("posts", {
  id: column.identity().primaryKey(),
  authorId: column.integer().references(() => User.id),
  authorEmail: column.text().nullable().references(() => User.email),
  categoryId: column.integer().nullable().references(() => Category.id),
});

const blog = fixtures({
  posts: rows(Post, {
    hello: { authorId: ref("users.ada"), authorEmail: ref("users.ada"), categoryId: ref("categories.inner") },
    plain: { authorId: 7 },
  }),
  categories: rows(Category, {
    inner: { name: "inner", parentId: ref("categories.outer") },
    outer: { name: "outer" },
  }),
  users: rows(User, { ada: { email: "ada@example.org" }, bob: { id: 7, email: "bob@example.org" } }),
});

test(
  "fixtures() loads rows in the order of their foreign keys, names standing for keys",
  needs("primary"),
  async () => {
    await using pool = await testPool({ url: server("primary").url, models: [User, Category, Post] });
    for (let run = 0; run < 2; run++) {
      await rollback(pool, async (db) => {
        const { posts, categories, users } = await blog.load(db);
        assert.equal(posts.hello.authorId, users.ada.id);
        assert.equal(posts.hello.authorEmail, "ada@example.org");
        assert.equal(posts.hello.categoryId, categories.inner.id);
        assert.equal(categories.inner.parentId, categories.outer.id);
        assert.equal(posts.plain.authorId, 7);
        assert.deepEqual(Object.keys(users), ["ada", "bob"]);
        // The number that was given is not counted to again.
        const { id } = await User.insert({ email: "eve@example.org" }, db);
        assert.ok(id > Math.max(7, users.ada.id), String(id));
      });
    }
    assert.equal(await User.find().count(pool), 0);
    await assert.rejects(
      fixtures({ users: rows(User, { a: { email: "x" }, b: { email: "x" } }) }).load(pool),
      {
        name: "UniqueViolationError",
      },
    );
    assert.equal(await User.find().count(pool), 0, "all rows or none");
  },
);

test("fixtures() refuses unknown names, columns and circles before anything is sent", () => {
  assert.throws(
    () =>
      fixtures({
        posts: rows(Post, { a: { authorId: ref("users.adda") } }),
        users: rows(User, { ada: { email: "x" } }),
      }),
    /column "authorId" of model "posts": there is no fixture "users.adda"; did you mean "users.ada"/,
  );
  assert.throws(() => ref("ada"), /it names no set and row/);
  assert.throws(
    () => fixtures({ users: rows(User, { ada: { emial: "x" } as never }) }),
    /did you mean "email"/,
  );
  assert.throws(
    () =>
      fixtures({
        categories: rows(Category, {
          a: { name: "a", parentId: ref("categories.b") },
          b: { name: "b", parentId: ref("categories.a") },
        }),
      }),
    /in a circle, categories\.a → categories\.b → categories\.a; leave one reference out/,
  );
  const check = (): void => {
    // @ts-expect-error: email is a string
    rows(User, { ada: { email: 7 } });
    // @ts-expect-error: there is no such row
    void blog.load({} as never).then(({ users }) => users.eve);
  };
  assert.equal(typeof check, "function");
});

test(
  "recordStatements() tells which statements were sent, in transactions too",
  needs("primary"),
  async () => {
    await using pool = await testPool({ url: server("primary").url, models: [User] });
    const users = User.on(pool);
    {
      using sent = recordStatements(pool);
      await users.insert({ email: "ada@example.org" });
      await users.findById(1);
      assert.equal(sent.count, 2);
      assert.match(sent.texts[0], /^insert into "users"/);
      assert.ok(!JSON.stringify(sent.texts).includes("ada@"), "values are not recorded");
      sent.clear();
      await pool.transaction(async (tx) => {
        await User.find().all(tx);
        await tx.transaction((nested) => User.find().count(nested));
        await pool.batch([]).catch(() => {});
      });
      await using session = await pool.reserve();
      await User.find().exists(session);
      assert.equal(sent.count, 3);
      assert.throws(() => recordStatements(pool), /it is being recorded already/);
      sent.stop();
      await users.find().all();
      assert.equal(sent.count, 3);
    }
    assert.throws(() => recordStatements({} as never), /it is no pool and no transaction/);
    await rollback(pool, async (db) => {
      using sent = recordStatements(db);
      await Promise.all([User.find().all(db), db.transaction((tx) => User.find().count(tx))]);
      assert.equal(sent.count, 2);
    });
    {
      using sent = recordStatements(pool);
      await users.find().count();
      assert.equal(sent.count, 1);
    }
  },
);
