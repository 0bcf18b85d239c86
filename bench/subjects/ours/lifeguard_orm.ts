/** Lifeguard's models: `findById`, or a query built anew for each call as programs write it. */
import { and, column, hasMany, model, Pool, relations, sql } from "../../../mod.ts";
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

const BenchBulk = model("bench_bulk", {
  id: column.integer().identityAlways().primaryKey(),
  name: column.text(),
  note: column.text().nullable(),
  amount: column.numeric(12, 2),
  at: column.timestamptz<Date>(),
  active: column.boolean(),
});

const Artist = model("bench_artists", {
  id: column.integer().primaryKey(),
  name: column.text(),
  country: column.text(),
});

const Album = model("bench_albums", {
  id: column.integer().primaryKey(),
  artistId: column.integer().references(() => Artist.id),
  title: column.text(),
});

const Track = model("bench_tracks", {
  id: column.integer().primaryKey(),
  albumId: column.integer().references(() => Album.id),
  title: column.text(),
  position: column.integer(),
  composer: column.text().nullable(),
  milliseconds: column.integer(),
  bytes: column.integer(),
  price: column.numeric(10, 2),
  explicit: column.boolean(),
  addedAt: column.timestamptz<Date>(),
});

const artist = relations(Artist, { albums: hasMany(Album, Album.artistId) });
const album = relations(Album, { tracks: hasMany(Track, Track.albumId) });

/** Opens a pool. */
export function open({ url, connections, variant }: OpenOptions): Subject<Item | undefined> {
  const pool = new Pool({ url, max: connections, dates: "Date" });
  const items = BenchItem.on(pool);
  const events = BenchEvent.on(pool);
  const mixed = BenchMixed.on(pool);
  const bulk = BenchBulk.on(pool);
  const artists = Artist.on(pool);
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
    nested: () => artists.find().orderBy(Artist.id).limit(100).with(artist.albums.with(album.tracks)).all(),
    insertMany: variant === "count"
      ? (rows) => bulk.insertMany(rows, { returning: false })
      : (rows) => bulk.insertMany(rows),
    clearBulk: () => pool.execute(sql`truncate bench_bulk restart identity`),
    insert: async (item, note) => (await events.insert({ item, note })).id,
    close: () => pool.close(),
  };
}
