import assert from "node:assert/strict";
import { column, model } from "../../orm/mod.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";
import { DecodeError, ValidationError } from "../../pool/wire/errors.ts";
import { test } from "../harness.ts";
import { FakeExecutor } from "./fake_executor.ts";

const User = model("users", {
  id: column.identity().primaryKey(),
  email: column.varchar(20).unique(),
  firstName: column.text().nullable(),
  age: column.smallint().nullable(),
  mood: column.enum("mood", ["sad", "ok"]).default("ok"),
  slug: column.text().generated(sql`lower(email)`),
});
const Membership = model("memberships", {
  userId: column.integer().primaryKey(),
  groupId: column.integer().primaryKey(),
  since: column.date().defaultNow(),
}, { schema: "app", comment: "Who belongs where" });

const SELECT_USER =
  'select "users"."id", "users"."email", "users"."first_name" as "firstName", "users"."age", "users"."mood", "users"."slug"';

async function rejects(promise: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof ValidationError && message.test(error.message));
}

function refuses(run: () => unknown, message: RegExp): void {
  assert.throws(run, (error) => error instanceof ValidationError && message.test(error.message));
}

/** Calls with arguments the compiler would refuse. */
function untyped<Return>(call: (...values: never[]) => Return): (...values: unknown[]) => Return {
  return call as unknown as (...values: unknown[]) => Return;
}

test("Model.insert() names the given columns only and returns the whole row", async () => {
  const fake = new FakeExecutor();
  fake.rows = [{ id: 1, email: "ada@x.org", firstName: "Ada" }];
  const row = await User.insert({ email: "ada@x.org", firstName: "Ada" }, fake.executor);
  assert.deepEqual(fake.last, {
    text:
      'insert into "users" ("email", "first_name") values ($1, $2) returning "users"."id", "users"."email", "users"."first_name" as "firstName", "users"."age", "users"."mood", "users"."slug"',
    values: ["ada@x.org", "Ada"],
    readOnly: false,
  });
  assert.equal(row.firstName, "Ada");
  assert.ok(Object.isFrozen(row));
});

test("Model.insert() without values takes every default", async () => {
  const Visit = model("visits", { id: column.serial().primaryKey(), at: column.timestamptz().defaultNow() });
  const fake = new FakeExecutor();
  fake.rows = [{ id: 1 }];
  await Visit.insert({}, fake.executor);
  assert.equal(fake.last.text, 'insert into "visits" default values returning "visits"."id", "visits"."at"');
});

test("Model.insert() builds its text once for the same columns", async () => {
  const fake = new FakeExecutor();
  fake.rows = [{ id: 1 }];
  const texts: string[] = [];
  const recording = {
    ...fake,
    query: fake.query,
    one: (statement: Sql) => {
      texts.push(statement.text);
      return fake.one(statement);
    },
  };
  const executor = recording as unknown as typeof fake.executor;
  await User.insert({ email: "a" }, executor);
  await User.insert({ email: "b" }, executor);
  assert.equal(texts[0], texts[1]);
});

test("Model.insert() refuses what cannot be inserted, naming the column, and sends nothing", async () => {
  const fake = new FakeExecutor();
  const insert = untyped(User.on(fake.executor).insert.bind(User.on(fake.executor)));
  await rejects(insert({}), /column "email" of model "users": it has no default and was not given/);
  await rejects(
    insert({ email: "a", emial: "b" }),
    /property "emial" of model "users".*did you mean "email"\?/,
  );
  await rejects(insert({ email: "a", zzz: 1 }), /use id, email, firstName, age, mood, slug/);
  await rejects(
    insert({ email: 7 }),
    /column "email".*varchar\(20\) and an integer was given; give a string/,
  );
  await rejects(insert({ email: "x".repeat(21) }), /at most 20 characters/);
  await rejects(insert({ email: null }), /column "email".*not nullable/);
  await rejects(insert({ email: undefined }), /column "email".*undefined was given; leave it out/);
  await rejects(insert({ email: "a", age: 40_000 }), /column "age".*from -32768 to 32767/);
  await rejects(insert({ email: "a", age: 1.5 }), /number with a fraction/);
  await rejects(insert({ email: "a", mood: "great" }), /column "mood".*one of "sad", "ok"/);
  await rejects(insert({ email: "a", slug: "a" }), /column "slug".*PostgreSQL generates it/);
  await rejects(insert(undefined), /values of model "users": undefined was given/);
  await rejects(insert([]), /an array was given/);
  assert.equal(fake.statements.length, 0);
});

