/** How reads of cached models are answered: which of them, from where, and at which price. */
import assert from "node:assert/strict";
import { belongsTo, Cache, column, hasMany, model, Pool, relations, sql } from "../../../mod.ts";
import { RedisStore } from "../../../orm/cache/stores/redis/redis_store.ts";
import { installTriggers, Reflector } from "../../../reflector/mod.ts";
import { test } from "../../harness.ts";
import { eventually } from "../../reflector/live_cache.ts";
import { freshDatabase, isolatedRedis, needs } from "../../services/client.ts";
import { type CachedDatabase, cachedDatabase, untilCached } from "./cached_database.ts";

const cache = { ttl: 600 };
const Artist = model("artists", { id: column.integer().primaryKey(), name: column.text() }, { cache });
const Album = model("albums", {
  id: column.integer().primaryKey(),
  artistId: column.integer().references(() => Artist.id),
  title: column.text(),
}, { cache });
const artist = relations(Artist, { albums: hasMany(Album, Album.artistId) });
const album = relations(Album, { artist: belongsTo(Artist, Album.artistId) });

function music(nearRows: number): Promise<CachedDatabase> {
  return cachedDatabase({
    ddl: `create table artists (id integer primary key, name text not null);
      create table albums (id integer primary key, artist_id integer not null references artists, title text not null);
      insert into artists select i, 'artist ' || i from generate_series(1, 10) i;
      insert into albums select i, (i + 1) / 2, 'album ' || i from generate_series(1, 20) i`,
    tables: ["artists", "albums"],
    cache: { nearRows },
  });
}

test("Relations of cached models are loaded from the cache, and are as new as their rows", async () => {
  await using database = await music(0);
  const { pool, cache, applied } = database;
  const readAlbums = () =>
    Album.find().where(Album.id.in([1, 2, 3])).orderBy(Album.id).with(album.artist).all(pool);
  const readArtist = () => Artist.find().where(Artist.id.eq(2)).with(artist.albums).all(pool);
  await readAlbums();
  const hits = cache.stats().hits;
  await eventually(async () => {
    const rows = await readAlbums();
    assert.deepEqual(rows.map((row) => row.artist.name), ["artist 1", "artist 1", "artist 2"]);
    return cache.stats().hits >= hits + 2;
  }, "both artists come from the cache");
  await untilCached(cache, readArtist);

  await pool.execute(sql`update artists set name = 'renamed' where id = 2`);
  await pool.execute(sql`update albums set artist_id = 2, title = 'moved' where id = 20`);
  await applied();
  assert.equal((await readAlbums())[2].artist.name, "renamed");
  const [{ name, albums }] = await readArtist();
  assert.equal(name, "renamed");
  assert.deepEqual(albums.map(({ title }) => title).toSorted(), ["album 3", "album 4", "moved"]);
});

test("Many readers of one key are one miss", async () => {
  await using database = await music(0);
  const { pool, cache } = database;
  await untilCached(cache, () => Artist.findById(1, pool));
  const { misses } = cache.stats();
  const rows = await Promise.all(Array.from({ length: 1_000 }, () => Artist.findById(2, pool)));
  assert.ok(rows.every((row) => row?.name === "artist 2"));
  assert.equal(cache.stats().misses, misses + 1);
});

test("Rows of this process need no store, are no more than allowed, and are good for a second at most", async () => {
  await using database = await music(5);
  const { pool, cache, reflector } = database;
  const read = (id: number) => Artist.findById(id, pool);
  for (let id = 1; id <= 10; id++) await read(id);
  await untilCached(cache, () => read(10));
  const before = cache.stats();
  await eventually(async () => {
    for (let round = 0; round < 10; round++) await read(10);
    return cache.stats().nearHits >= before.nearHits + 10;
  }, "a row of this process is found");
  // Five of ten were kept.
  const { nearHits } = cache.stats();
  for (let id = 1; id <= 10; id++) await read(id);
  assert.ok(cache.stats().nearHits - nearHits <= 5, JSON.stringify(cache.stats()));

  await reflector.stop();
  await eventually(() => !cache.stats().trusted, "trust ends");
  const { nearHits: last, bypassed } = cache.stats();
  assert.equal((await read(10))?.name, "artist 10");
  assert.deepEqual([cache.stats().nearHits, cache.stats().bypassed], [last, bypassed + 1]);
});

test("An entry ends with its model's ttl, and that there is none with its negativeTtl", async () => {
  const Brief = model("artists", { id: column.integer().primaryKey(), name: column.text() }, {
    cache: { ttl: 60, negativeTtl: 1 },
  });
  const Short = model("albums", { id: column.integer().primaryKey(), title: column.text() }, { cache: 1 });
  await using database = await music(0);
  const { pool, cache } = database;
  const cached = async (read: () => Promise<unknown>): Promise<boolean> => {
    const { misses } = cache.stats();
    await read();
    return cache.stats().misses === misses;
  };
  const readings: Record<string, () => Promise<unknown>> = {
    row: () => Short.findById(1, pool),
    none: () => Brief.findById(99, pool),
    kept: () => Brief.findById(1, pool),
  };
  for (const read of Object.values(readings)) await untilCached(cache, read);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.deepEqual(
    [await cached(readings.row), await cached(readings.none), await cached(readings.kept)],
    [false, false, true],
  );
});

test(
  "A Redis that stalls costs who waits for it the timeout, and nobody else anything",
  { ...needs("primary", "isolatedRedis"), allow: ["env"], timeout: 60_000 },
  async () => {
    await using redis = await isolatedRedis();
    await using database = await freshDatabase();
    await using pool = new Pool({ url: database.url, max: 4 });
    await pool.execute(sql`create table artists (id integer primary key, name text not null)`);
    await pool.execute(sql`insert into artists select i, 'artist ' || i from generate_series(1, 10) i`);
    await installTriggers(pool, { tables: ["artists"] });
    const warnings: string[] = [];
    await using cache = new Cache(pool, {
      redis: redis.url,
      nearRows: 0,
      logger: { warn: (message) => warnings.push(message) },
    });
    await using store = new RedisStore(redis.url, { timeout: 500 });
    await using reflector = new Reflector({ database: database.url, store, source: "notify" });
    await reflector.start();
    assert.ok(await cache.ready({ timeout: 20_000 }));
    const read = () => Artist.findById(1, pool);
    await untilCached(cache, read);

    await redis.control.pause();
    const took: number[] = [];
    for (let round = 0; round < 200; round++) {
      const started = performance.now();
      assert.equal((await read())?.name, "artist 1");
      took.push(performance.now() - started);
    }
    const slow = took.filter((each) => each > 45).length;
    console.log(`200 reads: longest ${Math.max(...took).toFixed(1)} ms, ${slow} above 45 ms`);
    assert.ok(slow < 100, `${slow} reads waited`);
    assert.equal(cache.stats().breaker, "open");
    assert.ok(warnings.some((warning) => /does not answer; PostgreSQL is read instead/.test(warning)));

    await redis.control.resume();
    assert.ok(await cache.ready({ timeout: 20_000 }));
    await untilCached(cache, read);
    assert.equal(cache.stats().breaker, "closed");
  },
);
