/** A program that makes new shapes for ever does not grow, and no value outlives its query. */
import assert from "node:assert/strict";
import { and, call, column, cte, fn, from, model, or, unnest, windowOf } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { collectedHeap } from "../../faults/collected_heap.ts";
import { test } from "../../harness.ts";

const User = model("users", {
  id: column.integer().primaryKey(),
  name: column.text(),
  tags: column.text().array(),
  data: column.jsonb<object>(),
});

/** Each makes a query of a shape that no other number leads to. */
const KINDS: Readonly<Record<string, (n: number) => { toSQL(): { readonly text: string } }>> = {
  fragment: (n) => User.find().where(sql`${User.id} = ${sql.unsafe(String(n))}`),
  alias: (n) => {
    const user = User.as(`alias${n}`);
    return user.find().where(user.id.eq(n));
  },
  subquery: (n) => from(User.find().where(User.id.eq(n)).as(`subquery${n}`)),
  expression: (n) => from(cte(`cte${n}`, User.find().where(User.id.eq(n)))),
  tag: (n) => User.find().tag({ request: String(n) }),
  selection: (n) => User.find().select({ [`property${n}`]: User.id }),
  function: (n) => User.find().where(call<boolean>(`function${n}`, [User.id])),
  window: (n) =>
    User.find().window(`window${n}`, windowOf({ partitionBy: User.id })).select({
      place: fn.rowNumber().over(`window${n}`),
    }),
  elements: (n) => User.find().crossJoin(unnest(`elements${n}`, User.tags)),
  constant: (n) => User.find().select({ names: fn.stringAgg(User.name, `separator${n}`) }),
  list: (n) => User.find().where(or(...Array.from({ length: n % 90 }, (_, i) => and(User.id.eq(i))))),
  model: (n) => model(`model${n}`, { id: column.integer().primaryKey() }).find(),
};

function make(first: number, count: number): void {
  for (let n = first; n < first + count; n++) {
    for (const kind of Object.values(KINDS)) assert.ok(kind(n).toSQL().text.length > 0);
  }
}

test("new shapes for ever leave nothing behind", { timeout: 120_000 }, async () => {
  make(0, 6_000); // more than is remembered of any kind
  const before = await collectedHeap();
  make(6_000, 4_000);
  const grown = (await collectedHeap() - before) / 1e6;
  // 48,000 queries: a hundred bytes of each would be more.
  assert.ok(grown < 4, `the heap grew by ${grown.toFixed(1)} MB`);
});

test("no value outlives its query", async () => {
  const values = Array.from({ length: 50 }, (_, n) => remembered(n));
  await collectedHeap();
  // What the last calls left on the stack may live on.
  const alive = values.filter((value) => value.deref() !== undefined).length;
  assert.ok(alive <= 10, `${alive} of ${values.length} values are alive`);
});

/** Uses a value wherever queries take one. */
function remembered(n: number): WeakRef<object> {
  const value = { payload: `value ${n}` };
  const is = User.data.eq(value);
  const derived = User.find().where(is).as("kept");
  const common = cte("known", User.find().where(is));
  const texts = [
    from(derived),
    from(common).join(derived, and(derived.id.eq(common.id), is)).orderBy(is).select({ is }),
    User.as("a").find().where(is).having(is).groupBy(is).distinctOn(is).union(User.find().where(is)),
    User.find().where(User.id.in(User.find().where(is).select({ id: User.id }))),
  ].map((query) => query.toSQL().text.length);
  assert.ok(texts.every((length) => length > 0));
  return new WeakRef(value);
}
