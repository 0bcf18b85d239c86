/** Relations loaded inside of the statement of their rows: by lateral joins of records, and by joins. */
import assert from "node:assert/strict";
import { belongsTo, column, hasMany, model, relations } from "../../../orm/mod.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { sql } from "../../../pool/sql/sql.ts";
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

testOnBoth("by(lateral) loads nested rows in one statement, the same as by(query)", async (pool) => {
  const load = (by: "query" | "lateral") =>
    Artist.find().orderBy(Artist.id).with(
      artist.albums.orderBy(Album.id).by(by).with(
        album.tracks.where(Track.id.lt(5)).orderBy(Track.id.desc()).limit(2).only("name").by(by),
      ),
      artist.profile.by(by),
    );
  const query = load("lateral");
  assert.equal(
    query.toSQL().text,
    'select "artists"."id", "artists"."name", "~albums"."rows" as "~albums", "~profile"."rows" as "~profile" ' +
      'from "artists" left join lateral (select array_agg("~albums"."row") as "rows" from (' +
      'select row("albums"."id", "albums"."title", "albums"."artist_id", "albums"."producer_id", "~tracks"."rows") ' +
      'as "row" from "albums" left join lateral (select array_agg("~tracks"."row") as "rows" from (' +
      'select row("tracks"."name") as "row" from "tracks" where "tracks"."id" < $1 and ' +
      '"tracks"."album_id" = "albums"."id" order by "tracks"."id" desc limit $2) as "~tracks") as "~tracks" on true ' +
      'where "albums"."artist_id" = "artists"."id" order by "albums"."id") as "~albums") as "~albums" on true ' +
      'left join lateral (select array_agg("~profile"."row") as "rows" from (' +
      'select row("profiles"."artist_id", "profiles"."about") as "row" from "profiles" ' +
      'where "profiles"."artist_id" = "artists"."id") as "~profile") as "~profile" on true order by "artists"."id"',
  );
  const rows = await query.all(pool);
  assert.deepEqual(rows, await load("query").all(pool));
  assert.deepEqual(rows[0].albums[0].tracks, [{ name: "three" }, { name: "two" }]);
  assert.ok(
    Object.isFrozen(rows[0]) && Object.isFrozen(rows[0].albums) &&
      Object.isFrozen(rows[0].albums[0].tracks[0]),
  );
});

testOnBoth("by(lateral) mixes with by(query), through tables, and up and down a tree", async (pool) => {
  const mixed = (by: "query" | "lateral") =>
    Album.find().orderBy(Album.id).with(
      album.artist.by(by),
      album.tracks.orderBy(Track.id).by(by).with(
        track.genre.by("query"),
        track.playlists.orderBy(Playlist.id).by(by),
      ),
    );
  assert.deepEqual(await mixed("lateral").all(pool), await mixed("query").all(pool));
  const pivoted = (by: "query" | "lateral") =>
    Playlist.find().orderBy(Playlist.id).with(
      playlist.tracks.pivot("position").orderBy(PlaylistTrack.position).limit(2).by(by),
    );
  assert.deepEqual(await pivoted("lateral").all(pool), await pivoted("query").all(pool));
  const tree = (by: "query" | "lateral") =>
    Genre.find().orderBy(Genre.id).with(
      genre.children.where(Genre.name.ne("pop")).orderBy(Genre.id).by(by).with(genre.children.by(by)),
      genre.parent.by(by).with(genre.parent.by(by)),
    );
  const roots = await tree("lateral").all(pool);
  assert.deepEqual(roots, await tree("query").all(pool));
  assert.deepEqual(roots[0].children.map(({ name, children }) => [name, children.length]), [["baroque", 1]]);
  assert.equal(roots[3].parent?.parent?.name, "music");
  const said = (by: "query" | "lateral") =>
    Comment.find().orderBy(Comment.id).with(comment.album.by(by), comment.track.by(by));
  assert.deepEqual(await said("lateral").all(pool), await said("query").all(pool));
});

test("a table inside that hides the one around it gets the key under another name", () => {
  assert.equal(
    Genre.find().with(genre.children.only("name").by("lateral")).toSQL().text,
    'select "genres"."id", "genres"."name", "genres"."parent_id" as "parentId", "~children"."rows" as "~children" from ' +
      '"genres" left join lateral (select "genres"."id" as "0") as "~children_of" on true left join lateral (' +
      'select array_agg("~children"."row") as "rows" from (select row("genres"."name") as "row" from "genres" where ' +
      '"genres"."parent_id" = "~children_of"."0") as "~children") as "~children" on true',
  );
});

