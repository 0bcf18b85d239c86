/** Models against real databases: every type there and back, every operator, every refusal the server makes. */
import assert from "node:assert/strict";
import { and, column, model, not, or } from "../../orm/mod.ts";
import type { QueryEnds } from "../../orm/mod.ts";
import type { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { UniqueViolationError } from "../../pool/wire/postgres_error.ts";
import { testOnBoth, testOnServer } from "../testkit/databases.ts";

const Sample = model("samples", {
  id: column.identity().primaryKey(),
  small: column.smallint(),
  big: column.bigint(),
  bigNumber: column.bigint({ mode: "number" }),
  bigText: column.bigint({ mode: "string" }),
  real: column.real(),
  double: column.double(),
  price: column.numeric(20, 4),
  ratio: column.numeric({ mode: "number", precision: 10, scale: 3 }),
  text: column.text(),
  short: column.varchar(5),
  flag: column.boolean(),
  uid: column.uuid(),
  data: column.jsonb<readonly unknown[]>(),
  bytes: column.bytea(),
  day: column.date(),
  at: column.time(),
  local: column.timestamp(),
  instant: column.timestamptz(),
  span: column.interval(),
  mood: column.enum("mood", ["sad", "ok"]),
  tags: column.text().array(),
  grid: column.integer().array().array(),
  moods: column.enum("mood", ["sad", "ok"]).array(),
  note: column.text().nullable(),
  upper: column.text().generated(sql`upper(text)`),
  createdAt: column.timestamptz().defaultNow(),
}, { schema: "app" });

const VALUES: typeof Sample.Insert = {
  small: -32_768,
  big: 2n ** 63n - 1n,
  bigNumber: Number.MAX_SAFE_INTEGER,
  bigText: "-9223372036854775808",
  real: 1.5,
  double: 0.1,
  price: "1234567890123456.7890",
  ratio: 1234.567,
  text: 'naïve "quoted" 🏊',
  short: "12345",
  flag: false,
  uid: "0b3a6c1e-6d0f-4f0a-9d0e-0123456789ab",
  data: [{ a: 1 }, null, "x"],
  bytes: new Uint8Array([0, 255, 7]),
  day: Temporal.PlainDate.from("2026-02-28"),
  at: Temporal.PlainTime.from("23:59:59.999999"),
  local: Temporal.PlainDateTime.from("1969-12-31T23:59:59.000001"),
  instant: Temporal.Instant.from("2026-11-22T10:00:00.123456Z"),
  span: Temporal.Duration.from({ months: 14, days: 3, hours: 4 }),
  mood: "sad",
  tags: ["a,b", '"', ""],
  grid: [[1, 2], [3, 4]],
  moods: ["ok", "sad"],
};

testOnBoth(
  "Model.insert() and findById() carry every type there and back",
  { models: [Sample] },
  async (pool) => {
    const samples = Sample.on(pool);
    const inserted = await samples.insert(VALUES);
    const found = await samples.findById(inserted.id);
    assert.ok(found);
    assert.ok(Object.isFrozen(inserted) && Object.isFrozen(found));
    assert.deepEqual(Object.keys(found), Object.keys(inserted));
    for (const [property, given] of Object.entries(VALUES)) {
      for (const row of [inserted, found]) {
        const value = row[property as keyof typeof row];
        if (property === "span") {
          const span = row.span.round({ largestUnit: "hours", relativeTo: "2026-01-01" });
          assert.equal(
            span.toString(),
            VALUES.span.round({ largestUnit: "hours", relativeTo: "2026-01-01" }).toString(),
          );
        } else if (given?.constructor.name.startsWith("Plain") || property === "instant") {
          assert.equal(String(value), String(given), property);
          assert.equal(value?.constructor, given?.constructor, property);
        } else assert.deepEqual(value, given, property);
      }
    }
    assert.equal(found.upper, VALUES.text.toUpperCase());
    assert.equal(found.note, null);
    assert.ok(found.createdAt instanceof Temporal.Instant);
    assert.equal(await samples.findById(inserted.id + 1), undefined);
  },
);

testOnServer("a column's mode holds whatever the pool's options", { models: [Sample] }, async (pool) => {
  const { id } = await Sample.insert(VALUES, pool);
  assert.equal((await Sample.findById(id, pool))?.bigNumber, Number.MAX_SAFE_INTEGER);
  await pool.execute(sql`update ${Sample} set big_number = big_number + 1`);
  await assert.rejects(Sample.findById(id, pool), /does not fit a number/);
});

const User = model("users", {
  id: column.identity().primaryKey(),
  email: column.varchar(40).unique(),
  firstName: column.text().nullable(),
  age: column.integer().nullable(),
  mood: column.enum("mood", ["sad", "ok"]).default("ok"),
  tags: column.text().array().default([]),
});

const USERS = {
  models: [User],
  migrate: async (pool: Pool): Promise<void> => {
    const users = User.on(pool);
    await users.insert({ email: "Ada@x.org", firstName: "Ada", age: 36, tags: ["x"] });
    await users.insert({ email: "bob@x.org", age: 12, mood: "sad" });
    await users.insert({ email: "eve@x.org" });
  },
};

testOnBoth("find() finds what each operator says", USERS, async (pool) => {
  const find = User.on(pool).find().orderBy(User.id);
  const { id, email, firstName, age, mood, tags } = User;
  const expected: [QueryEnds<{ readonly id: number }, readonly [], string>, readonly number[]][] = [
    [find, [1, 2, 3]],
    [find.where(age.eq(12)), [2]],
    [find.where(age.ne(12)), [1]],
    [find.where(age.gt(12)), [1]],
    [find.where(age.gte(12)), [1, 2]],
    [find.where(age.lt(36)), [2]],
    [find.where(age.lte(36)), [1, 2]],
    [find.where(age.between(12, 35)), [2]],
    [find.where(age.gt(id)), [1, 2]],
    [find.where(age.gt(sql`${id} * ${10}`)), [1]],
    [find.where(id.in([1, 3, 99])), [1, 3]],
    [find.where(id.in([])), []],
    [find.where(id.notIn([1])), [2, 3]],
    [find.where(id.notIn([])), [1, 2, 3]],
    [find.where(email.in(["bob@x.org"])), [2]],
    [find.where(mood.in(["sad"])), [2]],
    [find.where(mood.notIn(["sad"])), [1, 3]],
    [find.where(tags.eq(["x"])), [1]],
    [find.where(firstName.isNull()), [2, 3]],
    [find.where(firstName.isNotNull()), [1]],
    [find.where(email.like("ada%")), []],
    [find.where(email.ilike("ada%")), [1]],
    [find.where({ mood: "ok", age: null }), [3]],
    [find.where(or(and(age.gte(18), mood.eq("ok")), not(age.isNotNull()))), [1, 3]],
    [find.where(or()), []],
    [find.where(sql`lower(${email}) = ${"ada@x.org"}`), [1]],
    [find.where(age.isNotNull()).where(sql`true`).limit(1), [1]],
    [find.limit(2).offset(1), [2, 3]],
    [find.limit(0), []],
  ];
  for (const [query, ids] of expected) {
    assert.deepEqual((await query.all()).map((row) => row.id), ids);
    assert.equal(await query.count(), ids.length);
    assert.equal(await query.exists(), ids.length > 0);
    assert.equal((await query.first())?.id, ids[0]);
  }
  const ordered = await User.on(pool).find().orderBy(age.desc({ nulls: "last" }), id.asc()).all();
  assert.deepEqual(ordered.map((row) => row.id), [1, 2, 3]);
});

testOnServer("one() and maybeOne() insist on the number of rows", USERS, async (pool) => {
  const users = User.on(pool);
  assert.equal((await users.find().where({ email: "bob@x.org" }).one()).age, 12);
  assert.equal(await users.find().where({ email: "nobody" }).maybeOne(), undefined);
  await assert.rejects(users.find().where({ email: "nobody" }).one(), { name: "NotFoundError" });
  await assert.rejects(users.find().one(), { name: "TooManyRowsError" });
  await assert.rejects(users.find().maybeOne(), { name: "TooManyRowsError" });
  assert.equal((await users.findById(1))?.firstName, "Ada", "the pool must stay usable");
});

testOnServer("models and queries stand in sql", USERS, async (pool) => {
  const adults = User.find().where(User.age.gte(18));
  const rows = await pool.query<{ name: string; others: bigint }>(sql`
    select ${User.firstName} as name, (select count(*) from ${User} where ${User.age} is null) as others
    from (${adults}) adults join ${User} on ${User.id} = adults.id`);
  assert.deepEqual(rows, [{ name: "Ada", others: 1n }]);
});

testOnBoth("a call runs where it is told to: in a transaction that rolls back", USERS, async (pool) => {
  const users = User.on(pool);
  const failure = new Error("changed my mind");
  await assert.rejects(
    pool.transaction(async (tx) => {
      const { id } = await users.insert({ email: "tx@x.org" }, tx);
      assert.equal((await users.findById(id, tx))?.email, "tx@x.org");
      assert.equal(await User.on(tx).find().count(), 4);
      throw failure;
    }),
    failure,
  );
  assert.equal(await users.find().count(), 3);
});

testOnServer(
  "a value the pool refuses is named by its column, and an error of the server is its own",
  {},
  async (pool) => {
    await pool.execute(sql`create table events (id uuid primary key, "on day" date not null)`);
    const Event = model("events", { id: column.uuid().primaryKey(), day: column.date().name("on day") });
    const id = "0b3a6c1e-6d0f-4f0a-9d0e-0123456789ab";
    const wrong = { id, day: 7 } as unknown as typeof Event.Insert;
    await assert.rejects(Event.insert(wrong, pool), (error) => {
      assert.ok(error instanceof ValidationError);
      assert.match(error.message, /^Cannot use column "day" of model "events"/);
      assert.match(error.stack ?? "", /database_test\.ts/, "the stack must reach the caller's line");
      return true;
    });
    const day = Temporal.PlainDate.from("2026-11-22");
    assert.equal(String((await Event.insert({ id, day }, pool)).day), "2026-11-22");
    await assert.rejects(Event.insert({ id, day }, pool), (error) => {
      assert.ok(error instanceof UniqueViolationError);
      assert.equal(error.sqlState, "23505");
      assert.match(error.stack ?? "", /database_test\.ts/, "the stack must reach the caller's line");
      return true;
    });
  },
);

testOnServer("names with quotes are what they are", {}, async (pool) => {
  await pool.execute(sql`create table "we""ird; --" ("a""b" int primary key, "select" text)`);
  const Weird = model('we"ird; --', {
    'a"b': column.integer().primaryKey(),
    'x"; drop': column.text().name("select"),
  }).on(pool);
  await Weird.insert({ 'a"b': 1, 'x"; drop': "y" });
  assert.deepEqual(await Weird.find().where({ 'x"; drop': "y" }).all(), [{ 'a"b': 1, 'x"; drop': "y" }]);
});
