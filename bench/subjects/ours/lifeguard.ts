/** Lifeguard's pool: with a Sync for every statement, with one for the reads of a tick, or with `Date`. */
import { Pool, sql } from "../../../mod.ts";
import { byParent } from "../nesting.ts";
import type {
  BulkRow,
  Item,
  MixedRow,
  NestedAlbum,
  NestedArtist,
  OpenOptions,
  Subject,
  Track,
} from "../subject.ts";

/** Opens a pool. */
export function open({ url, connections, variant }: OpenOptions): Subject<readonly Item[]> {
  const pool = new Pool({ url, max: connections, ...(variant === "dates" ? { dates: "Date" } : {}) });
  const read = variant === "shared" ? { readOnly: true } : undefined;
  return {
    select: (id) => pool.query(sql<Item>`select id, name, price from bench_items where id = ${id}`, read),
    item: ([item]) => item,
    sleep: () => pool.query(sql`select pg_sleep(0.05)`),
    selectOrSleep: (id, isSlow) =>
      pool.query(
        sql<
          Item
        >`select id, name, price, case when ${isSlow}::boolean then pg_sleep(0.05)::text end as slept from bench_items where id = ${id}`,
        read,
      ),
    mixedRows: () =>
      pool.query(
        sql<
          MixedRow
        >`select id, title, amount, created_at as "createdAt", details, tags, scores, active from bench_mixed`,
      ),
    page: (from, to) =>
      pool.query(
        sql<
          Item
        >`select id, name, price from bench_items where id >= ${from} and id < ${to} and price > ${"0"} order by id limit 10`,
        read,
      ),
    nested: async () => {
      const artists = await pool.query(
        sql<Omit<NestedArtist, "albums">>`select id, name, country from bench_artists order by id limit 100`,
      );
      const albums = await pool.query(
        sql<
          Omit<NestedAlbum, "tracks">
        >`select id, artist_id as "artistId", title from bench_albums where artist_id = any(${
          artists.map(({ id }) => id)
        })`,
      );
      const tracks = await pool.query(
        sql<
          Track
        >`select id, album_id as "albumId", title, position, composer, milliseconds, bytes, price, explicit,
        added_at as "addedAt" from bench_tracks where album_id = any(${albums.map(({ id }) => id)})`,
      );
      const tracksOf = byParent(tracks, ({ albumId }) => albumId);
      const albumsOf = byParent(
        albums.map((album) => ({ ...album, tracks: tracksOf(album.id) })),
        ({ artistId }) => artistId,
      );
      return artists.map((artist) => ({ ...artist, albums: albumsOf(artist.id) }));
    },
    insertMany: (rows) => {
      const of = <Key extends keyof BulkRow>(key: Key): BulkRow[Key][] => rows.map((row) => row[key]);
      return pool.execute(
        sql`insert into bench_bulk (name, note, amount, at, active) select * from unnest(${
          of("name")
        }::text[],
        ${of("note")}::text[], ${of("amount")}::numeric[], ${of("at")}::timestamptz[], ${
          of("active")
        }::boolean[])`,
      );
    },
    clearBulk: () => pool.execute(sql`truncate bench_bulk restart identity`),
    insert: (item, note) =>
      pool.value(
        sql<{ id: number }>`insert into bench_events (item, note) values (${item}, ${note}) returning id`,
      ),
    copyIn: async (chunks) => {
      await pool.copyFrom(sql`copy bench_copy from stdin`, chunks);
    },
    copyOut: async () => {
      let bytes = 0;
      for await (const chunk of pool.copyTo(sql`copy bench_copied to stdout`)) bytes += chunk.length;
      return bytes;
    },
    close: () => pool.close(),
  };
}
