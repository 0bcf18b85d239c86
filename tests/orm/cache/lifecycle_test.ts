/** Caches that are made wrongly, closed early, or have nothing behind them: reads go on, and nothing is left behind. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { Cache, type CacheOptions, column, MemoryStore, model, Pool, sql } from "../../../mod.ts";
import { installTriggers } from "../../../reflector/mod.ts";
import { test } from "../../harness.ts";
import { cachedDatabase, untilCached } from "./cached_database.ts";

const User = model("users", { id: column.integer().primaryKey(), teamId: column.integer() }, { cache: 60 });
const DDL = `create table users (id int primary key, team_id int not null);
  insert into users select i, i % 3 from generate_series(1, 100) i`;
const silent = { warn: () => {} };

test("Options that mean nothing are refused with what to give instead", async () => {
  await using pool = new Pool("pglite:");
  const store = new MemoryStore();
  const wrong: readonly [unknown, RegExp][] = [
    [undefined, /"options".*undefined was given; give \{ redis/],
    [5, /"options".*an integer was given/],
    [{}, /"redis".*give either redis/],
    [{ redis: "redis://localhost", store }, /"redis".*give either redis/],
    [{ store: {} }, /"store".*a plain object was given; give a store, as new MemoryStore\(\)/],
    [{ store: null }, /"store".*null was given/],
    [{ store, timeout: 5 }, /"timeout".*for redis only/],
    [{ store, logger: {} }, /"logger".*give an object with a method warn\(\)/],
    [{ store, logger: null }, /"logger".*null was given/],
    [{ store, prefix: 5 }, /"prefix".*give text/],
    [{ store, prefix: "{a}" }, /"prefix".*give text/],
    [{ store, nearRows: -1 }, /"nearRows".*it is -1/],
    [{ store, nearRow: 1 }, /"nearRow".*did you mean "nearRows"/],
    [{ redis: 5 }, /"redis".*neither a URL/],
    [{ redis: "http://localhost" }, /"redis".*no URL of the form/],
    [{ redis: "redis://localhost", timeout: -1 }, /"timeout"/],
  ];
  for (const [options, message] of wrong) {
    assert.throws(() => new Cache(pool, options as CacheOptions), { code: "CONFIG", message });
  }
  for (const other of [undefined, {}, pool.reading("strong")]) {
    assert.throws(() => new Cache(other as unknown as Pool, { store }), {
      code: "CONFIG",
      message: /give a Pool/,
    });
  }
  await using cache = new Cache(pool, { store, logger: silent });
  assert.throws(() => new Cache(pool, { store }), { code: "CONFIG", message: /it has a cache already/ });
  for (const timeout of [NaN, -1, "5", null] as unknown as number[]) {
    await assert.rejects(cache.ready({ timeout }), { code: "VALIDATION" });
  }
  assert.equal(await cache.ready({ timeout: 0 }), false);
  await assert.rejects(cache.ready({ signal: AbortSignal.abort(new Error("Enough")) }), /Enough/);
  const waiting = cache.ready({ timeout: 60_000 });
  await cache.close();
  assert.equal(await waiting, false);
  await cache.close();
  // Another may follow.
  await using _next = new Cache(pool, { store: new MemoryStore(), logger: silent });
});

test("A table that is made after it was first asked for is cached from then on", async () => {
  await using db = await cachedDatabase({ ddl: DDL, tables: ["users"] });
  const late = model("late", { id: column.integer().primaryKey() }, { cache: 60 }).on(db.pool);
  const before = db.cache.stats().bypassed;
  await assert.rejects(late.findById(1), { sqlState: "42P01" });
  assert.equal(db.cache.stats().bypassed, before + 1);
  await db.pool.execute(sql`create table late (id int primary key)`);
  await db.pool.execute(sql`insert into late values (1)`);
  await installTriggers(db.pool, { tables: ["late"], cascades: "ignore" });
  const row = await untilCached(db.cache, async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return await late.findById(1);
  });
  assert.deepEqual(row, { id: 1 });
});

test("A cache that is closed while reads are under way fails none of them", async () => {
  for (let round = 0; round < 3; round++) {
    await using db = await cachedDatabase({ ddl: DDL, tables: ["users"], cache: { nearRows: 0 } });
    const { pool, cache } = db;
    await untilCached(cache, () => User.findById(1, pool));
    const reads = Array.from({ length: 100 }, (_, index) => User.findById(index + 1, pool));
    const kept = User.find().orderBy(User.id).cached(60).all(pool);
    if (round > 0) await new Promise((resolve) => setTimeout(resolve, round - 1));
    const closed = cache.close();
    const later = User.findById(5, pool);
    await closed;
    assert.deepEqual(
      (await Promise.all(reads)).map((row) => row?.id),
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    assert.equal((await kept).length, 100);
    assert.equal((await later)?.id, 5);
    await User.updateById(5, { teamId: 9 }, pool);
    assert.equal((await User.findById(5, pool))?.teamId, 9);
  }
});

test("A pool that is closed before its cache is told nothing of it, and the cache closes after it", async () => {
  const warnings: string[] = [];
  const pool = new Pool("pglite:");
  const cache = new Cache(pool, {
    store: new MemoryStore(),
    logger: { warn: (text) => warnings.push(text) },
  });
  await pool.execute(sql`create table users (id int primary key, team_id int not null)`);
  assert.equal(await User.findById(1, pool), undefined);
  await pool.close();
  await assert.rejects(async () => await User.findById(1, pool), /closed/);
  await assert.rejects(async () => await User.find().where(User.teamId.eq(1)).cached(5).all(pool), /closed/);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(await cache.ready({ timeout: 50 }), false);
  await cache.close();
  assert.deepEqual(warnings, []);
});

test("A Redis that takes connections and never answers costs reads nothing but its timeout", async () => {
  const sockets = new Set<import("node:net").Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await using pool = new Pool("pglite:");
  await pool.execute(sql`create table users (id int primary key, team_id int not null)`);
  {
    await using cache = new Cache(pool, { redis: `redis://127.0.0.1:${port}`, logger: silent });
    const started = performance.now();
    await User.insert({ id: 1, teamId: 1 }, pool);
    for (let i = 0; i < 20; i++) assert.equal((await User.findById(1, pool))?.teamId, 1);
    const took = performance.now() - started;
    console.log(`21 calls took ${Math.round(took)} ms beside a Redis that never answers`);
    assert.ok(took < 5_000, `it took ${took} ms`);
    assert.equal(cache.stats().trusted, false);
  }
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test("A cache on a pool whose database cannot be reached says so by the reads' errors alone", async () => {
  await using pool = new Pool({
    url: "postgres://nobody@127.0.0.1:1/none",
    connectTimeout: 500,
    acquireTimeout: 500,
  });
  const warnings: string[] = [];
  await using cache = new Cache(pool, {
    store: new MemoryStore(),
    logger: { warn: (text) => warnings.push(text) },
  });
  const error = await User.findById(1, pool).catch((error) => error);
  assert.equal(error.code, "POOL_TIMEOUT");
  assert.equal(await cache.ready({ timeout: 300 }), false);
  assert.deepEqual(warnings, []);
});
