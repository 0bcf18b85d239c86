/** Conditions on related rows, counts of them, and paths of relations. */
import assert from "node:assert/strict";
import { countOf, doesntHave, has, linked, or, relations } from "../../../orm/mod.ts";
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
  PlaylistTrack,
  testOnBoth,
  Track,
  track,
} from "./store.ts";

testOnBoth("has() and doesntHave() ask for rows by what is related to them", async (pool) => {
  const query = Artist.find().orderBy(Artist.id).where(has(artist.albums, Album.title.like("E%")));
  assert.equal(
    query.toSQL().text,
    'select "artists"."id", "artists"."name" from "artists" where exists (select 1 from "albums" where ' +
      '"albums"."title" like $1 and "albums"."artist_id" = "artists"."id") order by "artists"."id"',
  );
  assert.deepEqual((await query.all(pool)).map(({ name }) => name), ["Ada"]);
  const without = Artist.find().where(doesntHave(artist.albums)).only("name");
  assert.deepEqual(await without.all(pool), [{ name: "Cher" }]);
  const nested = Artist.find().where(has(artist.albums.where(has(album.tracks, Track.name.eq("four"))))).only(
    "name",
  );
  assert.equal(
    nested.toSQL().text,
    'select "artists"."name" from "artists" where exists (select 1 from "albums" where exists (select 1 from "tracks" ' +
      'where "tracks"."name" = $1 and "tracks"."album_id" = "albums"."id") and "albums"."artist_id" = "artists"."id")',
  );
  assert.deepEqual(await nested.all(pool), [{ name: "Bach" }]);
  const orphans = await Track.find().where(doesntHave(track.album)).only("name").all(pool);
  assert.deepEqual(orphans, [{ name: "five" }]);
  const either = Artist.find().where(or(doesntHave(artist.albums), has(artist.produced))).orderBy(Artist.id);
  assert.deepEqual((await either.all(pool)).map(({ id }) => id), [1, 2, 3]);
});

testOnBoth("has() through a table compares its keys", async (pool) => {
  const query = Track.find().only("name").orderBy(Track.id)
    .where(has(track.playlists, PlaylistTrack.position.eq(1)));
  assert.equal(
    query.toSQL().text,
    'select "tracks"."name" from "tracks" where exists (select 1 from "playlists" join "playlist_tracks" on ' +
      '"playlists"."id" = "playlist_tracks"."playlist_id" where "playlist_tracks"."position" = $1 and ' +
      '"playlist_tracks"."track_id" = "tracks"."id") order by "tracks"."id"',
  );
  assert.deepEqual((await query.all(pool)).map(({ name }) => name), ["one", "four"]);
  assert.deepEqual(await Playlist.find().where(doesntHave(playlist.tracks)).only("name").all(pool), [{
    name: "empty",
  }]);
});

testOnBoth("has() of a self-relation keeps apart the rows inside and outside", async (pool) => {
  const query = Genre.find().where(has(genre.children, Genre.name.eq("fugue"))).only("name");
  assert.equal(
    query.toSQL().text,
    'select "genres"."name" from "genres" where exists (select 1 from (select "genres"."parent_id" as "0" from "genres" ' +
      'where "genres"."name" = $1) as "~related" where "~related"."0" = "genres"."id")',
  );
  assert.deepEqual(await query.all(pool), [{ name: "baroque" }]);
  const grand = Genre.find().where(has(genre.children.where(has(genre.children)))).only("name");
  assert.deepEqual(await grand.all(pool), [{ name: "music" }]);
  const leaves = Genre.find().where(doesntHave(genre.children)).orderBy(Genre.id).only("name");
  assert.deepEqual(await leaves.all(pool), [{ name: "pop" }, { name: "fugue" }]);
  const roots = Genre.find().where(doesntHave(genre.parent)).only("name");
  assert.deepEqual(await roots.all(pool), [{ name: "music" }]);
});

testOnBoth("has() of a polymorphic relation compares the column that tells", async (pool) => {
  const albums = await Album.find().where(has(album.comments)).orderBy(Album.id).only("id").all(pool);
  assert.deepEqual(albums, [{ id: 1 }, { id: 3 }]);
  const said = await Comment.find().where(has(comment.album)).orderBy(Comment.id).only("id").all(pool);
  assert.deepEqual(said, [{ id: 1 }, { id: 3 }]);
});

