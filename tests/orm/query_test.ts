import assert from "node:assert/strict";
import { and, column, model, not, or } from "../../orm/mod.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { test } from "../harness.ts";
import { FakeExecutor } from "./fake_executor.ts";

const User = model("users", {
  id: column.identity().primaryKey(),
  email: column.text(),
  age: column.integer().nullable(),
  active: column.boolean(),
  tags: column.text().array(),
});
const FROM = 'from "users"';
const ALL = `select "users"."id", "users"."email", "users"."age", "users"."active", "users"."tags" ${FROM}`;

function golden(query: { toSQL(): Sql }, text: string, values: readonly unknown[] = []): void {
  const statement = query.toSQL();
  assert.equal(statement.text, ALL + text);
  assert.deepEqual(statement.values, values);
  assert.equal(sql`${statement}`.text, statement.text, "strings and text must agree");
}

function refuses(run: () => unknown, message: RegExp): void {
  assert.throws(run, (error) => error instanceof ValidationError && message.test(error.message));
}

function untyped<Return>(call: (...values: never[]) => Return): (...values: unknown[]) => Return {
  return call as unknown as (...values: unknown[]) => Return;
}

test("Query.where() writes every operator", () => {
  const { id, email, age, tags } = User;
  const find = User.find();
  golden(find, "");
  golden(find.where(age.eq(1)), ' where "users"."age" = $1', [1]);
  golden(find.where(age.ne(1)), ' where "users"."age" <> $1', [1]);
  golden(find.where(age.gt(1)), ' where "users"."age" > $1', [1]);
  golden(find.where(age.gte(1)), ' where "users"."age" >= $1', [1]);
  golden(find.where(age.lt(1)), ' where "users"."age" < $1', [1]);
  golden(find.where(age.lte(1)), ' where "users"."age" <= $1', [1]);
  golden(find.where(age.between(1, 2)), ' where "users"."age" between $1 and $2', [1, 2]);
  golden(find.where(id.in([1, 2])), ' where "users"."id" = any($1)', [[1, 2]]);
  golden(find.where(id.in([])), ' where "users"."id" = any($1)', [[]]);
  golden(find.where(id.notIn([1])), ' where "users"."id" <> all($1)', [[1]]);
  golden(find.where(age.isNull()), ' where "users"."age" is null');
  golden(find.where(age.isNotNull()), ' where "users"."age" is not null');
  golden(find.where(email.like("a%")), ' where "users"."email" like $1', ["a%"]);
  golden(find.where(email.ilike("a%")), ' where "users"."email" ilike $1', ["a%"]);
  golden(find.where(tags.eq(["a"])), ' where "users"."tags" = $1', [["a"]]);
});

test("Query.where() compares with columns and fragments", () => {
  const find = User.find();
  golden(find.where(User.age.gt(User.id)), ' where "users"."age" > "users"."id"');
  golden(find.where(User.age.lt(sql`${User.id} + ${5}`)), ' where "users"."age" < ("users"."id" + $1)', [5]);
  golden(find.where(User.age.between(User.id, 9)), ' where "users"."age" between "users"."id" and $1', [9]);
  golden(find.where(User.email.like(sql`${"a"} || '%'`)), ` where "users"."email" like ($1 || '%')`, ["a"]);
  golden(
    find.where(sql`lower(${User.email}) = ${"x"}`).where(User.active),
    ' where lower("users"."email") = $1 and "users"."active"',
    ["x"],
  );
});

test("Query.where() takes an object of values, null meaning is null", () => {
  golden(
    User.find().where({ email: "x", age: null }),
    ' where "users"."email" = $1 and "users"."age" is null',
    ["x"],
  );
  golden(User.find().where({}), "");
});

test("and(), or() and not() nest, and of nothing are true and false", () => {
  const { age, email, active } = User;
  golden(
    User.find().where(or(and(age.gte(18), email.like("a%")), not(active))),
    ' where (("users"."age" >= $1 and "users"."email" like $2) or not ("users"."active"))',
    [18, "a%"],
  );
  golden(User.find().where(or(sql`1 = ${1}`, active)), ' where (1 = $1 or "users"."active")', [1]);
  golden(User.find().where(and(age.eq(1))), ' where "users"."age" = $1', [1]);
  golden(User.find().where(and()), " where true");
  golden(User.find().where(or()), " where false");
  refuses(() => untyped(and)("a"), /condition of and\(\): it is a string/);
  refuses(() => untyped(not)(undefined), /condition of not\(\): it is undefined/);
});

test("Query.orderBy(), limit() and offset() follow the conditions", () => {
  golden(
    User.find().limit(5).orderBy(User.age.desc({ nulls: "last" }), User.id).where(User.age.gt(1)).offset(10),
    ' where "users"."age" > $1 order by "users"."age" desc nulls last, "users"."id" limit $2 offset $3',
    [1, 5, 10],
  );
  golden(User.find().limit(5).limit(6), " limit $1", [6]);
  golden(
    User.find().orderBy(sql`${User.age} <-> ${3}`, User.email.asc()).offset(1),
    ' order by "users"."age" <-> $1, "users"."email" asc offset $2',
    [3, 1],
  );
});

