/** Writes of every row are asked for by all(), never by a condition that turned out to be none. */
import assert from "node:assert/strict";
import { and, column, model, not, or } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { testOnBoth } from "../../testkit/databases.ts";
import { FakeExecutor } from "../fake_executor.ts";

const Item = model("items", {
  id: column.integer().primaryKey(),
  name: column.text().nullable(),
  half: column.integer().generated(sql`id / 2`),
});

test("update() and delete() refuse conditions that leave out no row, and nothing is sent", async () => {
  const fake = new FakeExecutor();
  const never = { name: "ValidationError", message: /it has no condition and would change every row/ };
  for (const condition of [{}, and(), and(and(), and()), not(or()), sql`true`, sql``, sql`(TRUE)`]) {
    for (const write of [Item.update({ name: "x" }), Item.delete(), Item.forceDelete()]) {
      const given = write.where(condition) as unknown as {
        run: typeof run;
        returning: typeof run;
        toSQL: () => unknown;
        all: () => { toSQL: () => { text: string } };
      };
      await assert.rejects(given.run(fake.executor), never);
      await assert.rejects(given.returning(fake.executor), never);
      assert.throws(() => given.toSQL(), never);
      assert.doesNotMatch(given.all().toSQL().text, / where /);
    }
  }
  for (const condition of [{ id: undefined }, undefined, null, [], new Date(), "true"]) {
    assert.throws(() => Item.delete().where(condition as never), { name: "ValidationError" });
  }
  assert.equal(fake.statements.length, 0);
  assert.match(Item.delete().where(or()).toSQL().text, / where false$/);
  assert.match(Item.delete().where(and(and(), Item.id.eq(1))).toSQL().text, / where \(true and "items"/);
});

declare function run(executor: unknown): Promise<unknown>;

test("bulk writes name the row where a list has a hole, and what is no conflict", async () => {
  const fake = new FakeExecutor();
  const rows = [{ id: 1, name: "a" }];
  rows[2] = { id: 3, name: "c" };
  const hole = /in row 2: undefined was given/;
  await assert.rejects(Item.insertMany(rows, fake.executor), hole);
  await assert.rejects(Item.updateMany(rows, fake.executor), hole);
  await assert.rejects(Item.upsertMany(rows, {}, fake.executor), hole);
  const keys = [1];
  keys[2] = 3;
  await assert.rejects(Item.deleteMany(keys, fake.executor), /in row 2: .* undefined was given/);
  for (const conflict of [null, "id", 5]) {
    await assert.rejects(
      Item.upsert({ id: 1 }, { conflict: conflict as never }, fake.executor),
      /^ValidationError: Cannot use the conflict of an upsert of model "items": /,
    );
  }
  assert.equal(fake.statements.length, 0);
});

const Other = model("others", {
  id: column.integer().primaryKey(),
  name: column.text().nullable(),
  half: column.integer().generated(sql`id / 2`),
});

testOnBoth(
  "merge() of a query leaves out the columns that PostgreSQL generates",
  { models: [Item, Other] },
  async (pool) => {
    await Item.insertMany([{ id: 1, name: "a" }, { id: 2, name: "b" }], pool);
    await Other.insertMany([{ id: 2, name: "B" }, { id: 6, name: "F" }], pool);
    assert.equal(await Item.merge(Other.find().as("others_now"), { on: ["id"] }, pool), 2);
    const items = await Item.find().orderBy(Item.id).all(pool);
    assert.deepEqual(items.map(({ name, half }) => [name, half]), [["a", 0], ["B", 1], ["F", 3]]);
  },
);
