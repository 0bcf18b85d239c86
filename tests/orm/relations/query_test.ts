/** Relations loaded by a statement of their own, and what that statement is. */
import assert from "node:assert/strict";
import { NotFoundError } from "../../../pool/pool_errors.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { FakeExecutor } from "../fake_executor.ts";
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

testOnBoth("with() loads many rows, one row, and rows of these, in one statement each", async (pool) => {
  const rows = await Artist.find().orderBy(Artist.id)
    .with(artist.albums.orderBy(Album.id).with(album.tracks.orderBy(Track.id)), artist.profile)
    .all(pool);
  assert.deepEqual(rows, [
    {
      id: 1,
      name: "Ada",
      albums: [
        {
          id: 1,
          title: "Engines",
          artistId: 1,
          producerId: 2,
          tracks: [
            { id: 1, name: "one", albumId: 1, genreId: 3 },
            { id: 2, name: "two", albumId: 1, genreId: 3 },
            { id: 3, name: "three", albumId: 1, genreId: null },
          ],
        },
        {
          id: 2,
          title: "Notes",
          artistId: 1,
          producerId: null,
          tracks: [{ id: 6, name: "six", albumId: 2, genreId: 3 }],
        },
      ],
      profile: { artistId: 1, about: "counts" },
    },
    {
      id: 2,
      name: "Bach",
      albums: [{
        id: 3,
        title: "Fugues",
        artistId: 2,
        producerId: 1,
        tracks: [{ id: 4, name: "four", albumId: 3, genreId: 4 }],
      }],
      profile: null,
    },
    { id: 3, name: "Cher", albums: [], profile: { artistId: 3, about: "sings" } },
  ]);
  assert.ok(
    Object.isFrozen(rows[0]) && Object.isFrozen(rows[0].albums) &&
      Object.isFrozen(rows[0].albums[0].tracks[0]),
  );
});

test("with() asks for the related rows of every key once, as a read", async () => {
  const fake = new FakeExecutor();
  fake.rows = [{ id: 7, name: "Ada" }, { id: 8, name: "Bach" }, { id: 7, name: "Ada" }];
  await Artist.find().with(artist.albums.where({ title: "x" }).orderBy(Album.title.desc())).all(
    fake.executor,
  );
  assert.deepEqual(fake.statements, [
    { text: 'select "artists"."id", "artists"."name" from "artists"', values: [], readOnly: true },
    {
      text: 'select "albums"."id", "albums"."title", "albums"."artist_id" as "artistId", ' +
        '"albums"."producer_id" as "producerId" from "albums" where "albums"."title" = $1 and ' +
        '"albums"."artist_id" = any($2) order by "albums"."title" desc',
      values: ["x", [7, 8]],
      readOnly: true,
    },
  ]);
});

test("with() sends nothing where there are no rows, or no keys", async () => {
  const fake = new FakeExecutor();
  assert.deepEqual(await Artist.find().with(artist.albums).all(fake.executor), []);
  assert.equal(fake.statements.length, 1);
  fake.rows = [{ id: 1, name: "n", albumId: null, genreId: null }];
  const [row] = await Track.find().with(track.album).all(fake.executor);
  assert.equal(row.album, null);
  assert.equal(fake.statements.length, 2);
});

test("the statement of a relation is built once", async () => {
  const fake = new FakeExecutor();
  fake.rows = [{ id: 1, name: "n" }];
  const load = () =>
    Artist.find().with(artist.albums.where(Album.title.like("x%")).limit(2)).all(fake.executor);
  await load();
  const first = fake.last.text;
  await load();
  assert.ok(Object.is(first, fake.last.text));
  assert.deepEqual(fake.last.values, [[1], "x%", 2]);
});

testOnBoth("columns that keys are read from need not be selected", async (pool) => {
  const query = Album.find().only("title").orderBy(Album.id).with(album.artist.only("name"));
  assert.equal(
    query.toSQL().text,
    'select "albums"."title", "albums"."artist_id" as "~albums.artistId" from "albums" order by "albums"."id"',
  );
  assert.deepEqual(await query.all(pool), [
    { title: "Engines", artist: { name: "Ada" } },
    { title: "Notes", artist: { name: "Ada" } },
    { title: "Fugues", artist: { name: "Bach" } },
  ]);
  const many = await Artist.find().only("name").orderBy(Artist.id).with(
    artist.albums.only("title").orderBy(Album.id),
  )
    .all(pool);
  assert.deepEqual(many[0], { name: "Ada", albums: [{ title: "Engines" }, { title: "Notes" }] });
  const selected = await Album.find().select({ of: { title: Album.title } }).orderBy(Album.id).with(
    album.artist,
  )
    .first(pool);
  assert.deepEqual(selected, { of: { title: "Engines" }, artist: { id: 1, name: "Ada" } });
});

