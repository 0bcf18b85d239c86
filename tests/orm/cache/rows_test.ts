/** Rows of cached models: where they come from, and when they must not come from the cache. */
import assert from "node:assert/strict";
import { Cache, column, MemoryStore, model, Pool, sql } from "../../../mod.ts";
import { test } from "../../harness.ts";
import { HandDrivenReflector } from "./hand_driven_reflector.ts";

const TABLES = [{ name: "public.users", key: ["id"], lookups: [["email"], ["boss"]] }];

const User = model("users", {
  id: column.integer().primaryKey(),
  email: column.text().unique(),
  boss: column.integer().nullable(),
  balance: column.numeric().default("0"),
  seen: column.timestamptz().defaultNow(),
  photo: column.bytea().nullable(),
  deletedAt: column.timestamptz().nullable(),
}, { cache: { ttl: 60 }, softDelete: true });

interface Setup extends AsyncDisposable {
  readonly pool: Pool;
  readonly cache: Cache;
  readonly reflector: HandDrivenReflector;
}

async function setup(options: { readonly nearRows?: number } = {}): Promise<Setup> {
  const pool = new Pool("pglite:");
  await pool.execute(sql`create table users (id integer primary key, email text not null unique, boss integer,
    balance numeric not null default 0, seen timestamptz not null default now(), photo bytea, deleted_at timestamptz)`);
  await pool.execute(sql`insert into users (id, email, boss, balance, seen, photo) select i, 'u' || i, i / 10,
    i + 0.10, '2026-01-01 00:00:00.123456+00'::timestamptz, decode('00ff', 'hex') from generate_series(1, 100) i`);
  const store = new MemoryStore();
  const cache = new Cache(pool, { store, nearRows: 0, logger: { warn: () => {} }, ...options });
  const reflector = new HandDrivenReflector(store, pool);
  await reflector.lead(TABLES);
  reflector.start();
  // The first read says that the cache is used, and finds out what the table is called.
  await User.findById(1, pool);
  assert.equal(await cache.ready(), true);
  return {
    pool,
    cache,
    reflector,
    [Symbol.asyncDispose]: async () => {
      reflector.stop();
      await cache.close();
      await pool.close();
    },
  };
}

/** Reads until a read was a hit: fills are made in the background. */
async function untilHit(cache: Cache, read: () => Promise<unknown>): Promise<unknown> {
  for (let i = 0; i < 200; i++) {
    const { hits } = cache.stats();
    const value = await read();
    if (cache.stats().hits > hits) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`There was no hit: ${JSON.stringify(cache.stats())}`);
}

