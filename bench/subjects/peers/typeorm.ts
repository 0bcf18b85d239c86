/** TypeORM over pg, with entities declared without decorators, so that no compiler option is needed. */
import "reflect-metadata";
import { And, DataSource, LessThan, MoreThan, MoreThanOrEqual } from "typeorm";
import type { Item, OpenOptions, Subject } from "../subject.ts";
import * as entities from "./typeorm_entities.ts";

/** Rows of one insert: PostgreSQL takes 65,535 parameters. */
const CHUNK = 13_107;

/** Opens a data source. */
export async function open({ url, connections }: OpenOptions): Promise<Subject<Item | null>> {
  const source = new DataSource({
    type: "postgres",
    url,
    poolSize: connections,
    entities: Object.values(entities),
  });
  await source.initialize();
  const items = source.getRepository(entities.BenchItem);
  const events = source.getRepository(entities.BenchEvent);
  const mixed = source.getRepository(entities.BenchMixed);
  const artists = source.getRepository(entities.BenchArtist);
  return {
    select: (id) => items.findOneBy({ id }),
    item: (item) => item ?? undefined,
    mixedRows: () => mixed.find(),
    page: (from, to) =>
      items.find({
        where: { id: And(MoreThanOrEqual(from), LessThan(to)), price: MoreThan("0") },
        order: { id: "ASC" },
        take: 10,
      }),
    nested: () => artists.find({ order: { id: "ASC" }, take: 100, relations: { albums: { tracks: true } } }),
    insert: async (item, note) => (await events.insert({ item, note })).identifiers[0].id,
    insertMany: (rows) =>
      source.transaction(async (manager) => {
        for (let start = 0; start < rows.length; start += CHUNK) {
          const chunk = rows.slice(start, start + CHUNK);
          // The quickest way its documentation knows: without reading generated values back into the objects.
          await manager.createQueryBuilder().insert().into(entities.BenchBulk).values(chunk).updateEntity(
            false,
          )
            .execute();
        }
      }),
    clearBulk: () => source.query("truncate bench_bulk restart identity"),
    close: () => source.destroy(),
  };
}