test("Query's last calls ask for what they need", async () => {
  const fake = new FakeExecutor();
  const query = User.find().where(User.age.gt(1)).orderBy(User.id);
  const where = ' where "users"."age" > $1';
  fake.rows = [{ id: 1 }];
  assert.deepEqual(await query.one(fake.executor), { id: 1 });
  assert.equal(fake.last.text, `${ALL}${where} order by "users"."id" limit 2`);
  assert.ok(Object.isFrozen(await query.maybeOne(fake.executor)));
  assert.deepEqual(await query.first(fake.executor), { id: 1 });
  assert.equal(fake.last.text, `${ALL}${where} order by "users"."id" limit 1`);
  await query.limit(9).first(fake.executor);
  assert.equal(fake.last.text, `${ALL}${where} order by "users"."id" limit $2`);
  fake.rows = [{ count: 3 }];
  assert.equal(await query.count(fake.executor), 3);
  assert.equal(fake.last.text, `select count(*) ${FROM}${where}`);
  await query.limit(2).offset(1).count(fake.executor);
  assert.deepEqual(fake.last, {
    text: `select count(*) from (select 1 ${FROM}${where} limit $2 offset $3) as "counted"`,
    values: [1, 2, 1],
    readOnly: true,
  });
  fake.rows = [{ exists: true }];
  assert.equal(await query.exists(fake.executor), true);
  assert.equal(fake.last.text, `select exists (select 1 ${FROM}${where}) as "exists"`);
  fake.rows = [];
  assert.equal(await query.first(fake.executor), undefined);
  assert.equal(await query.maybeOne(fake.executor), undefined);
});

test("Query is immutable: a query can be narrowed twice", () => {
  const adults = User.find().where(User.age.gte(18));
  golden(adults.where(User.active), ' where "users"."age" >= $1 and "users"."active"', [18]);
  golden(adults.limit(1), ' where "users"."age" >= $1 limit $2', [18, 1]);
  golden(adults, ' where "users"."age" >= $1', [18]);
});

test("Query builds its text once for a shape, whatever the values", () => {
  const make = (age: number, name: string): readonly string[] =>
    User.find()
      .where(or(User.age.gte(age), User.email.eq(name)))
      .where({ active: true })
      .orderBy(User.id.desc())
      .limit(age)
      .toSQL().strings;
  assert.equal(make(1, "a"), make(2, "b"));
  const raw = (age: number): readonly string[] => User.find().where(sql`age > ${age}`).toSQL().strings;
  assert.equal(raw(1), raw(2));
});

test("Query is sent as a read unless it holds SQL of the caller's own", async () => {
  const fake = new FakeExecutor();
  await User.find().where(and(User.age.gt(1), User.age.lt(User.id))).orderBy(User.id.asc()).limit(1).all(
    fake.executor,
  );
  assert.equal(fake.last.readOnly, true);
  await User.find().where(sql`nextval('s') > 0`).all(fake.executor);
  assert.equal(fake.last.readOnly, false);
  await User.find().where(and(User.active, sql`nextval('s') > 0`)).all(fake.executor);
  assert.equal(fake.last.readOnly, false);
});

test("Query stands in sql as a subquery", () => {
  const adults = User.find().where(User.age.gte(18)).limit(3);
  const query = sql`select count(*) from (${adults}) a where ${7} > 0`;
  assert.equal(query.text, `select count(*) from (${ALL} where "users"."age" >= $1 limit $2) a where $3 > 0`);
  assert.deepEqual(query.values, [18, 3, 7]);
});

test("Query refuses bad input and names it", () => {
  const find = User.find();
  const where = untyped(find.where.bind(find));
  refuses(() => where("age > 1"), /condition of model "users": it is a string; write it with the sql tag/);
  refuses(() => where(undefined), /it is undefined/);
  refuses(() => where({ emial: "x" }), /property "emial".*did you mean "email"\?/);
  refuses(
    () => where({ email: undefined }),
    /column "email" of model "users": it is compared with undefined/,
  );
  refuses(() => where({ email: 7 }), /column "email".*text and an integer was given; give a string/);
  refuses(() => untyped(User.age.eq.bind(User.age))(null), /compared with null.*isNull\(\)/);
  refuses(() => untyped(User.age.in.bind(User.age))([1, undefined]), /compared with undefined/);
  refuses(() => untyped(User.age.in.bind(User.age))(1), /looked for in an integer; give an array/);
  refuses(() => User.tags.in([["a"]]), /it is an array/);
  refuses(() => untyped(User.email.like.bind(User.email))(1), /its pattern is an integer; give a string/);
  refuses(() => untyped(User.age.asc.bind(User.age))({ nulls: "middle" }), /"first" or "last"/);
  refuses(() => untyped(find.orderBy.bind(find))("age"), /an order of model "users": it is a string/);
  for (const bad of [-1, 1.5, NaN, "1", undefined, Infinity]) {
    refuses(
      () => untyped(find.limit.bind(find))(bad),
      /the limit of model "users": it is not a whole number/,
    );
    refuses(() => untyped(find.offset.bind(find))(bad), /the offset/);
  }
});

test("Query remembers a bounded number of shapes and stays right beyond", () => {
  const find = User.find();
  for (let i = 0; i < 5_000; i++) find.where(sql.unsafe(`${i} = ${i}`));
  let chain = find;
  for (let i = 0; i < 3_000; i++) chain = chain.where(User.age.gt(i));
  assert.equal(chain.toSQL().values.length, 3_000);
  golden(find.where(User.email.ne("q")).limit(1), ' where "users"."email" <> $1 limit $2', ["q", 1]);
});