testOnBoth("a row that several rows lead to is the same under each", async (pool) => {
  const albums = await Album.find().orderBy(Album.id).with(album.artist).all(pool);
  assert.equal(albums[0].artist.name, "Ada");
  assert.ok(Object.is(albums[0].artist, albums[1].artist));
  const lists = await Playlist.find().orderBy(Playlist.id).with(playlist.tracks.orderBy(Track.id)).all(pool);
  assert.deepEqual(lists.map(({ tracks }) => tracks.map(({ name }) => name)), [["one", "four"], [
    "one",
    "two",
    "five",
  ], []]);
  assert.ok(Object.is(lists[0].tracks[0], lists[1].tracks[0]));
});

testOnBoth(
  "several relations lead to one model by different keys, and one relation twice by other names",
  async (pool) => {
    const [ada] = await Artist.find().where({ name: "Ada" }).with(
      artist.albums.orderBy(Album.id).only("title"),
      artist.produced.only("title"),
      artist.albums.where(Album.title.like("N%")).only("id").as("notes"),
    ).all(pool);
    assert.deepEqual(ada, {
      id: 1,
      name: "Ada",
      albums: [{ title: "Engines" }, { title: "Notes" }],
      produced: [{ title: "Fugues" }],
      notes: [{ id: 2 }],
    });
  },
);

testOnBoth("self-relations lead up and down", async (pool) => {
  const query = Genre.find().where({ name: "baroque" }).with(
    genre.parent.with(genre.children.orderBy(Genre.id).only("name")),
    genre.children.only("name"),
  );
  assert.deepEqual(await query.one(pool), {
    id: 2,
    name: "baroque",
    parentId: 1,
    parent: { id: 1, name: "music", parentId: null, children: [{ name: "baroque" }, { name: "pop" }] },
    children: [{ name: "fugue" }],
  });
});

testOnBoth("relations through a table compare its keys, and are ordered by its columns", async (pool) => {
  const query = Playlist.find().orderBy(Playlist.id).with(
    playlist.tracks.only("name").orderBy(PlaylistTrack.position).pivot("position"),
  );
  assert.deepEqual((await query.all(pool)).map(({ tracks }) => tracks), [
    [{ name: "four", position: 1 }, { name: "one", position: 2 }],
    [{ name: "one", position: 1 }, { name: "two", position: 2 }, { name: "five", position: 3 }],
    [],
  ]);
  const tracks = await Track.find().only("id").orderBy(Track.id).with(
    track.playlists.only("name").orderBy(Playlist.id),
  )
    .all(pool);
  assert.deepEqual(tracks[0], { id: 1, playlists: [{ name: "morning" }, { name: "evening" }] });
  assert.deepEqual(tracks[2], { id: 3, playlists: [] });
});

test("a relation through a table joins it", async () => {
  const fake = new FakeExecutor();
  fake.rows = [{ id: 1, name: "n" }];
  await Playlist.find().with(playlist.tracks.only("name").where(Track.id.gt(5))).all(fake.executor);
  assert.deepEqual(fake.last, {
    text: 'select "tracks"."name", "playlist_tracks"."playlist_id" as ' +
      '"~playlist_tracks.playlistId" from "tracks" join "playlist_tracks" on ' +
      '"tracks"."id" = "playlist_tracks"."track_id" where "tracks"."id" > $1 and "playlist_tracks"."playlist_id" = any($2)',
    values: [5, [1]],
    readOnly: true,
  });
});

testOnBoth("polymorphic relations are told apart by a column, in both directions", async (pool) => {
  const [first] = await Album.find().only("id").orderBy(Album.id).with(album.comments).all(pool);
  assert.deepEqual(first.comments.map(({ body }) => body), ["good"]);
  const comments = await Comment.find().only("id").orderBy(Comment.id).with(
    comment.album.only("title"),
    comment.track.only("name"),
  ).all(pool);
  assert.deepEqual(comments, [
    { id: 1, album: { title: "Engines" }, track: null },
    { id: 2, album: null, track: { name: "one" } },
    { id: 3, album: { title: "Fugues" }, track: null },
  ]);
});

