/** The tables as TypeORM's entities, without decorators. */
import { EntitySchema } from "typeorm";
import type {
  BulkRow,
  Item,
  MixedRow,
  NestedAlbum,
  NestedArtist,
  Track as TrackColumns,
} from "../subject.ts";

interface Event {
  readonly id: number;
  readonly item: number;
  readonly note: string;
}

/** Its types know relations to many by `Array` only. */
interface Artist extends Omit<NestedArtist, "albums"> {
  readonly albums: Album[];
}

interface Album extends Omit<NestedAlbum, "tracks"> {
  readonly artist: Artist;
  readonly tracks: Track[];
}

interface Track extends TrackColumns {
  readonly album: Album;
}

/** `bench_items`. */
export const BenchItem: EntitySchema<Item> = new EntitySchema<Item>({
  name: "bench_items",
  columns: {
    id: { type: "int", primary: true },
    name: { type: "text" },
    price: { type: "numeric", precision: 10, scale: 2 },
  },
});

/** `bench_events`. */
export const BenchEvent: EntitySchema<Event> = new EntitySchema<Event>({
  name: "bench_events",
  columns: {
    id: { type: "int", primary: true, generated: true },
    item: { type: "int" },
    note: { type: "text" },
  },
});

/** `bench_mixed`. */
export const BenchMixed: EntitySchema<MixedRow> = new EntitySchema<MixedRow>({
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

/** `bench_bulk`. */
export const BenchBulk: EntitySchema<BulkRow & { readonly id: number }> = new EntitySchema({
  name: "bench_bulk",
  columns: {
    id: { type: "int", primary: true, generated: true },
    name: { type: "text" },
    note: { type: "text", nullable: true },
    amount: { type: "numeric", precision: 12, scale: 2 },
    at: { type: "timestamptz" },
    active: { type: "boolean" },
  },
});

/** `bench_artists`. */
export const BenchArtist: EntitySchema<Artist> = new EntitySchema<Artist>({
  name: "bench_artists",
  columns: { id: { type: "int", primary: true }, name: { type: "text" }, country: { type: "text" } },
  relations: { albums: { type: "one-to-many", target: "bench_albums", inverseSide: "artist" } },
});

/** `bench_albums`. */
export const BenchAlbum: EntitySchema<Album> = new EntitySchema<Album>({
  name: "bench_albums",
  columns: {
    id: { type: "int", primary: true },
    artistId: { type: "int", name: "artist_id" },
    title: { type: "text" },
  },
  relations: {
    artist: { type: "many-to-one", target: "bench_artists", joinColumn: { name: "artist_id" } },
    tracks: { type: "one-to-many", target: "bench_tracks", inverseSide: "album" },
  },
});

/** `bench_tracks`. */
export const BenchTrack: EntitySchema<Track> = new EntitySchema<Track>({
  name: "bench_tracks",
  columns: {
    id: { type: "int", primary: true },
    albumId: { type: "int", name: "album_id" },
    title: { type: "text" },
    position: { type: "int" },
    composer: { type: "text", nullable: true },
    milliseconds: { type: "int" },
    bytes: { type: "int" },
    price: { type: "numeric", precision: 10, scale: 2 },
    explicit: { type: "boolean" },
    addedAt: { type: "timestamptz", name: "added_at" },
  },
  relations: { album: { type: "many-to-one", target: "bench_albums", joinColumn: { name: "album_id" } } },
});
