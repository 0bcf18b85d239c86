/** TypeORM over pg, with entities declared without decorators, so that no compiler option is needed. */
import "reflect-metadata";
import { DataSource, EntitySchema } from "typeorm";
import type { Item, MixedRow, OpenOptions, Subject } from "../subject.ts";

interface Event {
  readonly id: number;
  readonly item: number;
  readonly note: string;
}

const BenchItem = new EntitySchema<Item>({
  name: "bench_items",
  columns: {
    id: { type: "int", primary: true },
    name: { type: "text" },
    price: { type: "numeric", precision: 10, scale: 2 },
  },
});

const BenchEvent = new EntitySchema<Event>({
  name: "bench_events",
  columns: {
    id: { type: "int", primary: true, generated: true },
    item: { type: "int" },
    note: { type: "text" },
  },
});

const BenchMixed = new EntitySchema<MixedRow>({
  name: "bench_mixed",
  columns: {
    id: { type: "int", primary: true },
    title: { type: "text" },
    amount: { type: "numeric", precision: 12, scale: 2 },
    createdAt: { type: "timestamptz", name: "created_at" },
    details: { type: "jsonb" },
    tags: { type: "text", array: true },
    scores: { type: "int", array: true },
    active: { type: "boolean" },
  },
});

/** Opens a data source. */
export async function open({ url, connections }: OpenOptions): Promise<Subject<Item | null>> {
  const source = new DataSource({
    type: "postgres",
    url,
    poolSize: connections,
    entities: [BenchItem, BenchEvent, BenchMixed],
  });
  await source.initialize();
  const items = source.getRepository(BenchItem);
  const events = source.getRepository(BenchEvent);
  const mixed = source.getRepository(BenchMixed);
  return {
    select: (id) => items.findOneBy({ id }),
    item: (item) => item ?? undefined,
    mixedRows: () => mixed.find(),
    insert: async (item, note) => (await events.insert({ item, note })).identifiers[0].id,
    close: () => source.destroy(),
  };
}
