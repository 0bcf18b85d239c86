/** Factories: what they build, what they create, and what their types accept. */
import assert from "node:assert/strict";
import { column, model } from "../../orm/mod.ts";
import { UniqueViolationError } from "../../pool/wire/postgres_error.ts";
import { factory, recordStatements, rollback, SeededRandom, testPool } from "../../testkit/mod.ts";
import { readSeed } from "../../testkit/seed.ts";
import { test } from "../harness.ts";
import { needs, server } from "../services/client.ts";

const User = model("users", {
  id: column.identity().primaryKey(),
  email: column.text().unique(),
  role: column.text().default("reader"),
  nickname: column.text().nullable(),
});
const Post = model("posts", {
  id: column.identity().primaryKey(),
  authorId: column.integer().references(() => User.id),
  authorEmail: column.text().nullable(),
  title: column.text(),
});
const Seat = model("seats", {
  row: column.integer().primaryKey(),
  number: column.integer().primaryKey(),
  grade: column.text(),
});

const users = factory(User, { email: ({ sequence }) => `user${sequence}@example.org` }, {
  traits: { admin: { role: "admin" }, named: { nickname: ({ values }) => `the ${values.role}` } },
});

test("Factory.build() gives the values of an insert, each from the first that says", () => {
  users.rewind();
  assert.deepEqual(users.build(), { email: "user1@example.org" });
  assert.deepEqual(users.build({ email: "ada@example.org", nickname: null }), {
    email: "ada@example.org",
    nickname: null,
  });
  assert.deepEqual(users.with("admin").build(), { email: "user3@example.org", role: "admin" });
  assert.deepEqual(users.with("admin", "named").build({ role: "owner" }), {
    email: "user4@example.org",
    role: "owner",
    nickname: "the owner",
  });
  users.rewind();
  assert.deepEqual(users.build(), { email: "user1@example.org" });
});

test("Factory.build() draws random values that come again, whatever other factories draw", () => {
  const make = (seed: number) =>
    factory(User, {
      email: ({ random }) => `${random.letters(8)}@example.org`,
      role: ({ random }) => random.pick(["a", "b"]),
    }, {
      seed,
    });
  const [one, same, other] = [make(7), make(7), make(8)];
  const first = [one.build(), one.build()];
  factory(Seat, { grade: ({ random }) => random.uuid() }).build({ row: 1, number: 1 });
  assert.deepEqual([same.build(), same.build()], first);
  assert.notDeepEqual([other.build(), other.build()], first);
  one.rewind();
  assert.deepEqual([one.build(), one.build()], first);
  assert.notDeepEqual(first[0], first[1]);
});

