/** What is composed means what it says: conditions are operands of others, and fragments hold an `or`. */
import assert from "node:assert/strict";
import { and, column, type Condition, model, not, notExists, or } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { testOnServer } from "../../testkit/databases.ts";

const User = model("users", {
  id: column.integer().primaryKey(),
  age: column.integer().nullable(),
  name: column.text(),
  deletedAt: column.timestamptz().nullable(),
}, { softDelete: true, defaultScope: (user) => sql`${user.id} < 90 or ${user.id} = 99` });
const { age, id, name, deletedAt } = User;

const prepared = {
  models: [User],
  migrate: [sql`insert into users values (1, 10, 'a', null), (2, null, 'b', null), (3, 30, 'c', now()),
    (4, 40, 'd', null), (95, 40, 'e', null), (99, null, 'f', now())`],
};

test("a fragment that holds an or is joined to other conditions in parentheses", () => {
  const either = sql`age = 30 or age = 40`;
  const where = (query: { toSQL(): { readonly text: string } }): string =>
    query.toSQL().text.replace(/^.* where /, "");
  const plain = User.find().unscoped();
  assert.equal(where(plain.where(either)), '"users"."deleted_at" is null and (age = 30 or age = 40)');
  assert.equal(
    where(plain.where(or(either))),
    '"users"."deleted_at" is null and (age = 30 or age = 40)',
  );
  assert.equal(and(either, id.eq(1)).text, '((age = 30 or age = 40) and "users"."id" = $1)');
  assert.equal(
    where(User.find()),
    '"users"."deleted_at" is null and ("users"."id" < 90 or "users"."id" = 99)',
  );
  assert.equal(and(sql`age = 30`, id.eq(1)).text, '(age = 30 and "users"."id" = $1)');
  const grouped = plain.select({ age }).groupBy(age).having(either).having(age.gt(1)).toSQL().text;
  assert.match(grouped, /having \(age = 30 or age = 40\) and "users"."age" > \$1$/);
  // The same fragment leads to the same text.
  const again = (): string => plain.where(sql`age = ${1} or age = ${2}`).toSQL().text;
  assert.equal(again(), again());
});

test("a condition is put in parentheses where it is an operand, and only there", () => {
  const cases: readonly (readonly [Condition, string])[] = [
    [age.gte(18).eq(false), '("users"."age" >= $1) = $2'],
    [not(age.gt(5)).isNull(), '(not ("users"."age" > $1)) is null'],
    [age.isNull().eq(deletedAt.isNull()), '("users"."age" is null) = ("users"."deleted_at" is null)'],
    [and(age.isNull()).isNull(), '("users"."age" is null) is null'],
    [and(age.isNull(), id.eq(1)).isNull(), '("users"."age" is null and "users"."id" = $1) is null'],
    [not(age.isNull()), 'not ("users"."age" is null)'],
    [id.in([1]).in([true]), '("users"."id" = any($1)) = any($2)'],
    [age.plus(1).gt(2), '("users"."age" + $1) > $2'],
    [
      name.like("a%").isDistinctFrom(name.eq("a")),
      '("users"."name" like $1) is distinct from ("users"."name" = $2)',
    ],
    [
      id.eq(User.find().unscoped().withTrashed().select({ id: User.id }).limit(1) as never),
      '"users"."id" = (select "users"."id" from "users" limit $1)',
    ],
    [
      notExists(User.find().unscoped().withTrashed().select({ id: User.id })).isNull(),
      '(not exists (select "users"."id" from "users")) is null',
    ],
    [age.between(1, 2).isTrue(), '("users"."age" between $1 and $2) is true'],
  ];
  for (const [condition, text] of cases) assert.equal(condition.text, text);
  const twice = (): readonly string[] => age.gte(18).eq(false).strings;
  assert.equal(twice(), twice());
});

testOnServer("conditions of conditions find the rows they name", prepared, async (pool) => {
  const found = async (condition: Condition): Promise<number[]> => {
    const rows = await User.find().unscoped().withTrashed().where(condition).orderBy(id).all(pool);
    return rows.map((row) => row.id);
  };
  assert.deepEqual(await found(age.gte(18).eq(false)), [1]);
  assert.deepEqual(await found(not(age.gt(5)).isNull()), [2, 99]);
  assert.deepEqual(await found(age.isNull().eq(deletedAt.isNull())), [2, 3]);
  assert.deepEqual(await found(age.isNull().isDistinctFrom(deletedAt.isNull())), [1, 4, 95, 99]);
  assert.deepEqual(await found(id.in([1, 2]).in([true])), [1, 2]);
});

testOnServer(
  "neither a fragment nor a scope with an or brings soft-deleted rows back",
  prepared,
  async (pool) => {
    const users = User.on(pool);
    const either = sql`age = 30 or age = 40`;
    assert.deepEqual((await users.find().where(either).all()).map((row) => row.id), [4]);
    assert.equal(await users.find().where(either).count(), 1);
    assert.equal(await users.find().where(sql`id = 3 or id = 99`).exists(), false);
    assert.deepEqual((await users.find().orderBy(id).all()).map((row) => row.id), [1, 2, 4]);
    assert.equal(await users.findById(99), undefined);
    const [four, deleted] = await Promise.all([users.findById(4), users.findById(99)]);
    assert.deepEqual([four?.id, deleted], [4, undefined]);
  },
);
