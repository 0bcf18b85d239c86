/** Relations of rows already read: batched per tick, refused of strict rows, and found when they repeat. */
import assert from "node:assert/strict";
import {
  detectRepeatedLoads,
  hasMany,
  LazyLoadError,
  relations,
  type RepeatedLoad,
} from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { FakeExecutor } from "../fake_executor.ts";
import { test } from "../../harness.ts";
import { Album, album, Artist, artist, Comment, comment, testOnBoth, Track, track } from "./store.ts";

testOnBoth("of() finds the related rows of a row and of rows", async (pool) => {
  const artists = await Artist.find().orderBy(Artist.id).all(pool);
  const albums = artist.albums.orderBy(Album.id).only("title");
  assert.deepEqual(await albums.of(artists[0], pool), [{ title: "Engines" }, { title: "Notes" }]);
  assert.deepEqual(await albums.of(artists, pool), [
    [{ title: "Engines" }, { title: "Notes" }],
    [{ title: "Fugues" }],
    [],
  ]);
  assert.deepEqual(await artist.profile.of(artists[1], pool), null);
  assert.deepEqual(await album.artist.of({ artistId: 3 }, pool), { id: 3, name: "Cher" });
  assert.deepEqual(await albums.of([], pool), []);
  const said = await Comment.find().orderBy(Comment.id).all(pool);
  assert.deepEqual((await comment.album.of(said, pool)).map((found) => found?.title), [
    "Engines",
    undefined,
    "Fugues",
  ]);
  const [first] = await Track.find().where({ id: 1 }).all(pool);
  assert.equal((await track.playlists.of(first, pool)).length, 2);
});

test("of() sends the calls of one tick for one relation as one statement", async () => {
  const fake = new FakeExecutor();
  fake.rows = [{ id: 5, title: "t", artistId: 2, producerId: null }];
  const found = await Promise.all([
    artist.albums.of({ id: 1 }, fake.executor),
    artist.albums.of([{ id: 2 }, { id: 1 }], fake.executor),
    artist.albums.where({ title: "t" }).of({ id: 1 }, fake.executor),
    artist.albums.where({ title: "t" }).of({ id: 3 }, fake.executor),
    artist.albums.where({ title: "u" }).of({ id: 3 }, fake.executor),
  ]);
  assert.deepEqual(fake.statements.map(({ values }) => values), [[[1, 2]], ["t", [1, 3]], ["u", [3]]]);
  assert.deepEqual(found[0], []);
  assert.deepEqual(found[1].map((rows) => rows.length), [1, 0]);
  await artist.albums.of({ id: 1 }, fake.executor);
  assert.equal(fake.statements.length, 4);
});

test("of() refuses a row without the key, and what is no row, before anything is sent", async () => {
  const fake = new FakeExecutor();
  await assert.rejects(artist.albums.of({ name: "Ada" }, fake.executor), {
    message: /the row has no "id", which the related rows are found by; select it too/,
  });
  await assert.rejects(artist.albums.of(7 as never, fake.executor), { message: /it was asked for/ });
  await assert.rejects(artist.albums.of({ id: 1 }, undefined as never), { message: /has no pool to run on/ });
  assert.equal(fake.statements.length, 0);
});

test("an error of a batch reaches each of its callers", async () => {
  const failing = { query: () => Promise.reject(new Error("down")) } as never;
  const outcomes = await Promise.allSettled([
    artist.albums.of({ id: 1 }, failing),
    artist.albums.of({ id: 2 }, failing),
  ]);
  assert.deepEqual(outcomes.map(({ status }) => status), ["rejected", "rejected"]);
});

testOnBoth("query() is a query of a row's related rows, to be narrowed", async (pool) => {
  const query = artist.albums.query({ id: 1 }).where(Album.title.like("N%")).only("title");
  assert.equal(
    query.toSQL().text,
    'select "albums"."title" from "albums" where "albums"."artist_id" = $1 and "albums"."title" like $2',
  );
  assert.deepEqual(await query.all(pool), [{ title: "Notes" }]);
  assert.equal(await artist.albums.query({ id: 1 }).count(pool), 2);
  assert.equal(await track.playlists.query({ id: 1 }).count(pool), 2);
  assert.equal(await track.album.query({ albumId: null }).count(pool), 0);
  assert.equal(await comment.album.query({ subjectId: 1, subjectType: "track" }).count(pool), 0);
  assert.equal(await comment.album.query({ subjectId: 1, subjectType: "album" }).count(pool), 1);
});