test("Model.findById() finds a row by its key as a read", async () => {
  const fake = new FakeExecutor();
  assert.equal(await User.findById(7, fake.executor), undefined);
  assert.deepEqual(fake.last, {
    text: `${SELECT_USER} from "users" where "users"."id" = $1`,
    values: [7],
    readOnly: true,
  });
  fake.rows = [{ id: 7, firstName: null }];
  const row = await User.findById(7, fake.executor);
  assert.deepEqual(row, { id: 7, firstName: null });
  assert.ok(Object.isFrozen(row));
});

test("Model.findById() takes an object for a key of several columns", async () => {
  const fake = new FakeExecutor();
  await Membership.findById({ groupId: 2, userId: 1 }, fake.executor);
  assert.deepEqual(fake.last, {
    text:
      'select "memberships"."user_id" as "userId", "memberships"."group_id" as "groupId", "memberships"."since" from "app"."memberships" where "memberships"."user_id" = $1 and "memberships"."group_id" = $2',
    values: [1, 2],
    readOnly: true,
  });
});

test("Model.findById() refuses what is no key", async () => {
  const fake = new FakeExecutor();
  const find = untyped(User.on(fake.executor).findById.bind(User.on(fake.executor)));
  await rejects(find(undefined), /column "id" of model "users": a row is looked for by it and undefined/);
  await rejects(find(null), /null was given/);
  await rejects(find("7"), /column "id".*integer and a string was given/);
  const findMember = untyped(Membership.on(fake.executor).findById.bind(Membership.on(fake.executor)));
  await rejects(
    findMember(1),
    /key of model "memberships": an integer was given; give an object of userId, groupId/,
  );
  await rejects(findMember({ userId: 1 }), /nothing else/);
  await rejects(findMember({ userId: 1, groupID: 1 }), /column "groupId".*undefined/);
  const Keyless = model("keyless", { label: column.text() }).on(fake.executor);
  await rejects(untyped(Keyless.findById.bind(Keyless))(1), /no primary key/);
  assert.equal(fake.statements.length, 0);
});

test("Model.on() binds to an executor, and a call may name another", async () => {
  const pool = new FakeExecutor();
  const tx = new FakeExecutor();
  const users = User.on(pool.executor);
  await users.findById(1);
  await users.find().all(tx.executor);
  assert.equal(pool.statements.length, 1);
  assert.equal(tx.statements.length, 1);
  assert.equal(users.email, User.email);
});

test("a model refuses to run on nothing or on something else", async () => {
  await rejects(
    untyped(User.findById.bind(User))(1),
    /model "users": it has no pool to run on.*User\.on\(pool\)/,
  );
  await rejects(untyped(User.findById.bind(User))(1, {}), /no pool and no transaction/);
  refuses(() => untyped(User.on.bind(User))(undefined), /no pool to run on/);
});

test("a parameter the pool refuses is named by its column", async () => {
  const refusal = new ValidationError("parameter $2 of type int2", "an integer was given; give less");
  const executor = { query: () => Promise.reject(refusal), one: () => Promise.reject(refusal) };
  const users = User.on(executor as unknown as FakeExecutor["executor"]);
  await rejects(
    users.insert({ email: "a", age: 1 }),
    /^Cannot use column "age" of model "users": an integer was given; give less$/,
  );
  await rejects(users.insert({ email: "a" }), /parameter \$2 of type int2/);
  await rejects(users.findById(1), /parameter \$2 of type int2/);
});

test("a model is a fragment and so are its columns", () => {
  const query =
    sql`select lower(${User.email}) from ${User} join ${Membership} on ${Membership.userId} = ${User.id}`;
  assert.equal(
    query.text,
    'select lower("users"."email") from "users" join "app"."memberships" on "memberships"."user_id" = "users"."id"',
  );
});