testOnBoth("countOf() counts related rows where values stand", async (pool) => {
  const query = Artist.find().orderBy(countOf(artist.albums).desc(), Artist.id)
    .select({
      name: Artist.name,
      albums: countOf(artist.albums),
      notes: countOf(artist.albums, Album.title.eq("Notes")),
    });
  assert.deepEqual(await query.all(pool), [
    { name: "Ada", albums: 2, notes: 1 },
    { name: "Bach", albums: 1, notes: 0 },
    { name: "Cher", albums: 0, notes: 0 },
  ]);
  const many = await Playlist.find().where(countOf(playlist.tracks).gte(2)).orderBy(Playlist.id).only("name")
    .all(pool);
  assert.deepEqual(many, [{ name: "morning" }, { name: "evening" }]);
  const busy = await Genre.find().where(countOf(genre.children).gt(1)).only("name").all(pool);
  assert.deepEqual(busy, [{ name: "music" }]);
  assert.equal(await Artist.find().where(countOf(artist.albums).eq(0)).count(pool), 1);
});

test("conditions refuse relations that are bounded, and what is none", () => {
  assert.throws(() => has(artist.albums.limit(1)), {
    message: /has\(\) was given it with a limit or an offset/,
  });
  assert.throws(() => countOf({} as never), { message: /is no relation/ });
});

const far = relations(Artist, {
  tracks: linked(artist.albums, album.tracks.orderBy(Track.id)),
  playlists: linked(artist.albums.where(Album.title.ne("Notes")), album.tracks, track.playlists),
  genres: linked(artist.albums, album.tracks, track.genre),
});
const up = relations(Genre, {
  grandparent: linked(genre.parent, genre.parent),
  grandchildren: linked(genre.children.where(Genre.name.ne("pop")), genre.children),
});

testOnBoth("linked relations follow a path, and find each row once", async (pool) => {
  const rows = await Artist.find().orderBy(Artist.id).with(
    far.tracks.only("name"),
    far.genres.only("name"),
    far.playlists.orderBy(Playlist.id).only("name"),
  ).all(pool);
  assert.deepEqual(
    rows.map(({ tracks, genres, playlists }) =>
      [tracks, genres, playlists].map((found) => found.map(({ name }) => name))
    ),
    [
      [["one", "two", "three", "six"], ["pop"], ["morning", "evening"]],
      [["four"], ["fugue"], ["morning"]],
      [[], [], []],
    ],
  );
  const lateral = await Artist.find().orderBy(Artist.id).with(far.tracks.only("name").limit(2).by("lateral"))
    .all(pool);
  assert.deepEqual(lateral.map(({ tracks }) => tracks.length), [2, 1, 0]);
  const limited = await Artist.find().orderBy(Artist.id).with(far.tracks.only("name").limit(2)).all(pool);
  assert.deepEqual(limited, lateral);
  assert.equal(await far.tracks.query({ id: 1 }).count(pool), 4);
  assert.deepEqual((await far.genres.of({ id: 2 }, pool)).map(({ name }) => name), ["fugue"]);
  const counted = await Artist.find().orderBy(Artist.id).select({
    tracks: countOf(far.tracks),
    genres: countOf(far.genres),
  })
    .all(pool);
  assert.deepEqual(counted, [{ tracks: 4, genres: 1 }, { tracks: 1, genres: 1 }, { tracks: 0, genres: 0 }]);
  const singers = Artist.find().where(has(far.playlists, Playlist.name.eq("evening"))).only("name");
  assert.deepEqual(await singers.all(pool), [{ name: "Ada" }]);
});

testOnBoth("linked relations lead through one model twice", async (pool) => {
  const rows = await Genre.find().orderBy(Genre.id).only("name").with(
    up.grandparent.only("name"),
    up.grandchildren.only("name"),
  ).all(pool);
  assert.deepEqual(rows, [
    { name: "music", grandparent: null, grandchildren: [{ name: "fugue" }] },
    { name: "baroque", grandparent: null, grandchildren: [] },
    { name: "pop", grandparent: null, grandchildren: [] },
    { name: "fugue", grandparent: { name: "music" }, grandchildren: [] },
  ]);
  assert.deepEqual(await Genre.find().where(has(up.grandchildren)).only("name").all(pool), [{
    name: "music",
  }]);
});

test("linked() refuses parts that do not follow each other", () => {
  assert.throws(() => linked(artist.albums, track.genre), {
    message: /it follows relation "albums" of model "artists", which leads to "albums"/,
  });
  assert.throws(() => linked(artist.albums.limit(1), album.tracks), { message: /linked with a limit/ });
  assert.throws(() => linked({} as never), { message: /it is no relation/ });
});