testOnBoth("strict() forbids to load relations of its rows later, nested ones too", async (pool) => {
  const [row] = await Artist.find().where({ id: 1 }).with(artist.albums.with(album.tracks)).strict().all(
    pool,
  );
  for (
    const load of [
      () => artist.produced.of(row, pool),
      () => album.artist.of(row.albums[0], pool),
      () => track.genre.of(row.albums[0].tracks[0], pool),
    ]
  ) {
    await assert.rejects(load, (error) => {
      assert.ok(error instanceof LazyLoadError);
      assert.equal(error.code, "LAZY_LOAD");
      assert.match(
        error.message,
        /^Cannot load relation ".+" of model ".+" by itself: the row is strict \(.*lazy_test\.ts:\d+/,
      );
      return true;
    });
  }
  const lateral = await Artist.find().where({ id: 1 }).with(artist.albums.by("lateral")).strict().one(pool);
  await assert.rejects(album.tracks.of(lateral.albums[0], pool), LazyLoadError);
  const [loose] = await Artist.find().where({ id: 1 }).all(pool);
  assert.equal((await artist.albums.of(loose, pool)).length, 2);
  const strict = relations(Artist, { albums: hasMany(Album, Album.artistId) }, { strict: true });
  await assert.rejects(strict.albums.of(loose, pool), { message: /its relations are strict/ });
  assert.equal((await Artist.find().where({ id: 1 }).with(strict.albums).one(pool)).albums.length, 2);
});

testOnBoth("detectRepeatedLoads() names the relation and the line that loads row after row", async (pool) => {
  await pool.execute(sql`insert into artists (id, name) select i, 'x' from generate_series(10, 20) i`);
  const found: RepeatedLoad[] = [];
  using watch = detectRepeatedLoads({ threshold: 4, act: (load) => found.push(load) });
  assert.ok(watch);
  const artists = await Artist.find().all(pool);
  for (const row of artists) await artist.albums.of(row, pool);
  assert.equal(found.length, 1);
  assert.equal(found[0].relation, 'relation "albums" of model "artists"');
  assert.equal(found[0].count, 4);
  assert.match(found[0].line ?? "", /lazy_test\.ts:\d+/);
  assert.match(found[0].message, /loaded 4 times at .*lazy_test\.ts.*load it with the rows, by \.with/);
  await Promise.all(artists.map((row) => artist.produced.of(row, pool)));
  await artist.profile.of(artists, pool);
  for (const row of artists.slice(0, 3)) await artist.profile.of(row, pool);
  assert.equal(found.length, 1, "batches, and few loads, are not reported");
});

testOnBoth("detectRepeatedLoads() finds loops inside of loops, and can make them fail", async (pool) => {
  using watch = detectRepeatedLoads({ threshold: 3, act: "throw" });
  assert.ok(watch);
  const artists = await Artist.find().orderBy(Artist.id).all(pool);
  const albums = await artist.albums.of(artists, pool);
  await assert.rejects(async () => {
    for (const rows of albums) for (const row of rows) await album.tracks.of(row, pool);
  }, LazyLoadError);
});

test("detectRepeatedLoads() ends when it is disposed of, and refuses a threshold that is none", async () => {
  const fake = new FakeExecutor();
  const found: unknown[] = [];
  {
    using watch = detectRepeatedLoads({ threshold: 2, act: (load) => found.push(load) });
    assert.ok(watch);
    watch[Symbol.dispose]();
  }
  fake.rows = [{ id: 1, name: "a" }, { id: 2, name: "b" }, { id: 3, name: "c" }];
  const rows = await Artist.find().all(fake.executor);
  fake.rows = [];
  for (const row of rows) await artist.albums.of(row, fake.executor);
  assert.deepEqual(found, []);
  assert.throws(() => detectRepeatedLoads({ threshold: 1 }), { message: /not a whole number from 2/ });
});