test("model() names columns in snake case unless they say otherwise", () => {
  const M = model("m", {
    firstName: column.text(),
    userID: column.integer(),
    htmlBody2: column.text(),
    HTMLBody: column.text().name("Raw HTML"),
  });
  assert.deepEqual(
    [M.firstName, M.userID, M.htmlBody2, M.HTMLBody].map((each) => each.columnName),
    ["first_name", "user_id", "html_body2", "Raw HTML"],
  );
});

test("model() refuses names and columns that cannot be used", () => {
  const make = untyped(model);
  refuses(
    () => make("app.users", { id: column.text() }),
    /holds a dot.*model\("users", …, \{ schema: "app" \}\)/,
  );
  refuses(() => make("", { id: column.text() }), /empty/);
  refuses(() => make(undefined, { id: column.text() }), /undefined/);
  refuses(() => make("x".repeat(64), { id: column.text() }), /64 bytes/);
  refuses(() => make("t", {}), /model "t": it has no columns/);
  refuses(() => make("t", { id: "text" }), /column "id" of model "t": it is not a column/);
  refuses(() => make("t", { find: column.text() }), /column "find".*\.name\("find"\)/);
  refuses(
    () => make("t", { a: column.text(), b: column.text().name("a") }),
    /"a" and "b" are both the column "a"/,
  );
  refuses(() => make("t", { id: column.text() }, { shcema: "x" }), /option "shcema"/);
});

test("column modifiers refuse what contradicts", () => {
  refuses(() => column.text().primaryKey().nullable(), /nullable and a primary key/);
  refuses(() => column.text().nullable().primaryKey(), /nullable and a primary key/);
  refuses(() => column.identity().default(1), /has identity already/);
  refuses(() => column.text().defaultNow(), /this is text/);
  const broken = column.integer();
  refuses(() => untyped(broken.default.bind(broken))(undefined), /default is undefined/);
  refuses(() => untyped(broken.default.bind(broken))("1"), /does not fit integer/);
  refuses(() => untyped(broken.generated.bind(broken))("1"), /expression of generated\(\): it is a string/);
  refuses(() => untyped(broken.references.bind(broken))("users.id"), /takes a function/);
  refuses(() => column.varchar(0), /10,485,760/);
  refuses(() => untyped(column.bigint)({ mode: "float" }), /mode "float"/);
  refuses(() => untyped(column.enum)("mood", []), /labels/);
});

test("a column's mode holds whatever the pool decodes", async () => {
  const M = model("m", {
    id: column.bigint().primaryKey(),
    small: column.bigint({ mode: "number" }),
    text: column.bigint({ mode: "string" }),
    price: column.numeric({ mode: "number" }),
    many: column.bigint({ mode: "number" }).array().nullable(),
  });
  const fake = new FakeExecutor();
  fake.rows = [
    { id: 1n, small: 2n, text: 3n, price: "1.50", many: [1n, null] },
    { id: 2, small: 3, text: 4, price: 2.5, many: null },
  ];
  const rows = await M.find().all(fake.executor);
  assert.deepEqual(rows[0], { id: 1n, small: 2, text: "3", price: 1.5, many: [1, null] });
  fake.rows = [{ id: 2, small: 3, text: 4, price: 2.5, many: null }];
  assert.deepEqual(await M.findById(2n, fake.executor), {
    id: 2n,
    small: 3,
    text: "4",
    price: 2.5,
    many: null,
  });
  fake.rows = [{ id: 1n, small: 2n ** 60n, text: 3n, price: "1", many: null }];
  await assert.rejects(M.findById(1n, fake.executor), DecodeError);
  fake.rows = [{ id: 1n, small: 1n, text: 3n, price: "0.1234567890123456789", many: null }];
  await assert.rejects(M.findById(1n, fake.executor), /more digits than a number keeps/);
  for (
    const [text, number] of [["-0.00001200", -0.000012], ["1e3", 1000], ["100", 100], ["0.0", 0]] as const
  ) {
    fake.rows = [{ id: 1n, small: 1n, text: "3", price: text, many: null }];
    assert.equal((await M.findById(1n, fake.executor))?.price, number);
  }
});
