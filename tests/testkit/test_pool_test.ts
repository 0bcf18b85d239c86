/** Databases for tests: made from templates, kept apart, and gone afterwards. */
import assert from "node:assert/strict";
import { column, hasMany, model, relations, type RepeatedLoad } from "../../orm/mod.ts";
import { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";
import { testDatabase, testPool } from "../../testkit/mod.ts";
import { test } from "../harness.ts";
import { freshDatabase, needs, server } from "../services/client.ts";

// With the sanitizers: an embedded database leaves nothing behind either.
const EMBEDDED = { timeout: 60_000 };
const MIGRATE = [sql`create table notes (body text)`, sql`insert into notes values (${"first"})`];

const databases = async (pool: Pool, prefix: string): Promise<string[]> =>
  (await pool.query<{ name: string }>(
    sql`select datname::text as name from pg_database where starts_with(datname, ${prefix}) order by 1`,
  )).map(({ name }) => name);

test("testPool() gives each caller an embedded database of its own, prepared once", EMBEDDED, async () => {
  let runs = 0;
  const options = {
    url: "pglite:",
    template: "testPool() prepared once",
    migrate: async (pool: Pool) => {
      runs++;
      for (const statement of MIGRATE) await pool.execute(statement);
    },
  };
  const started = performance.now();
  const pools = await Promise.all([testPool(options), testPool(options)]);
  const first = performance.now() - started;
  await using one = pools[0];
  await using two = pools[1];
  const again = performance.now();
  await using three = await testPool(options);
  const copy = performance.now() - again;
  console.log(
    `testPool() (embedded): two with their template in ${first.toFixed()} ms, a copy in ${copy.toFixed()} ms`,
  );
  await one.execute(sql`insert into notes values ('one')`);
  await two.execute(sql`delete from notes`);
  const count = sql`select count(*)::int from notes`;
  assert.deepEqual([await one.value(count), await two.value(count), await three.value(count)], [2, 0, 1]);
  assert.equal(runs, 1);
});

const Note = model("notes", { id: column.identity().primaryKey(), body: column.text() });

test("testPool() creates the models' tables, then migrates", EMBEDDED, async () => {
  const options = {
    url: "pglite:",
    models: [Note],
    migrate: [sql`insert into notes (body) values ('first')`],
  };
  await using first = await testPool(options);
  await using second = await testPool({
    ...options,
    migrate: (pool: Pool) => Note.insert({ body: "by hand" }, pool),
  });
  assert.deepEqual((await Note.find().all(first)).map(({ body }) => body), ["first"]);
  assert.deepEqual((await Note.find().all(second)).map(({ body }) => body), ["by hand"]);
});

test("testPool() runs a function without a template for every database", EMBEDDED, async () => {
  let runs = 0;
  const migrate = async (pool: Pool) =>
    void await pool.execute(sql`create table runs as select ${++runs}::int as run`);
  await using first = await testPool({ url: "pglite:", migrate });
  await using second = await testPool({ url: "pglite:", migrate });
  const run = sql`select run from runs`;
  assert.deepEqual([await first.value(run), await second.value(run)], [1, 2]);
  const failure = new Error("cannot migrate");
  await assert.rejects(testPool({ url: "pglite:", migrate: () => Promise.reject(failure) }), failure);
});

test("testPool() finds relations that are loaded one row at a time, with the line", EMBEDDED, async () => {
  const Author = model("authors", { id: column.integer().primaryKey() });
  const Book = model("books", { id: column.integer().primaryKey(), authorId: column.integer() });
  const author = relations(Author, { books: hasMany(Book, Book.authorId) });
  const found: RepeatedLoad[] = [];
  await using pool = await testPool({
    url: "pglite:",
    models: [Author, Book],
    repeatedLoads: { act: (load) => found.push(load) },
  });
  await Author.insertMany(Array.from({ length: 6 }, (_, id) => ({ id })), pool);
  for (const each of await Author.find().all(pool)) await author.books.of(each, pool);
  assert.equal(found.length, 1);
  assert.match(found[0].line ?? "", /test_pool_test\.ts/);
  assert.match(found[0].relation, /books/);
});

test("testPool() passes the pool's options on and reads the environment without asking", {
  ...EMBEDDED,
  allow: [],
}, async () => {
  // Without permission to read the environment the server's variable is as if not set.
  await using pool = await testPool({ pool: { int8: "number", applicationName: "a test" } });
  assert.equal(await pool.value(sql`select 1::int8`), 1);
  assert.equal(await pool.value(sql`show application_name`), "a test");
});

test("testPool() and testDatabase() refuse what they cannot use", async () => {
  await assert.rejects(testPool({ migrate: 7 as never }), /neither a function nor an array/);
  await assert.rejects(testPool({ migrate: ["create table t ()" as never] }), { name: "ValidationError" });
  await assert.rejects(testPool({ models: Note as never }), /option "models": it is no array/);
  await assert.rejects(testPool({ models: [{}] as never }), /Cannot use a model/);
  await assert.rejects(testPool({ template: "" }), /option "template"/);
  await assert.rejects(testPool({ migrat: [] } as never), /did you mean "migrate"/);
  await assert.rejects(
    testDatabase({ leftoverAge: 0, url: "postgres://localhost/x" }),
    /option "leftoverAge"/,
  );
  await assert.rejects(testDatabase({ url: "" }), {
    name: "ConfigError",
    message: /no server was named; give one, or set LIFEGUARD_TEST_DATABASE_URL/,
  });
});

test(
  "testPool() makes many databases at once on a server, from one template, and drops them",
  needs("primary"),
  async () => {
    const { url } = server("primary");
    await using admin = new Pool({ url, max: 2 });
    const template = `many ${crypto.randomUUID()}`;
    let runs = 0;
    const migrate = async (pool: Pool) => {
      runs++;
      for (const statement of MIGRATE) await pool.execute(statement);
    };
    const pools = await Promise.all(Array.from({ length: 8 }, () => testPool({ url, template, migrate })));
    const names = await Promise.all(
      pools.map((pool) => pool.value<string>(sql`select current_database()::text`)),
    );
    assert.equal(new Set(names).size, 8);
    assert.equal(runs, 1, "processes and callers share the template");
    await Promise.all(
      pools.map((pool, index) => pool.execute(sql`insert into notes values (${String(index)})`)),
    );
    for (const pool of pools) assert.equal(await pool.value(sql`select count(*)::int from notes`), 2);
    await Promise.all(pools.map((pool) => pool.close()));
    const left = await databases(admin, "lifeguard_test_");
    assert.deepEqual(names.filter((name) => left.includes(name)), []);
    const started = performance.now();
    await using _again = await testPool({ url, template, migrate });
    console.log(`testPool() (server): a copy of a template in ${(performance.now() - started).toFixed()} ms`);
    assert.equal(runs, 1);
  },
);

test(
  "testPool() drops its database when the test fails, also under open sessions",
  needs("primary"),
  async () => {
    const { url } = server("primary");
    await using admin = new Pool({ url, max: 1 });
    const failure = new Error("the test failed");
    let name = "";
    let other: Pool | undefined;
    await assert.rejects(async () => {
      await using pool = await testPool({ url });
      name = await pool.value<string>(sql`select current_database()::text`);
      other = new Pool({ url: pool.url, min: 0, max: 1 });
      await other.query(sql`select 1`);
      throw failure;
    }, failure);
    assert.deepEqual(await databases(admin, name), []);
    await other?.close({ timeout: 0 });
  },
);

test(
  "testDatabase() drops what killed runs left behind, by age, and nothing that is used",
  needs("primary"),
  async () => {
    const { url } = server("primary");
    await using admin = new Pool({ url, max: 1 });
    const hoursAgo = (hours: number): string => (Date.now() - hours * 3_600_000).toString(36);
    const unique = crypto.randomUUID().slice(0, 8);
    const [old, used, young, strange] = [
      `lifeguard_test_${hoursAgo(3)}_1_${unique}`,
      `lifeguard_test_${hoursAgo(3)}_2_${unique}`,
      `lifeguard_test_${hoursAgo(1)}_3_${unique}`,
      `lifeguard_testing_${unique}`,
    ];
    for (const name of [old, used, young, strange]) {
      await admin.execute(
        sql`create database ${sql.identifier(name)}`,
      );
    }
    await using user = new Pool({ url, database: used, max: 1 });
    await user.query(sql`select 1`);
    await using database = await testDatabase({ url, leftoverAge: 2 * 3_600_000 });
    // Another process may have been quicker, or be about to drop it.
    for (let look = 0; look < 500 && (await databases(admin, "lifeguard_test")).includes(old); look++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.ok(database.droppedLeftovers.every((name) => ![used, young, strange].includes(name)));
    assert.deepEqual(
      (await databases(admin, "lifeguard_test")).filter((name) => name.includes(unique)),
      [
        young,
        used,
        strange,
      ].sort(),
    );
    await user.close();
    for (const name of [used, young, strange]) {
      await admin.execute(
        sql`drop database ${sql.identifier(name)}`,
      );
    }
  },
);

test(
  "testDatabase() gives a URL, drops once, and leaves no template that could not be prepared",
  needs("primary"),
  async () => {
    await using home = await freshDatabase();
    const template = `failing ${crypto.randomUUID()}`;
    await using admin = new Pool({ url: home.url, max: 1 });
    await using database = await testDatabase({ url: home.url, migrate: MIGRATE });
    {
      await using pool = new Pool(database.url);
      assert.equal(await pool.value(sql`select body from notes`), "first");
    }
    const byWords = `host=${server("primary").host} port=${
      server("primary").port
    } user=lifeguard password=secret-lifeguard dbname=${home.name}`;
    await using other = await testDatabase({ url: byWords, migrate: [] });
    {
      await using pool = new Pool(other.url);
      assert.equal(await pool.value(sql`select current_database()::text`), other.name);
    }
    await database.drop();
    await database.drop();
    assert.deepEqual(await databases(admin, database.name), []);
    let run = 0;
    const migrate = (pool: Pool) =>
      pool.execute(++run === 1 ? sql`select 1 / 0` : sql`create table late (n int)`);
    await assert.rejects(testDatabase({ url: home.url, template, migrate }), { sqlState: "22012" });
    await using second = await testDatabase({ url: home.url, template, migrate });
    await using pool = new Pool(second.url);
    assert.equal(await pool.value(sql`select count(*)::int from late`), 0);
    assert.equal(run, 2);
  },
);

test("testDatabase() without a template prepares each database by itself", needs("primary"), async () => {
  const { url } = server("primary");
  let run = 0;
  const migrate = (pool: Pool) => pool.execute(sql`create table runs as select ${++run}::int as run`);
  await using first = await testPool({ url, migrate });
  await using second = await testPool({ url, migrate });
  const runs = await Promise.all(
    [first, second].map((pool) => pool.value<number>(sql`select run from runs`)),
  );
  assert.deepEqual(runs, [1, 2]);
  const failure = new Error("cannot migrate");
  await assert.rejects(testPool({ url, migrate: () => Promise.reject(failure) }), failure);
});
