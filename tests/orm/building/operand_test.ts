/** Fragments of the caller's own as operands mean what they say, whatever operators they hold. */
import assert from "node:assert/strict";
import { and, belongsTo, column, fn, model, not, relations, value } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { testOnBoth } from "../../testkit/databases.ts";

const Item = model("items", {
  id: column.integer().primaryKey(),
  n: column.integer(),
  name: column.text().selectAs((name) => sql`${name} || '!'`),
  kind: column.enum("kind", ["a", "b"]).selectAs((kind) => sql`case when true then ${kind} end`),
});
const Part = model("parts", {
  id: column.integer().primaryKey(),
  itemId: column.integer().references(() => Item.id),
});
const part = relations(Part, { item: belongsTo(Item, Part.itemId) });
const { id, n, name } = Item;

test("a fragment is put in parentheses where it is an operand, unless it is one operand for certain", () => {
  const cases = [
    [n.times(sql`1 + 2`), '("items"."n" * (1 + 2))'],
    [n.minus(sql`${1} - ${2}`), '("items"."n" - ($1 - $2))'],
    [n.gt(sql`1 or true`), '"items"."n" > (1 or true)'],
    [n.eq(sql`-1`), '"items"."n" = (-1)'],
    [n.between(sql`1`, sql`2 and true`), '"items"."n" between 1 and (2 and true)'],
    [n.times(sql`x`), '("items"."n" * x)'],
    [n.times(sql`${n}`), '("items"."n" * "items"."n")'],
    [n.times(sql`abs(${n})`), '("items"."n" * abs("items"."n"))'],
    [n.times(sql`abs(x) + abs(y)`), '("items"."n" * (abs(x) + abs(y)))'],
    [n.times(sql`(1) + (2)`), '("items"."n" * ((1) + (2)))'],
    [name.like(sql`'a' || '%'`), `"items"."name" like ('a' || '%')`],
    [name.eq(sql`'a b'`), `"items"."name" = 'a b'`],
    [value(sql`1 + 2`, "text"), "(1 + 2)::text"],
    [not(sql`a or b`), "not (a or b)"],
    [and(sql`a or b`, n.eq(1)), '((a or b) and "items"."n" = $1)'],
    [fn.abs(sql`1 - 2`), "abs(1 - 2)"],
    [n.cast("text").eq(sql`a is null`), 'cast("items"."n" as text) = (a is null)'],
  ] as const;
  for (const [expression, text] of cases) assert.equal(expression.text, text);
  // The same fragment leads to the same text.
  const again = () => n.times(sql`${1} + 2`).strings;
  assert.equal(again(), again());
});

testOnBoth(
  "operands and selectAs() under casts compute what is written",
  { models: [Item, Part] },
  async (pool) => {
    await pool.execute(sql`insert into items values (1, 3, 'a', 'b')`);
    await pool.execute(sql`insert into parts values (1, 1)`);
    const row = await Item.find().select({
      product: n.times(sql<number>`${2}::int + 4`),
      difference: n.minus(sql<number>`3 - 2`),
      text: value<unknown>(sql`1 + 2`, "text" as string),
      truth: n.gt(2).eq(sql`false or true`),
      id,
    }).one(pool);
    assert.deepEqual(row, { product: 18, difference: 2, text: "3", truth: true, id: 1 });
    for (const strategy of ["query", "lateral", "join"] as const) {
      const [{ item }] = await Part.find().with(part.item.by(strategy)).all(pool);
      assert.deepEqual({ ...item }, { id: 1, n: 3, name: "a!", kind: "b" }, strategy);
    }
  },
);