testOnBoth("by(join) selects one related row flat", async (pool) => {
  const load = (by: "query" | "join") =>
    Album.find().orderBy(Album.id).with(
      album.artist.by(by).with(artist.profile.by("query")),
      album.producer.where(Artist.id.gt(0)).only("name").by(by),
    );
  assert.equal(
    Album.find().only("title").with(album.producer.where({ name: "x" }).by("join")).toSQL().text,
    'select "albums"."title", "~producer"."id" as "~producer.id", "~producer"."name" as "~producer.name" from "albums" ' +
      'left join (select "artists"."id", "artists"."name" from "artists" where "artists"."name" = $1) as "~producer" ' +
      'on "~producer"."id" = "albums"."producer_id"',
  );
  const rows = await load("join").all(pool);
  assert.deepEqual(rows, await load("query").all(pool));
  assert.equal(rows[1].producer, null);
  assert.equal(rows[0].artist.profile?.about, "counts");
  const parents = await Genre.find().orderBy(Genre.id).with(genre.parent.only("name").by("join")).all(pool);
  assert.deepEqual(parents.map(({ parent }) => parent?.name), [undefined, "music", "music", "baroque"]);
  const profiles = await Artist.find().orderBy(Artist.id).with(artist.profile.by("join")).all(pool);
  assert.deepEqual(profiles.map(({ profile }) => profile?.about), ["counts", undefined, "sings"]);
});

testOnBoth("counting and paging rows is not disturbed by what is loaded with them", async (pool) => {
  const query = Artist.find().orderBy(Artist.id).with(artist.albums.by("lateral"), artist.profile.by("join"));
  assert.equal(await query.count(pool), 3);
  assert.ok(await query.exists(pool));
  assert.equal((await query.limit(1).offset(1).one(pool)).albums[0].title, "Fugues");
  assert.equal((await query.first(pool))?.profile?.about, "counts");
});

test("by() and with() refuse what cannot be", () => {
  assert.throws(() => artist.albums.by("join"), { message: /leads to many rows, which a join would repeat/ });
  assert.throws(
    () => Artist.find().with(artist.albums, artist.albums),
    { message: /two relations are named "albums"; give one another name/ },
  );
  assert.throws(() => artist.albums.as("name"), { message: /its name "name" is that of a column/ });
  assert.throws(() => relations(Artist, { name: hasMany(Album, Album.artistId) }), ValidationError);
  assert.throws(
    () => Artist.find().with(album.tracks as never),
    { message: /relation "tracks" of model "albums" is of another model; give relations of "artists"/ },
  );
  assert.throws(() => Artist.find().with({} as never), {
    message: /is no relation; declare it with relations\(\)/,
  });
  assert.throws(() => artist.albums.pivot("id" as never), { message: /there is no table in between/ });
  assert.throws(() => playlist.tracks.pivot("rank" as never), { message: /there is no such column/ });
  assert.throws(() => hasMany({} as never, Album.artistId), { message: /give a model/ });
  const wrong = relations(Artist, { albums: hasMany(Album, Track.albumId as never) });
  assert.throws(() => wrong.albums.query({ id: 1 }), {
    message: /its key "albumId" is of "tracks"; give columns of model "albums"/,
  });
  const uneven = relations(PlaylistTrack, { comments: hasMany(Comment, Comment.subjectId) });
  assert.throws(() => uneven.comments.query({}), {
    message:
      /its foreign key has the columns subjectId and the key of model "playlist_tracks" playlistId, trackId/,
  });
});

const Kind = model("kinds", {
  id: column.integer().primaryKey(),
  parentId: column.integer().nullable(),
  small: column.smallint().nullable(),
  big: column.bigint().nullable(),
  bigNumber: column.bigint({ mode: "number" }).nullable(),
  bigText: column.bigint({ mode: "string" }).nullable(),
  real: column.real().nullable(),
  double: column.double().nullable(),
  price: column.numeric(30, 10).nullable(),
  ratio: column.numeric({ mode: "number", precision: 10, scale: 3 }).nullable(),
  text: column.text().nullable(),
  short: column.varchar(5).nullable(),
  fixed: column.char(4).nullable(),
  flag: column.boolean().nullable(),
  uid: column.uuid().nullable(),
  data: column.jsonb<unknown>().nullable(),
  plain: column.json<unknown>().nullable(),
  bytes: column.bytea().nullable(),
  day: column.date().nullable(),
  at: column.time().nullable(),
  local: column.timestamp().nullable(),
  instant: column.timestamptz().nullable(),
  span: column.interval().nullable(),
  mood: column.enum("mood", ["sad", "ok"]).nullable(),
  tags: column.text().array().nullable(),
  grid: column.integer().array().array().nullable(),
  moods: column.enum("mood", ["sad", "ok"]).array().nullable(),
  bigs: column.bigint().array().nullable(),
  prices: column.numeric(20, 4).array().nullable(),
  instants: column.timestamptz().array().nullable(),
  spans: column.int4range().nullable(),
  amounts: column.numrange().nullable(),
  during: column.tstzrange().nullable(),
  days: column.datemultirange().nullable(),
  place: column.point().nullable(),
  net: column.inet().nullable(),
  words: column.tsvector().nullable(),
  bits: column.bit(3).nullable(),
});

const kind = relations(Kind, {
  children: hasMany(Kind, Kind.parentId),
  parent: belongsTo(Kind, Kind.parentId),
});

