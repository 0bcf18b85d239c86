/** A case of labels: its type holds them, and an enum column takes it. */
import assert from "node:assert/strict";
import { caseWhen, column, type Expression, model } from "../../../orm/mod.ts";
import { testOnBoth } from "../../testkit/databases.ts";

const Order = model("orders", {
  id: column.identity().primaryKey(),
  total: column.numeric(10, 2),
  status: column.enum("OrderStatus", ["placed", "paid", "refunded"]),
  note: column.varchar(4).nullable(),
});

const status = caseWhen(Order.total.gt("5"), "paid").else("placed");

testOnBoth("a case of labels is written to a column of an enum", { models: [Order] }, async (pool) => {
  const exact: Expression<"paid" | "placed"> = status;
  const nullable: Expression<"paid", null> = caseWhen(Order.total.gt("5"), "paid").end();
  const wrong: Partial<Parameters<typeof Order.update>[0]> = {
    // @ts-expect-error: it is not a label
    status: caseWhen(Order.total.gt("5"), "pay").else("paid"),
  };
  assert.ok(wrong.status !== undefined && nullable !== undefined);
  await Order.insertMany([{ total: "4", status: "refunded" }, { total: "6", status: "refunded" }], pool);
  assert.equal(await Order.update({ status: exact }).all().run(pool), 2);
  const read = async () => (await Order.find().orderBy(Order.id).all(pool)).map((order) => order.status);
  assert.deepEqual(await read(), ["placed", "paid"]);

  // Compared with such a column, and selected, ordered and grouped by itself.
  const same = Order.find().where(Order.status.eq(status));
  assert.equal(
    same.toSQL().text,
    'select "orders"."id", "orders"."total", "orders"."status", "orders"."note" from "orders" where ' +
      '"orders"."status" = cast(case when "orders"."total" > $1 then $2::text else $3::text end as "OrderStatus")',
  );
  assert.equal(await same.count(pool), 2);
  assert.deepEqual(await Order.find().select({ status }).orderBy(status.asc()).all(pool), [
    { status: "paid" },
    { status: "placed" },
  ]);

  await Order.update({ total: caseWhen(Order.status.eq("paid"), "1.50").else("2.50") }).all().run(pool);
  assert.deepEqual(await Order.find().orderBy(Order.id).only("total").all(pool), [{ total: "2.50" }, {
    total: "1.50",
  }]);

  // A text that is too long is refused as any is, and not cut.
  const long = Order.update({ note: caseWhen(Order.status.eq("paid"), "too long").else("ok") }).all();
  await assert.rejects(long.run(pool), /too long for/);
});
