/** Views with their queries, materialized views, and the order they are created in. */
import assert from "node:assert/strict";
import {
  column,
  createTables,
  createTablesSQL,
  dropTables,
  fn,
  index,
  materializedView,
  model,
} from "../../../orm/mod.ts";
import { orderedViews } from "../../../orm/compiling/ddl/view_order.ts";
import { type Sql, sql } from "../../../pool/sql/sql.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";
import { testOnAll } from "./on_all.ts";

const Sale = model("sales", {
  id: column.identity().primaryKey(),
  shopName: column.text(),
  cents: column.integer(),
});
// Declared before what it is made of, and given first.
const BestShop = model("best shops", { shopName: column.text() }, {
  query: () =>
    sql`select shop_name from ${ShopTotal} where cents > ${100} -- of "shop_totals", 'not "best shops"'`,
});
const ShopTotal = materializedView("shop_totals", { shopName: column.text(), cents: column.bigint() }, {
  schema: "Stats",
  query: () =>
    LargeSale.find().select({ shopName: LargeSale.shopName, cents: fn.sum(LargeSale.cents) })
      .groupBy(LargeSale.shopName),
  indexes: (t) => [index(t.shopName).unique()],
  comment: "What shops took",
});
const LargeSale = model("large_sales", { shopName: column.text(), cents: column.integer() }, {
  query: () => Sale.find().select({ shopName: Sale.shopName, cents: Sale.cents }).where(Sale.cents.gte(10)),
});

const texts = (statements: readonly Sql[]): string[] => statements.map((statement) => statement.text);

testOnAll(
  "createTables() creates views after what they are made of, and refresh() renews them",
  async (pool) => {
    const models = [BestShop, ShopTotal, LargeSale, Sale];
    const statements = texts(createTablesSQL(models));
    assert.deepEqual(statements.filter((text) => text.includes("view")).map((text) => text.split("\n")[0]), [
      `create view "large_sales" as select "shown"."shopName" as "shop_name", "shown"."cents" as "cents" from (` +
      `select "sales"."shop_name" as "shopName", "sales"."cents" from "sales" where "sales"."cents" >= 10) as "shown"`,
      `create materialized view "Stats"."shop_totals" as select "shown"."shopName" as "shop_name", "shown"."cents" as ` +
      `"cents" from (select "large_sales"."shop_name" as "shopName", sum("large_sales"."cents") as "cents" ` +
      `from "large_sales" group by "large_sales"."shop_name") as "shown"`,
      `comment on materialized view "Stats"."shop_totals" is 'What shops took'`,
      `create view "best shops" as select shop_name from "Stats"."shop_totals" where cents > 100 ` +
      `-- of "shop_totals", 'not "best shops"'`,
    ]);
    await createTables(models, pool);
    await createTables(models, pool, { ifNotExists: true });
    await Sale.insertMany([1, 60, 70].map((cents) => ({ shopName: "Kiel", cents })), pool);
    assert.equal(await ShopTotal.find().count(pool), 0);
    await ShopTotal.refresh(pool);
    assert.deepEqual(await ShopTotal.find().all(pool), [{ shopName: "Kiel", cents: 130n }]);
    assert.deepEqual(await BestShop.find().all(pool), [{ shopName: "Kiel" }]);
    await Sale.insert({ shopName: "Ulm", cents: 10 }, pool);
    const bound = ShopTotal.on(pool);
    await bound.refresh({ concurrently: true });
    assert.equal(await bound.find().count(), 2);
    await pool.transaction((tx) => bound.refresh(tx, { data: false }));
    await assert.rejects(bound.find().all(), /has not been populated/);
    await dropTables(models, pool);
    assert.equal(await pool.value(sql`select count(*)::int from pg_class where relname = 'large_sales'`), 0);
  },
);

testOnAll("createTables() still takes the queries of views by its option", async (pool) => {
  const Total = model("totals", { cents: column.bigint() }, { view: "view" });
  await createTables([Sale, LargeSale, Total], pool, {
    views: [[Total, sql`select sum(cents) as cents from large_sales`], [
      LargeSale,
      sql`select shop_name, 7 as cents from ${Sale}`,
    ]],
  });
  await Sale.insert({ shopName: "Kiel", cents: 1 }, pool);
  assert.deepEqual(await Total.find().all(pool), [{ cents: 7n }]);
  await dropTables([Sale, Total, LargeSale], pool, { cascade: true });
});

test("refresh() is there for materialized views alone, and refuses what cannot be", async () => {
  const Plain = model("plain", { refresh: column.text() });
  assert.equal(Plain.refresh.columnName, "refresh");
  // @ts-expect-error: a view that is computed each time has nothing to refresh
  assert.equal(BestShop.refresh, undefined);
  await assert.rejects(ShopTotal.refresh(), /no pool to run on/);
  await assert.rejects(
    ShopTotal.refresh({ query() {} } as never, { concurrently: true, data: false }),
    /cannot be emptied while it is read/,
  );
  // @ts-expect-error: an option that is none
  await assert.rejects(ShopTotal.refresh({ concurently: true }), ValidationError);
  assert.throws(
    () => materializedView("m", { refresh: column.text() as never }),
    /has a property of this name/,
  );
  assert.throws(
    () => model("m", { a: column.text() }, { query: "select 1" as never }),
    /option "query" of model "m"/,
  );
  assert.throws(
    () => createTablesSQL([model("m", { a: column.text() }, { query: () => 1 as never })]),
    /it is/,
  );
  assert.throws(
    () => model("m", { a: column.text() }, { query: sql`select`, partitionBy: (t) => ({ range: [t.a] }) }),
    /it is for tables and this is a view/,
  );
});

test("orderedViews() takes names from quotes and from plain words, and none from strings and comments", () => {
  const order = (...views: [string, string][]): string =>
    orderedViews(views.map(([name, query]) => ({ name, query }))).map(({ name }) => name).join(" ");
  assert.equal(order(["a", "select * from B"], ["b", ""]), "b a");
  assert.equal(order(["a", 'select * from "B"'], ["b", ""], ["B", ""]), "B a b");
  assert.equal(order(["a", `select 'b', E'\\'b', $$ b $$, $x$ b $x$ -- b\n /* b */`], ["b", ""]), "a b");
  assert.equal(order(["a", 'from x."d""e"'], ['d"e', "from c"], ["c", ""]), 'c d"e a');
  assert.equal(order(["a", "from b"], ["b", "from a"]), "b a");
});
