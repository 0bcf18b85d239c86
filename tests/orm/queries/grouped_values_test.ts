/** Expressions with values that are selected and grouped by. */
import assert from "node:assert/strict";
import { caseWhen, column, fn, model, output, param } from "../../../orm/mod.ts";
import { PostgresError } from "../../../pool/mod.ts";
import { testOnBoth } from "../../testkit/databases.ts";

const Sale = model("sales", {
  id: column.identity().primaryKey(),
  shop: column.text(),
  total: column.integer(),
});

const sized = (limit: number) => caseWhen(Sale.total.lt(limit), "small").else("large");

testOnBoth("an expression with values is selected and grouped by", { models: [Sale] }, async (pool) => {
  await Sale.insertMany([
    { shop: "a", total: 1 },
    { shop: "a", total: 7 },
    { shop: "b", total: 8 },
  ], pool);
  const size = sized(5);
  const counted = { shop: Sale.shop, size, sales: fn.count() };
  const text =
    'select "sales"."shop", case when "sales"."total" < $1 then $2::text else $3::text end as "size", ' +
    'count(*) as "sales" from "sales" group by "sales"."shop", 2 having count(*) > $4 order by "shop", "size"';
  const rows = [
    { shop: "a", size: "large", sales: 1 },
    { shop: "a", size: "small", sales: 1 },
    { shop: "b", size: "large", sales: 1 },
  ];
  // Selected before or after, the same object or one of the same values.
  const queries = [
    Sale.find().select(counted).groupBy(Sale.shop, size),
    Sale.find().groupBy(Sale.shop, sized(5)).select(counted),
  ].map((query) => query.having(fn.count().gt(0)).orderBy(output("shop"), output("size")));
  for (const query of queries) {
    assert.equal(query.toSQL().text, text);
    assert.deepEqual(query.toSQL().values, [5, "small", "large", 0]);
    assert.deepEqual(await query.all(pool), rows);
    assert.equal(await query.count(pool), 3);
    assert.equal(await query.exists(pool), true);
  }
  const again = Sale.find().select(counted).groupBy(Sale.shop, size);
  assert.equal(again.toSQL().strings, Sale.find().select(counted).groupBy(Sale.shop, size).toSQL().strings);

  // Other values are another expression.
  const other = Sale.find().select(counted).groupBy(Sale.shop, sized(6));
  assert.match(other.toSQL().text, /group by "sales"\."shop", case when "sales"\."total" < \$4 then /);
  await assert.rejects(other.all(pool), (error: unknown) => {
    assert.ok(error instanceof PostgresError);
    assert.match(
      error.message,
      /; an expression with placeholders is another each time it is written, so group and order by/,
    );
    return true;
  });
  const [one, two] = [sized(5), sized(8)];
  const both = Sale.find().select({ one, two, sales: fn.count() }).groupBy(two, one).orderBy(
    output("two"),
    output("one"),
  );
  assert.match(both.toSQL().text, /group by 2, 1 order by "two", "one"$/);
  assert.deepEqual(await both.all(pool), [
    { one: "large", two: "large", sales: 1 },
    { one: "large", two: "small", sales: 1 },
    { one: "small", two: "small", sales: 1 },
  ]);

  // Inside of another query, and prepared with a parameter.
  const inner = Sale.find().select({ size, sales: fn.count() }).groupBy(size);
  assert.deepEqual(
    await inner.unionAll(Sale.find().select({ size, sales: fn.count() }).groupBy(size)).orderBy(
      output("size"),
      output("sales"),
    ).all(pool),
    [{ size: "large", sales: 2 }, { size: "large", sales: 2 }, { size: "small", sales: 1 }, {
      size: "small",
      sales: 1,
    }],
  );
  const limited = caseWhen(Sale.total.lt(param("limit")), "small").else("large");
  const prepared = Sale.find().select({ limited, sales: fn.count() }).groupBy(limited).orderBy(
    output("limited"),
  ).prepare();
  assert.deepEqual(await prepared.all({ limit: 8 }, pool), [{ limited: "large", sales: 1 }, {
    limited: "small",
    sales: 2,
  }]);
  assert.deepEqual(await prepared.all({ limit: 0 }, pool), [{ limited: "large", sales: 3 }]);
});
