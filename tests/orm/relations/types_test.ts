/** What the types of relations accept, refuse, and come to. */
import assert from "node:assert/strict";
import { belongsTo, column, hasMany, model, relations } from "../../../orm/mod.ts";
import type { Row } from "../../../orm/mod.ts";
import type { Executor } from "../../../pool/executor.ts";
import { test } from "../../harness.ts";
import {
  Album,
  album,
  Artist,
  artist,
  Comment,
  comment,
  Genre,
  genre,
  Playlist,
  playlist,
  Track,
  track,
} from "./store.ts";

declare const pool: Executor;

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function proves<_ extends true>(): void {}

type Rows<Query> = Query extends { all(executor: Executor): Promise<(infer R)[]> } ? R : never;

test("Query.with() adds the rows of a relation under its name", () => {
  const albums = Artist.find().with(artist.albums, artist.profile);
  proves<
    Equal<Rows<typeof albums>, {
      readonly id: number;
      readonly name: string;
      readonly albums: readonly Row<typeof Album>[];
      readonly profile: { readonly artistId: number; readonly about: string } | null;
    }>
  >();
  const nested = Artist.find().only("name").with(
    artist.albums.only("id").with(album.tracks.with(track.genre)),
  );
  proves<
    Equal<Rows<typeof nested>, {
      readonly name: string;
      readonly albums: readonly {
        readonly id: number;
        readonly tracks: readonly {
          readonly id: number;
          readonly name: string;
          readonly albumId: number | null;
          readonly genreId: number | null;
          readonly genre: Row<typeof Genre> | null;
        }[];
      }[];
    }>
  >();
  assert.ok(albums !== undefined && nested !== undefined);
});

test("a relation to the row of a foreign key is null only where that can be", () => {
  const required = Album.find().only("id").with(album.artist, album.producer);
  proves<
    Equal<Rows<typeof required>, {
      readonly id: number;
      readonly artist: Row<typeof Artist>;
      readonly producer: Row<typeof Artist> | null;
    }>
  >();
  const narrowed = Album.find().only("id").with(album.artist.where({ name: "Ada" }).as("ada"));
  proves<Equal<Rows<typeof narrowed>, { readonly id: number; readonly ada: Row<typeof Artist> | null }>>();
  const some = Comment.find().only("id").with(comment.album);
  proves<Equal<Rows<typeof some>, { readonly id: number; readonly album: Row<typeof Album> | null }>>();
  assert.ok(required !== undefined && narrowed !== undefined && some !== undefined);
});

test("relations refuse at compile time what does not fit", () => {
  const calls = (): unknown[] => [
    // @ts-expect-error: Types of property '"this relation is one of the model"' are incompatible
    Artist.find().with(album.tracks),
    // @ts-expect-error: a relation of another model below a relation
    Artist.find().with(artist.albums.with(artist.albums)),
    // @ts-expect-error: there is no such relation
    Artist.find().with(artist.songs),
    // @ts-expect-error: a name is no relation
    Artist.find().with("albums"),
    // @ts-expect-error: a plain string is no condition
    artist.albums.where("title = 'x'"),
    // @ts-expect-error: there is no such column
    artist.albums.where({ name: "x" }),
    // @ts-expect-error: a number is no title
    artist.albums.where({ title: 7 }),
    // @ts-expect-error: there is no such column
    artist.albums.only("name"),
    // @ts-expect-error: no such strategy
    artist.albums.by("magic"),
    // @ts-expect-error: the foreign key is of another model
    hasMany(Album, Track.albumId),
    // @ts-expect-error: a string is no column
    hasMany(Album, "artistId"),
    // @ts-expect-error: the foreign key is of another model than the relations are
    relations(Artist, { artist: belongsTo(Artist, Album.artistId) }),
    // @ts-expect-error: a relation is no model
    relations(artist, {}),
    // @ts-expect-error: a foreign key is no relation
    relations(Artist, { albums: Album.artistId }),
    // @ts-expect-error: the executor is missing
    artist.albums.of({ id: 1 }),
    // @ts-expect-error: there is no such column
    artist.albums.of({ key: 1 }, pool),
    // @ts-expect-error: no column of the table in between
    playlist.tracks.pivot("rank"),
    // @ts-expect-error: there is no table in between
    artist.albums.pivot("id"),
  ];
  assert.equal(typeof calls, "function");
});

test("pivot() adds columns of the table in between", () => {
  const query = Playlist.find().only("id").with(playlist.tracks.only("name").pivot("position"));
  proves<
    Equal<Rows<typeof query>, {
      readonly id: number;
      readonly tracks: readonly { readonly name: string; readonly position: number }[];
    }>
  >();
  assert.ok(query !== undefined);
});

test("relations of a bound model need no executor", () => {
  const Note = model("notes", { id: column.identity().primaryKey(), parentId: column.integer().nullable() });
  const bound = (): unknown => {
    const note = relations(Note.on(pool), { replies: hasMany(Note, Note.parentId) });
    return note.replies.of({ id: 1 });
  };
  assert.equal(typeof bound, "function");
  assert.ok(genre.parent !== undefined);
});
