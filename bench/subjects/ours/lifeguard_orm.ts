/** Lifeguard's models: `findById`, or a query built anew for each call as programs write it. */
import { and, column, model, Pool } from "../../../mod.ts";
import type { Item, OpenOptions, Subject } from "../subject.ts";

const BenchItem = model("bench_items", {
  id: column.integer().primaryKey(),
  name: column.text(),
  price: column.numeric(10, 2),
});

const BenchEvent = model("bench_events", {
  id: column.integer().identityAlways().primaryKey(),
  item: column.integer(),
  note: column.text(),
});

const BenchMixed = model("bench_mixed", {
  id: column.integer().primaryKey(),
  title: column.text(),
  amount: column.numeric(12, 2),
  createdAt: column.timestamptz<Date>(),
  details: column.jsonb<{ readonly n: number; readonly label: string }>(),
  tags: column.text().array(),
  scores: column.integer().array(),
  active: column.boolean(),
});

/** Opens a pool. */
export function open({ url, connections, variant }: OpenOptions): Subject<Item | undefined> {
  const pool = new Pool({ url, max: connections, dates: "Date" });
  const items = BenchItem.on(pool);
  const events = BenchEvent.on(pool);
  const mixed = BenchMixed.on(pool);
  return {
    select: variant === "findById"
      ? (id) => items.findById(id)
      : (id) => items.find().where(BenchItem.id.eq(id)).maybeOne(),
    item: (item) => item,
    page: (from, to) =>
      items.find()
        .where(and(BenchItem.id.gte(from), BenchItem.id.lt(to), BenchItem.price.gt("0")))
        .orderBy(BenchItem.id).limit(10).all(),
    mixedRows: () => mixed.find().all(),
    insert: async (item, note) => (await events.insert({ item, note })).id,
    close: () => pool.close(),
  };
}
