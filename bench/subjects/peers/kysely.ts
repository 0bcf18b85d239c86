/** Kysely over pg's pool, as its documentation begins. */
import { type Generated, Kysely, PostgresDialect, sql } from "kysely";
import { jsonArrayFrom } from "kysely/helpers/postgres";
// @ts-types="@types/pg"
import pg from "pg";
import type { BulkRow, Item, OpenOptions, Subject } from "../subject.ts";

/** Rows of one insert: PostgreSQL takes 65,535 parameters. */
const CHUNK = 13_107;

interface Tables {
  readonly bench_items: Item;
  readonly bench_events: { readonly id: Generated<number>; readonly item: number; readonly note: string };
  readonly bench_bulk: BulkRow & { readonly id: Generated<number> };
  readonly bench_artists: { readonly id: number; readonly name: string; readonly country: string };
  readonly bench_albums: { readonly id: number; readonly artist_id: number; readonly title: string };
  readonly bench_tracks: {
    readonly id: number;
    readonly album_id: number;
    readonly title: string;
    readonly position: number;
    readonly composer: string | null;
    readonly milliseconds: number;
    readonly bytes: number;
    readonly price: string;
    readonly explicit: boolean;
    readonly added_at: Date;
  };
  readonly bench_mixed: {
    readonly id: number;
    readonly title: string;
    readonly amount: string;
    readonly created_at: Date;
    readonly details: { readonly n: number; readonly label: string };
    readonly tags: string[];
    readonly scores: number[];
    readonly active: boolean;
  };
}

/** Opens Kysely. */
export function open({ url, connections }: OpenOptions): Subject<Item | undefined> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    select: (id) =>
      db.selectFrom("bench_items").select(["id", "name", "price"]).where("id", "=", id).executeTakeFirst(),
    item: (item) => item,
    mixedRows: () =>
      db.selectFrom("bench_mixed")
        .select(["id", "title", "amount", "created_at as createdAt", "details", "tags", "scores", "active"])
        .execute(),
    page: (from, to) =>
      db.selectFrom("bench_items").select(["id", "name", "price"])
        .where("id", ">=", from).where("id", "<", to).where("price", ">", "0").orderBy("id").limit(10)
        .execute(),
    nested: () =>
      db.selectFrom("bench_artists").select((artist) => [
        ...["id", "name", "country"] as const,
        jsonArrayFrom(
          artist.selectFrom("bench_albums").select((album) => [
            ...["id", "artist_id as artistId", "title"] as const,
            jsonArrayFrom(
              album.selectFrom("bench_tracks")
                .select([
                  "id",
                  "album_id as albumId",
                  "title",
                  "position",
                  "composer",
                  "milliseconds",
                  "bytes",
                ])
                .select(["price", "explicit", "added_at as addedAt"])
                .whereRef("bench_tracks.album_id", "=", "bench_albums.id"),
            ).as("tracks"),
          ]).whereRef("bench_albums.artist_id", "=", "bench_artists.id"),
        ).as("albums"),
      ]).orderBy("id").limit(100).execute(),
    insertMany: (rows) =>
      db.transaction().execute(async (transaction) => {
        for (let start = 0; start < rows.length; start += CHUNK) {
          await transaction.insertInto("bench_bulk").values(rows.slice(start, start + CHUNK)).execute();
        }
      }),
    clearBulk: () => sql`truncate bench_bulk restart identity`.execute(db),
    insert: async (item, note) => {
      const query = db.insertInto("bench_events").values({ item, note }).returning("id");
      return (await query.executeTakeFirstOrThrow()).id;
    },
    close: () => db.destroy(),
  };
}
