/** postgres.js: prepared and pipelined as it does by itself. */
import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import postgres from "postgres";
import { byParent } from "../nesting.ts";
import type { Item, MixedRow, NestedAlbum, NestedArtist, OpenOptions, Subject, Track } from "../subject.ts";

/** Rows of one insert: PostgreSQL takes 65,535 parameters, postgres.js 65,534. */
const CHUNK = 13_106;

/** Opens a pool. */
export function open({ url, connections }: OpenOptions): Subject<readonly Item[]> {
  const sql = postgres(url, { max: connections, onnotice: () => {} });
  return {
    select: (id) => sql<Item[]>`select id, name, price from bench_items where id = ${id}`,
    item: ([item]) => item,
    sleep: () => sql`select pg_sleep(0.05)`,
    selectOrSleep: (id, isSlow) =>
      sql<
        Item[]
      >`select id, name, price, case when ${isSlow}::boolean then pg_sleep(0.05)::text end as slept from bench_items where id = ${id}`,
    mixedRows: () =>
      sql<
        MixedRow[]
      >`select id, title, amount, created_at as "createdAt", details, tags, scores, active from bench_mixed`,
    page: (from, to) =>
      sql<
        Item[]
      >`select id, name, price from bench_items where id >= ${from} and id < ${to} and price > ${"0"} order by id limit 10`,
    nested: async () => {
      const artists = await sql<
        Omit<NestedArtist, "albums">[]
      >`select id, name, country from bench_artists order by id limit 100`;
      const albums = await sql<
        Omit<NestedAlbum, "tracks">[]
      >`select id, artist_id as "artistId", title from bench_albums where artist_id = any(${
        artists.map(({ id }) => id)
      })`;
      const tracks = await sql<
        Track[]
      >`select id, album_id as "albumId", title, position, composer, milliseconds, bytes, price, explicit,
        added_at as "addedAt" from bench_tracks where album_id = any(${albums.map(({ id }) => id)})`;
      const tracksOf = byParent(tracks, ({ albumId }) => albumId);
      const albumsOf = byParent(
        albums.map((album) => ({ ...album, tracks: tracksOf(album.id) })),
        ({ artistId }) => artistId,
      );
      return artists.map((artist) => ({ ...artist, albums: albumsOf(artist.id) }));
    },
    insertMany: (rows) =>
      sql.begin(async (transaction) => {
        for (let start = 0; start < rows.length; start += CHUNK) {
          const chunk = rows.slice(start, start + CHUNK);
          await transaction`insert into bench_bulk ${
            transaction(chunk, "name", "note", "amount", "at", "active")
          }`;
        }
      }),
    clearBulk: () => sql`truncate bench_bulk restart identity`,
    insert: async (item, note) => {
      const [{ id }] = await sql<
        { id: number }[]
      >`insert into bench_events (item, note) values (${item}, ${note}) returning id`;
      return id;
    },
    copyIn: async (chunks) => {
      const writable = await sql`copy bench_copy from stdin`.writable();
      await pipeline(
        Readable.from(chunks.map((chunk) => Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))),
        writable,
      );
    },
    copyOut: async () => {
      let bytes = 0;
      for await (const chunk of await sql`copy bench_copied to stdout`.readable()) bytes += chunk.length;
      return bytes;
    },
    close: () => sql.end(),
  };
}