test("SeededRandom stays in its bounds and refuses what has none", () => {
  const random = new SeededRandom(3);
  const drawn = Array.from({ length: 1_000 }, () => random.integer(-1, 2));
  assert.deepEqual([...new Set(drawn)].sort((a, b) => a - b), [-1, 0, 1, 2]);
  assert.match(random.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.match(random.letters(5), /^[a-z]{5}$/);
  assert.equal(random.boolean(0), false);
  assert.throws(() => random.integer(2, 1), /Cannot use a random integer: there is none from 2 to 1/);
  assert.throws(() => random.pick([]), { name: "ValidationError" });
  assert.equal(readSeed(undefined), 1);
  assert.equal(readSeed("42"), 42);
  assert.ok(Number.isInteger(readSeed("random")));
  assert.throws(() => readSeed("x"), /variable LIFEGUARD_TEST_SEED: it is no integer/);
});

test("factory() and its calls refuse what no insert could take, before anything is sent", async () => {
  assert.throws(() => factory(User, { emial: "x" } as never), /did you mean "email"/);
  assert.throws(() => factory({} as never, {}), /Cannot use a model/);
  assert.throws(
    () => users.with("admim" as never),
    /trait "admim" of model "users": there is no such trait; did you mean "admin"/,
  );
  assert.throws(() => users.build({ rol: "x" } as never), /did you mean "role"/);
  const posts = factory(Post, { authorId: users.key(), title: "Hello" });
  assert.throws(() => posts.build(), /column "authorId" of model "posts": its value is that of a row/);
  assert.throws(
    () => factory(Seat, {}).key({ row: 1, number: 1, grade: "A" }),
    /has 2 columns; take their values of one parent/,
  );
  await assert.rejects((users.create as () => Promise<unknown>).call(users), /it has no pool to run on/);
  await assert.rejects(users.createMany(-1, { query() {} } as never), /give an integer from 0/);
});

test("Factory.create() creates a row and those it refers to", needs("primary"), async () => {
  await using pool = await testPool({ url: server("primary").url, models: [User, Post, Seat] });
  await rollback(pool, async (db) => {
    const posts = factory(Post, { authorId: users.key(), title: ({ sequence }) => `Post ${sequence}` });
    const post = await posts.create(db);
    assert.equal(post.title, "Post 1");
    assert.equal((await User.findById(post.authorId, db))?.role, "reader");
    const admin = await users.with("admin").create({ nickname: "Ada" }, db);
    assert.deepEqual([admin.role, admin.nickname], ["admin", "Ada"]);
    const of = await posts.on(db).createMany(3, { authorId: admin.id });
    assert.deepEqual(of.map(({ authorId }) => authorId), [admin.id, admin.id, admin.id]);
    assert.deepEqual(of.map(({ title }) => title), ["Post 2", "Post 3", "Post 4"]);
    assert.equal(await User.find().count(db), 2, "a parent that is given is not created");
    const author = users.parent({ role: "author" });
    const shared = factory(Post, {
      authorId: author.value("id"),
      authorEmail: author.value("email"),
      title: "x",
    });
    const [first, second] = await shared.createMany(2, db);
    assert.notEqual(first.authorId, second.authorId);
    assert.equal(
      (await User.findById(first.authorId, db))?.email,
      first.authorEmail,
      "one parent for both columns",
    );
    using sent = recordStatements(db);
    assert.deepEqual(await users.createMany(0, db), []);
    assert.equal((await users.createMany(500, db)).length, 500);
    assert.equal(sent.count, 1, sent.texts.join("; "));
  });
});

test(
  "Factory.create() runs afterCreate, and passes the server's refusals on with the caller's line",
  needs("primary"),
  async () => {
    await using pool = await testPool({ url: server("primary").url, models: [User, Post] });
    await rollback(pool, async (db) => {
      const authors = factory(User, { email: "same@example.org" }, {
        afterCreate: (row, executor) => Post.insert({ authorId: row.id, title: "First" }, executor),
      });
      const { id } = await authors.create(db);
      assert.equal((await Post.find().where({ authorId: id }).one(db)).title, "First");
      await assert.rejects(authors.create(db), (error) => {
        assert.ok(error instanceof UniqueViolationError);
        assert.match(error.stack ?? "", /factory_test\.ts/, "the stack must reach the caller's line");
        return true;
      });
      const incomplete = factory(Post, { title: "x" });
      await assert.rejects((incomplete.create as (db: unknown) => Promise<unknown>).call(incomplete, db), {
        name: "ValidationError",
        message: /column "authorId" of model "posts": it has no default and was not given/,
      });
    });
  },
);

test("Factory's types ask for what is missing and refuse what does not fit", () => {
  const incomplete = factory(Post, { title: "x" });
  assert.deepEqual(incomplete.build({ authorId: 1 }), { title: "x", authorId: 1 });
  const check = (): void => {
    // @ts-expect-error: authorId has no default and no attribute
    incomplete.build();
    // @ts-expect-error: authorId is a number
    incomplete.build({ authorId: "1" });
    // @ts-expect-error: there is no such trait
    users.with("owner");
    // @ts-expect-error: email is a string
    factory(User, { email: 7 });
    // @ts-expect-error: the key of a user is a number, not text
    factory(User, { email: users.key() });
    // @ts-expect-error: there is no such column
    factory(User, { email: "x", unknown: 1 });
    // @ts-expect-error: an executor is needed
    void users.create({ role: "x" });
    // @ts-expect-error: identityAlways or not, a row's property is a number
    users.parent().value("id") satisfies { "~value"?: string };
  };
  assert.equal(typeof check, "function");
});

test("rollback() says how the random values of a failed test come again", needs("primary"), async () => {
  await using pool = await testPool({ url: server("primary").url, models: [User] });
  const printed: unknown[] = [];
  const { error } = console;
  console.error = (...given: unknown[]) => void printed.push(...given);
  try {
    await assert.rejects(
      rollback(pool, () => {
        factory(User, { email: ({ random }) => random.letters(4) }).build();
        throw new Error("the test failed");
      }),
      /the test failed/,
    );
  } finally {
    console.error = error;
  }
  assert.match(String(printed), /^The random values come again with LIFEGUARD_TEST_SEED=\d+$/);
});
