/** Inserting rows with what is related to them. */
import assert from "node:assert/strict";
import { graph, linked, relations } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { UniqueViolationError } from "../../../pool/wire/postgres_error.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";
import {
  Album,
  album,
  Artist,
  artist,
  Genre,
  genre,
  Playlist,
  playlist,
  PlaylistTrack,
  testOnBoth,
  Track,
  track,
} from "./store.ts";

testOnBoth("graph().insert() inserts levels of related rows and copies their keys", async (pool) => {
  for (const table of ["artists", "albums", "tracks", "genres", "playlists"]) {
    await pool.execute(sql.unsafe(`alter table ${table} alter column id restart with 100`));
  }
  const catalogue = graph(
    Artist,
    artist.profile,
    artist.albums.with(album.tracks.with(track.genre), album.producer),
  );
  const values = {
    name: "Nina",
    profile: { about: "plays" },
    albums: [
      {
        title: "Blue",
        tracks: [{ name: "a", genre: { name: "jazz" } }, { name: "b" }],
        producer: { name: "Otto" },
      },
      { title: "Red", tracks: [] },
      { title: "Green" },
    ],
  };
  const before = JSON.stringify(values);
  const nina = await catalogue.insert(values, pool);
  assert.equal(JSON.stringify(values), before);
  assert.deepEqual(nina.albums.map(({ title, artistId, tracks }) => [title, artistId, tracks.length]), [
    ["Blue", nina.id, 2],
    ["Red", nina.id, 0],
    ["Green", nina.id, 0],
  ]);
  assert.deepEqual(nina.profile, { artistId: nina.id, about: "plays" });
  const stored = await Artist.find().where({ id: nina.id }).with(
    artist.profile,
    artist.albums.orderBy(Album.id).with(album.tracks.orderBy(Track.id).with(track.genre), album.producer),
  ).one(pool);
  assert.deepEqual(nina, stored);
  assert.ok(Object.isFrozen(nina) && Object.isFrozen(nina.albums));
});

testOnBoth(
  "graph().insert() inserts an object that several rows have once, and rows in between",
  async (pool) => {
    for (const table of ["tracks", "genres", "playlists"]) {
      await pool.execute(sql.unsafe(`alter table ${table} alter column id restart with 100`));
    }
    const soul = { name: "soul" };
    const shared = { name: "shared", position: 1, genre: soul };
    const lists = await graph(Playlist, playlist.tracks.pivot("position").with(track.genre)).insert([
      { name: "night", tracks: [shared, { name: "own", position: 2, genre: soul }] },
      { name: "day", tracks: [shared] },
      { name: "none" },
    ], pool);
    assert.equal(lists[0].tracks[0].id, lists[1].tracks[0].id);
    assert.equal(await Genre.find().where({ name: "soul" }).count(pool), 1);
    const read = await Playlist.find().where(Playlist.id.gte(100)).orderBy(Playlist.id)
      .with(playlist.tracks.pivot("position").only("name").orderBy(PlaylistTrack.position)).all(pool);
    assert.deepEqual(read.map(({ tracks }) => tracks), [
      [{ name: "shared", position: 1 }, { name: "own", position: 2 }],
      [{ name: "shared", position: 1 }],
      [],
    ]);
  },
);

testOnBoth("graph().insert() leaves nothing when a part fails, also inside a transaction", async (pool) => {
  await pool.execute(sql`create unique index on albums (title)`);
  await pool.execute(sql`alter table artists alter column id restart with 100`);
  await pool.execute(sql`alter table albums alter column id restart with 100`);
  const failing = { name: "Nina", albums: [{ title: "Blue" }, { title: "Engines" }] };
  await assert.rejects(graph(Artist, artist.albums).insert(failing, pool), UniqueViolationError);
  assert.equal(await Artist.find().where({ name: "Nina" }).count(pool), 0);
  await pool.transaction(async (tx) => {
    await assert.rejects(graph(Artist, artist.albums).insert(failing, tx), UniqueViolationError);
    await graph(Artist, artist.albums).insert({ name: "Olga", albums: [{ title: "Blue" }] }, tx);
  });
  assert.deepEqual(
    await Artist.find().where({ name: "Olga" }).only("name").with(artist.albums.only("title")).all(pool),
    [{ name: "Olga", albums: [{ title: "Blue" }] }],
  );
  assert.equal(await Artist.find().where({ name: "Nina" }).count(pool), 0);
  assert.deepEqual(await graph(Artist, artist.albums).insert([], pool), []);
});

testOnBoth("graph().insert() follows a self-relation down", async (pool) => {
  await pool.execute(sql`alter table genres alter column id restart with 100`);
  const root = await graph(Genre, genre.children.with(genre.children)).insert({
    name: "world",
    children: [{ name: "africa", children: [{ name: "afrobeat" }] }, { name: "asia" }],
  }, pool);
  assert.equal(root.children[0].children[0].parentId, root.children[0].id);
  assert.equal(await Genre.find().where(Genre.id.gte(100)).count(pool), 4);
});

test("graphs refuse what does not fit, in types and before anything is sent", async () => {
  const sent: unknown[] = [];
  const executor = {
    query: (statement: unknown) => Promise.resolve(sent.push(statement)),
    transaction: (work: (tx: unknown) => unknown) => work(executor),
  } as never;
  const albums = graph(Artist, artist.albums);
  const calls = (): unknown[] => [
    // @ts-expect-error: the name is missing
    albums.insert({ albums: [] }, executor),
    // @ts-expect-error: there is no such relation in the graph
    albums.insert({ name: "x", profile: { about: "x" } }, executor),
    // @ts-expect-error: the title is missing
    albums.insert({ name: "x", albums: [{}] }, executor),
    // @ts-expect-error: an array is wanted
    albums.insert({ name: "x", albums: { title: "x" } }, executor),
    // @ts-expect-error: a relation of another model
    graph(Artist, album.tracks),
  ];
  assert.equal(typeof calls, "function");
  await assert.rejects(albums.insert({ name: "x", albums: {} as never }, executor), {
    message: /give an array of objects/,
  });
  await assert.rejects(albums.insert(7 as never, executor), { message: /give an object of its columns/ });
  assert.deepEqual(sent, []);
  assert.throws(() => graph(Artist, album.tracks as never), ValidationError);
  assert.throws(() => graph(Artist, {} as never), { message: /is no relation/ });
  const far = relations(Artist, { tracks: linked(artist.albums, album.tracks) });
  assert.throws(() => graph(Artist, far.tracks as never), { message: /a path has no key to copy/ });
});
