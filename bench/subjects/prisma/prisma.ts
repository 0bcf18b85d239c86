/**
 * Prisma over pg, by its adapter. Its client is generated into `generated/` before it is measured, so that its exact
 * types are not there when this is checked; what is used of them is written down here.
 */
import { PrismaPg } from "@prisma/adapter-pg";
import type { BulkRow, Item, MixedRow, NestedArtist, OpenOptions, Subject } from "../subject.ts";

/** A numeric, which is not a string. */
interface Decimal {
  toFixed(digits: number): string;
}

type Row = Omit<Item, "price"> & { readonly price: Decimal };

/** What is used of the generated client. */
interface Client {
  readonly item: {
    findUnique(options: object): Promise<Row | null>;
    findMany(options: object): Promise<Row[]>;
  };
  readonly mixed: { findMany(): Promise<MixedRow[]> };
  readonly event: { create(options: object): Promise<{ readonly id: number }> };
  readonly bulk: { createMany(options: { readonly data: readonly BulkRow[] }): Promise<unknown> };
  readonly artist: { findMany(options: object): Promise<NestedArtist[]> };
  $executeRawUnsafe(statement: string): Promise<number>;
  $disconnect(): Promise<void>;
}

type ClientClass = new (options: { readonly adapter: PrismaPg }) => Client;

/** Opens a client. */
export async function open({ url, connections }: OpenOptions): Promise<Subject<Row | null>> {
  const generated = new URL("./generated/client.ts", import.meta.url).href;
  const { PrismaClient }: { PrismaClient: ClientClass } = await import(generated);
  const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max: connections }) });
  return {
    select: (id) => client.item.findUnique({ where: { id } }),
    item: (row) => row === null ? undefined : { ...row, price: row.price.toFixed(2) },
    page: async (from, to) => {
      const rows = await client.item.findMany({
        where: { id: { gte: from, lt: to }, price: { gt: 0 } },
        orderBy: { id: "asc" },
        take: 10,
      });
      return rows.map((row) => ({ ...row, price: row.price.toFixed(2) }));
    },
    nested: () =>
      client.artist.findMany({
        orderBy: { id: "asc" },
        take: 100,
        include: { albums: { include: { tracks: true } } },
      }),
    insert: async (item, note) => (await client.event.create({ data: { item, note } })).id,
    insertMany: (rows) => client.bulk.createMany({ data: rows }),
    clearBulk: () => client.$executeRawUnsafe("truncate bench_bulk restart identity"),
    close: () => client.$disconnect(),
  };
}