/** Reads until nothing was missing: neither a lookup nor a row. */
async function untilNoMiss<Value>(cache: Cache, read: () => Promise<Value>): Promise<Value> {
  for (let i = 0; i < 200; i++) {
    const { hits, misses, bypassed } = cache.stats();
    const value = await read();
    const now = cache.stats();
    if (now.hits > hits && now.misses === misses && now.bypassed === bypassed) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Something was always missing: ${JSON.stringify(cache.stats())}`);
}

test("findById() returns from the store exactly what the database returned", async () => {
  await using set = await setup();
  const { pool, cache } = set;
  const fresh = await User.findById(7, pool);
  const cached = await untilHit(cache, () => User.findById(7, pool));
  assert.deepEqual(cached, fresh);
  assert.equal(Object.isFrozen(cached), true);
  assert.equal((cached as typeof User.Row).balance, "7.10");
});

test("findById() of a row that is not there comes from the store, too", async () => {
  await using set = await setup();
  assert.equal(await untilHit(set.cache, () => User.findById(12345, set.pool)), undefined);
});

test("findById() shows the new row after the change was applied, without a write of this process", async () => {
  await using set = await setup();
  const { pool, cache, reflector } = set;
  await untilHit(cache, () => User.findById(3, pool));
  await pool.execute(sql`update users set email = 'new' where id = 3`);
  assert.equal((await User.findById(3, pool))?.email, "u3", "nobody has told the cache yet");
  await reflector.apply([{ key: "lifeguard:model:public.users:3", table: "public.users" }]);
  assert.equal((await User.findById(3, pool))?.email, "new");
});

test("A write by key is seen by the next read of the same process", async () => {
  await using set = await setup({ nearRows: 1_000 });
  const { pool, cache } = set;
  await User.findById(4, pool);
  await untilHit(cache, () => User.findById(5, pool)).catch(() => {});
  for (let i = 0; i < 50; i++) {
    await User.updateById(4, { email: `e${i}` }, pool);
    assert.equal((await User.findById(4, pool))?.email, `e${i}`);
  }
});

test("A soft-deleted row is none, from the store as from the database", async () => {
  await using set = await setup();
  const { pool, cache, reflector } = set;
  await pool.execute(sql`update users set deleted_at = now() where id = 9`);
  await reflector.canary();
  assert.equal(await untilHit(cache, () => User.findById(9, pool)), undefined);
});

test("Nothing comes from the store once canaries stop", async () => {
  await using set = await setup();
  const { pool, cache, reflector } = set;
  await untilHit(cache, () => User.findById(3, pool));
  reflector.stop();
  const stopped = performance.now();
  while (cache.stats().trusted) await new Promise((resolve) => setTimeout(resolve, 10));
  console.log(`Trust was lost ${Math.round(performance.now() - stopped)} ms after the last canary`);
  const { hits } = cache.stats();
  await pool.execute(sql`update users set email = 'unseen' where id = 3`);
  assert.equal((await User.findById(3, pool))?.email, "unseen");
  assert.equal(cache.stats().hits, hits);
});

test("A query by a unique column comes from the store, and notices when the row has another value", async () => {
  await using set = await setup();
  const { pool, cache, reflector } = set;
  const find = () => User.find().where(User.email.eq("u8")).maybeOne(pool);
  assert.equal((await find())?.id, 8);
  assert.equal((await untilNoMiss(cache, find))?.id, 8);
  await pool.execute(sql`update users set email = 'x8' where id = 8`);
  await pool.execute(sql`insert into users (id, email) values (800, 'u8')`);
  // Only the row is voided, not the lookup.
  await reflector.apply([{ key: "lifeguard:model:public.users:8", table: "public.users" }]);
  assert.equal((await find())?.id, 800);
});

test("A query by a foreign key comes from the store with all its rows", async () => {
  await using set = await setup();
  const { pool, cache } = set;
  const find = () => User.find().where(User.boss.eq(2)).all(pool);
  const fresh = await find();
  assert.equal(fresh.length, 10);
  assert.deepEqual(await untilNoMiss(cache, find), fresh);
});

test("A kept result ends with a change of any table it reads", async () => {
  await using set = await setup();
  const { pool, cache, reflector } = set;
  const count = () => User.find().where(User.id.gt(50)).orderBy(User.id).cached(30).all(pool);
  assert.equal((await count()).length, 50);
  const cached = await untilHit(cache, count) as unknown[];
  assert.equal(cached.length, 50);
  await pool.execute(sql`delete from users where id = 60`);
  assert.equal((await count()).length, 50);
  await reflector.apply([{ key: "lifeguard:table:public.users", table: "public.users" }]);
  assert.equal((await count()).length, 49);
  assert.equal((await untilHit(cache, count) as unknown[]).length, 49);
});

test("Nothing is read from the cache in a transaction", async () => {
  await using set = await setup();
  const { pool, cache } = set;
  await untilHit(cache, () => User.findById(3, pool));
  const { hits } = cache.stats();
  await pool.transaction(async (tx) => {
    await tx.execute(sql`update users set email = 'mine' where id = 3`);
    assert.equal((await User.findById(3, tx))?.email, "mine");
    assert.equal((await User.find().where(User.email.eq("mine")).one(tx)).id, 3);
  });
  assert.equal(cache.stats().hits, hits);
});
