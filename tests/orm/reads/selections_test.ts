/** Selections that look alike are not taken for one another, and rows have just the properties that were named. */
import assert from "node:assert/strict";
import { column, cte, fn, from, model } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";
import { testOnServer } from "../../testkit/databases.ts";

const Item = model("items", {
  id: column.integer().primaryKey(),
  big: column.bigint(),
  name: column.text().nullable(),
});
const ItemByNumber = model("items", {
  id: column.integer().primaryKey(),
  big: column.bigint({ mode: "number" }),
  name: column.text().selectAs((name) => sql`coalesce(${name}, '?') || '!'`),
});
const Key = model("items", { id: column.integer().primaryKey() });
const Owner = model("owners", {
  id: column.integer().primaryKey(),
  itemId: column.integer().nullable(),
  nick: column.text().nullable(),
});

const prepared = {
  models: [Item, Owner],
  migrate: [
    sql`insert into items values (1, 9007199254740993, 'one'), (2, 2, null)`,
    sql`insert into owners values (1, 1, null), (2, null, null), (3, 1, 'c')`,
  ],
};

test("what cannot be told apart is refused when it is named", () => {
  const refused = (select: () => unknown, message: RegExp): void => {
    assert.throws(select, (error) => error instanceof ValidationError && message.test(error.message));
  };
  refused(() => Item.find().select({ a: {}, b: Item.id }), /"a" of model "items": it is empty/);
  refused(() => Item.find().select({ "a.b": Item.id }), /holds a dot/);
  refused(() => Item.find().select({ "a\0b": Item.id }), /"a\\0b" of model "items": its name holds a NUL/);
  refused(() => Item.find().omit("id", "big", "name"), /omit\(\) leaves no column/);
  const one = cte("picked", Item.find().where(Item.id.eq(1)).select({ id: Item.id }));
  const two = cte("picked", Item.find().where(Item.id.eq(2)).select({ id: Item.id }));
  refused(() => from(one).withCte(two), /two different common table expressions of it are named "picked"/);
  const early = Owner.find().select({ nick: Owner.nick, item: Item.id });
  refused(
    () => early.leftJoin(Item, Item.id.eq(Owner.itemId)),
    /leftJoin\(\) of "items" comes after select\(\)/,
  );
  refused(() => early.fullJoin(Item, Item.id.eq(Owner.itemId)), /whose columns of it it may leave null/);
  const nested = Owner.find().select({ owner: { id: Owner.id } });
  refused(() => nested.rightJoin(Item, Item.id.eq(Owner.itemId)), /whose nested objects it may leave null/);
  assert.ok(early.join(Item, Item.id.eq(Owner.itemId)).leftJoin(Item.as("other"), Item.id.eq(1)).toSQL());
  assert.equal(from(one).withCte(one).toSQL().text, from(one).toSQL().text);
});

testOnServer(
  "selections of the same expressions keep their names and structures apart",
  prepared,
  async (pool) => {
    const items = Item.on(pool).find().orderBy(Item.id);
    const names = ["*a", "constructor", "toString", "__proto__", 'a"b', "é".repeat(31), "a b", "~0", "$1"];
    for (const name of names) {
      const flat = await items.select(Object.fromEntries([[name, Item.id]])).first();
      assert.deepEqual(Object.entries(flat!), [[name, 1]]);
      const nested = await items.select({ x: Object.fromEntries([[name, Item.id], ["y", Item.big]]) })
        .first();
      assert.deepEqual(Object.entries(nested!.x), [[name, 1], ["y", 9_007_199_254_740_993n]]);
      assert.equal(Object.getPrototypeOf(nested!.x), Object.prototype);
      assert.ok(Object.isFrozen(nested!.x) && Object.isFrozen(nested));
      if (name.length > 20) continue;
      const deep = await items.select(Object.fromEntries([[name, { id: Item.id }]])).first();
      assert.deepEqual(Object.entries(deep!), [[name, { id: 1 }]]);
    }
    const keys = Key.on(pool).find().orderBy(Key.id);
    assert.deepEqual(await keys.select({ a: Key }).first(), { a: { id: 1 } });
    assert.deepEqual(await keys.select({ "*a": { id: Key.id } }).first(), { "*a": { id: 1 } });
    assert.deepEqual(await keys.select({ a: { id: Key.id } }).first(), { a: { id: 1 } });
    assert.deepEqual(await items.only("id", "id").first(), { id: 1 });
  },
);

testOnServer("two models of one table convert its columns each in its way", prepared, async (pool) => {
  const owners = Owner.on(pool).find().where(Owner.id.eq(2));
  const by = ItemByNumber.id.eq(2);
  assert.deepEqual(await owners.select({ big: Item.big }).join(Item, Item.id.eq(2)).one(), { big: 2n });
  assert.deepEqual(await owners.select({ big: ItemByNumber.big }).join(ItemByNumber, by).one(), { big: 2 });
  const sum = await owners.select({ big: ItemByNumber.big.plus(1) }).join(ItemByNumber, by).one();
  assert.deepEqual(sum, { big: 3 });
});

testOnServer("what selectAs() makes is not made again by what selects from it", prepared, async (pool) => {
  const named = ItemByNumber.find().where(ItemByNumber.id.eq(2)).as("named");
  assert.deepEqual(await from(named).one(pool), { id: 2, big: 2, name: "?!" });
  const common = cte("common", ItemByNumber.find().where(ItemByNumber.id.eq(2)));
  assert.deepEqual(await from(common).select({ name: common.name }).one(pool), { name: "?!" });
});

testOnServer("a nested source is null only where an outer join left it out", prepared, async (pool) => {
  const owned = Owner.find().leftJoin(Item, Item.id.eq(Owner.itemId))
    .select({ owner: Owner.id, item: Item.id }).as("owned");
  const joined = Owner.on(pool).find().join(owned, owned.owner.eq(Owner.id)).orderBy(Owner.id);
  assert.deepEqual(await joined.select({ owned }).all(), [
    { owned: { owner: 1, item: 1 } },
    { owned: { owner: 2, item: null } },
    { owned: { owner: 3, item: 1 } },
  ]);
  const sums = Owner.find().select({ least: fn.min(Owner.nick), item: Owner.itemId, owners: fn.count() })
    .groupBy(Owner.itemId).as("sums");
  const items = Item.on(pool).find().leftJoin(sums, sums.item.eq(Item.id)).orderBy(Item.id).select({
    id: Item.id,
    sums,
  });
  assert.deepEqual(await items.all(), [
    { id: 1, sums: { least: "c", item: 1, owners: 2 } },
    { id: 2, sums: null },
  ]);
  const nicks = Owner.find().select({ nick: Owner.nick }).where(Owner.id.eq(1)).as("nicks");
  assert.deepEqual(await from(nicks).select({ nicks }).one(pool), { nicks: { nick: null } });
});