testOnBoth("limits and offsets hold for each row", async (pool) => {
  const query = Artist.find().orderBy(Artist.id).with(
    artist.albums.orderBy(Album.id.desc()).limit(1).with(
      album.tracks.orderBy(Track.id).limit(2).only("name"),
    ),
  );
  assert.deepEqual(
    (await query.all(pool)).map(({ albums }) => albums.map(({ title, tracks }) => [title, tracks])),
    [
      [["Notes", [{ name: "six" }]]],
      [["Fugues", [{ name: "four" }]]],
      [],
    ],
  );
  const second = await Playlist.find().only("id").orderBy(Playlist.id).with(
    playlist.tracks.only("name").orderBy(PlaylistTrack.position).limit(1).offset(1),
  ).all(pool);
  assert.deepEqual(second.map(({ tracks }) => tracks), [[{ name: "one" }], [{ name: "two" }], []]);
});

test("a limit for each row asks with each key", async () => {
  const fake = new FakeExecutor();
  fake.rows = [{ id: 1, name: "n" }, { id: 2, name: "m" }];
  await Artist.find().with(artist.albums.only("title").where({ title: "x" }).orderBy(Album.id).limit(3))
    .all(fake.executor);
  assert.deepEqual(fake.last, {
    text:
      'select "~rows".* from unnest($1::integer[]) as "~keys" ("0") cross join lateral (select "albums"."title", ' +
      '"albums"."artist_id" as "~albums.artistId" from "albums" where "albums"."title" = $2 and ' +
      '"albums"."artist_id" = "~keys"."0" order by "albums"."id" limit $3) as "~rows"',
    values: [[1, 2], "x", 3],
    readOnly: true,
  });
});

testOnBoth("a row that must be there and is not is an error that names the relation", async (pool) => {
  await pool.execute(sql`insert into albums values (9, 'Lost', 99, null)`);
  const albums = Album.find().where({ id: 9 });
  await assert.rejects(albums.with(album.artist).all(pool), (error) => {
    assert.ok(error instanceof NotFoundError);
    assert.match(error.message, /^Cannot load relation "artist" of model "albums": /);
    return true;
  });
  assert.equal((await albums.with(album.artist.where(Artist.id.gt(0))).one(pool)).artist, null);
});

testOnBoth(
  "relations load in a transaction, with one row, with the first, and through ends",
  async (pool) => {
    await pool.transaction(async (tx) => {
      const query = Artist.find().orderBy(Artist.id).with(artist.albums, artist.produced, artist.profile);
      assert.equal((await query.all(tx)).length, 3);
      assert.equal((await query.first(tx))?.albums.length, 2);
      assert.equal((await query.where({ id: 1 }).one(tx)).produced.length, 1);
      assert.equal((await query.where({ id: 2 }).maybeOne(tx))?.albums[0].title, "Fugues");
      assert.equal(await query.count(tx), 3);
      assert.ok(await query.exists(tx));
    });
  },
);

testOnBoth("ten thousand rows load their relation at once", async (pool) => {
  await pool.execute(
    sql`insert into artists (id, name) select i, 'a' || i from generate_series(11, 10010) i`,
  );
  await pool.execute(
    sql`insert into albums (id, title, artist_id) select i, 't', i / 2 from generate_series(22, 20021) i`,
  );
  const rows = await Artist.find().where(Artist.id.gt(10)).with(artist.albums.orderBy(Album.id)).all(pool);
  assert.equal(rows.length, 10_000);
  for (const row of rows) {
    assert.deepEqual(row.albums.map(({ artistId }) => artistId), [row.id, row.id]);
  }
});

test("relations of rows that were not sent for as a read are not either", async () => {
  const fake = new FakeExecutor();
  fake.rows = [{ id: 1, name: "n" }];
  await Artist.find().where(sql`touch(${Artist.id})`).with(artist.albums).all(fake.executor);
  assert.deepEqual(fake.statements.map(({ readOnly }) => readOnly), [false, false]);
  await Artist.find().timeout(5).with(artist.albums.where(sql`touch(${Album.id})`)).all(fake.executor);
  assert.deepEqual(fake.statements.slice(2).map(({ readOnly }) => readOnly), [true, false]);
});