const CREATE_KINDS = [
  sql`create type mood as enum ('sad', 'ok')`,
  sql`create table kinds (id int primary key, parent_id int, small smallint, big bigint, big_number bigint, big_text bigint,
    "real" real, double double precision, price numeric(30, 10), ratio numeric(10, 3), text text, short varchar(5),
    fixed char(4), flag boolean, uid uuid, data jsonb, plain json, bytes bytea, day date, at time, local timestamp,
    instant timestamptz, span interval, mood mood, tags text[], grid int[], moods mood[], bigs bigint[],
    prices numeric(20, 4)[], instants timestamptz[], spans int4range, amounts numrange, during tstzrange,
    days datemultirange, place point, net inet, words tsvector, bits bit(3))`,
  sql`insert into kinds (id) values (1), (9)`,
  sql`insert into kinds values (2, 1, -32768, 9223372036854775807, 9007199254740991, -9223372036854775808, 1.1, 0.1,
    12345678901234567890.0123456789, 1234.567, ${'naïve "quoted", (x) \\ 🏊'}, '12345', 'ab', true,
    '0b3a6c1e-6d0f-4f0a-9d0e-0123456789ab', '{"a": [1, null, "x"]}', '{"b":  1.50}', '\\x00ff07', '2026-02-28',
    '23:59:59.999999', '1969-12-31 23:59:59.000001', '2026-11-22 10:00:00.123456+00', '14 mons 3 days 04:00:00', 'sad',
    '{"a,b","\\"",""}', '{{1,2},{3,4}}', '{ok,sad}', '{9223372036854775807,NULL}', '{0.1000,99999999999999.9999}',
    '{2026-11-22 10:00:00.123456+00}', '[1,5)', '(,1.5]', '[2026-01-01 00:00:00+00,)', '{[2026-01-01,2026-02-01)}',
    '(1.5,-2)', '10.0.0.0/8', 'a:1 b:2', '101')`,
  sql`insert into kinds (id, parent_id, "real", double, price, data, text) values (3, 1, 'NaN', '-Infinity', 'NaN',
    'null', '')`,
];

testOnBoth("values of every type are the same by every strategy, to the last digit", async (pool) => {
  for (const statement of CREATE_KINDS) await pool.execute(statement);
  const direct = await Kind.find().where(Kind.parentId.eq(1)).orderBy(Kind.id).all(pool);
  assert.equal(direct[0].big, 2n ** 63n - 1n);
  assert.equal(direct[0].price, "12345678901234567890.0123456789");
  const load = (by: "query" | "lateral") =>
    Kind.find().where({ id: 1 }).with(kind.children.orderBy(Kind.id).by(by)).one(pool);
  const [byQuery, byLateral] = [await load("query"), await load("lateral")];
  for (const property of Object.keys(direct[0]) as (keyof typeof direct[0])[]) {
    for (const index of [0, 1]) {
      const told = [byQuery, byLateral].map(({ children }) => shown(children[index][property]));
      assert.deepEqual(told, [shown(direct[index][property]), shown(direct[index][property])], property);
    }
  }
  await pool.execute(sql`update kinds set parent_id = 2 where id = 9`);
  const [parent] = await Kind.find().where({ id: 9 }).with(kind.parent.by("join")).all(pool);
  assert.deepEqual(Object.values(parent.parent ?? {}).map(shown), Object.values(direct[0]).map(shown));
});

/** A value as it can be compared: Temporal's differ by identity only. */
function shown(value: unknown): unknown {
  if (value === null || typeof value !== "object") return Object.is(value, -0) ? 0 : value;
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(shown);
  if (Object.prototype.toString.call(value).startsWith("[object Temporal")) return String(value);
  const entries = Object.entries(value);
  return entries.length === 0
    ? String(value)
    : Object.fromEntries(entries.map(([key, item]) => [key, shown(item)]));
}

test("a column whose type is unknown inside of a record is refused by name", () => {
  const Box = model("boxes", {
    id: column.integer().primaryKey(),
    parentId: column.integer(),
    size: column.composite("size", { width: column.integer() }),
  });
  const box = relations(Box, { inner: hasMany(Box, Box.parentId) });
  assert.throws(() => Box.find().with(box.inner.by("lateral")), (error) => {
    assert.ok(error instanceof ValidationError);
    assert.match(
      error.message,
      /column "size" of model "boxes": its type "size" cannot be read inside of another row/,
    );
    return true;
  });
  assert.ok(Box.find().with(box.inner.only("id").by("lateral")).toSQL().text.includes('row("boxes"."id")'));
});

testOnBoth("relations load with streams, pages and prepared queries, by every strategy", async (pool) => {
  for (const by of ["query", "lateral"] as const) {
    const query = Artist.find().orderBy(Artist.id).with(artist.albums.orderBy(Album.id).by(by));
    const streamed: string[] = [];
    for await (const row of query.stream({}, pool)) streamed.push(...row.albums.map(({ title }) => title));
    assert.deepEqual(streamed, ["Engines", "Notes", "Fugues"]);
    const page = await query.paginate({ page: 2, size: 1 }, pool);
    assert.deepEqual(page.rows.map(({ albums }) => albums.length), [1]);
    assert.equal(page.total, 3);
    assert.deepEqual((await query.prepare().all({}, pool)).map(({ albums }) => albums.length), [2, 1, 0]);
  }
});
