import assert from "node:assert/strict";
import { Pool, sql } from "../../mod.ts";
import type { CacheStore } from "../../orm/cache/stores/cache_store.ts";
import { MemoryStore } from "../../orm/cache/stores/memory_store.ts";
import { RedisStore } from "../../orm/cache/stores/redis/redis_store.ts";
import { publicationSql, removePublicationSql } from "../../reflector/install/publication.ts";
import { SOURCE_KINDS, type SourceKind } from "../../reflector/mod.ts";
import { test } from "../harness.ts";
import { freshDatabase, isolatedRedis, needs, redisCluster } from "../services/client.ts";
import { eventually, LiveCache } from "./live_cache.ts";

const USERS = `create table users (id int primary key, email text unique, name text);
  alter table users replica identity full;
  insert into users select n, n || '@x', 'old' from generate_series(1, 9) n`;

const isNew = (row: Record<string, unknown> | null | undefined): boolean => row?.name === "new";
const isGone = (row: unknown): boolean => row === undefined;

const STORES: Record<string, () => Promise<CacheStore>> = {
  memory: () => Promise.resolve(new MemoryStore()),
  async redis() {
    const redis = await isolatedRedis();
    return closedWith(new RedisStore(redis.url, { timeout: 2_000 }), redis);
  },
  async cluster() {
    const cluster = await redisCluster();
    const nodes = cluster.masters.map(({ url }) => url);
    const store = new RedisStore({ nodes }, { timeout: 2_000 });
    // Until it knows the slots every call fails, which a reflector counts.
    await eventually(() => store.watermarks().then(() => true, () => false), "the store knows the slots");
    return closedWith(store, cluster);
  },
};

/** A store whose servers end with it. */
function closedWith(store: RedisStore, servers: AsyncDisposable): CacheStore {
  const close = store[Symbol.asyncDispose].bind(store);
  store[Symbol.asyncDispose] = async () => {
    await close();
    await servers[Symbol.asyncDispose]();
  };
  return store;
}

/** Each source once, and each store once: what they do to one another is nothing. */
const PAIRS: readonly (readonly [SourceKind, keyof typeof STORES])[] = [
  ["logical", "memory"],
  ["notify", "redis"],
  ["logical", "redis"],
  ["notify", "cluster"],
];
assert.deepEqual(new Set(PAIRS.map(([source]) => source)), new Set(SOURCE_KINDS));

for (const [source, kind] of PAIRS) {
  const needed = kind === "memory" ? needs("primary") : { ...needs("primary"), ...needs("isolatedRedis") };
  test(
    `Reflector with source ${source} keeps a cache in ${kind} coherent`,
    { ...needed, timeout: 60_000 },
    async () => {
      await using database = await freshDatabase();
      await using store = await STORES[kind]();
      const slot = `test_${crypto.randomUUID().replaceAll("-", "_")}`;
      {
        await using pool = new Pool(database.url);
        for (const statement of USERS.split(";")) await pool.execute(sql.unsafe(statement));
        await pool.execute(sql.unsafe(publicationSql([{ schema: "public", table: "users" }])));
      }
      try {
        await using live = await LiveCache.open({
          ...{ ddl: "", url: database.url, store, source, slot },
          ...(source === "notify" ? { triggers: ["users"] } : {}),
        });
        assert.deepEqual(live.reflector.status().coverage?.tables, ["public.users"]);
        assert.equal(live.reflector.status().source, source);
        for (const id of ["1", "2", "3"]) assert.ok(await live.fill("users", id));
        assert.ok(await live.fillLookup("users", "email", "2@x"));
        assert.ok(await live.fillLookup("users", "email", "3@x"));
        await live.run(`update users set name = 'new', email = 'new' || id where id in (1, 2)`);
        await live.becomes("users", "1", isNew);
        await live.becomes("users", "2", isNew);
        assert.equal(await live.hasLookup("users", "email", "2@x"), false);
        await live.run(`update users set id = 30 where id = 3`);
        await live.becomes("users", "3", isGone);
        assert.equal(await live.hasLookup("users", "email", "3@x"), false);
        const { lsn } = await live.watermark();
        await live.run(`alter table users add column age int default 5`);
        const watermark = await live.canaries();
        assert.ok(watermark.lsn > lsn && watermark.tables.has("public.users"));
        assert.equal(await live.cached("users", "1"), undefined);
        assert.ok(await live.fill("users", "1", ["id", "name", "age"]));
        await live.run(`insert into users (id) select n from generate_series(1000, 3000) n`);
        await live.becomes("users", "1", isGone);
        assert.ok(await live.fill("users", "1", ["id", "name", "age"]));
        await live.run(`truncate users`);
        await live.becomes("users", "1", isGone);
        assert.equal(
          live.reflector.status().counters.faults,
          0,
          String(live.reflector.status().faults[0]?.message),
        );
      } finally {
        await using pool = new Pool(database.url);
        await pool.execute(sql.unsafe(removePublicationSql()));
        await eventually(async () => {
          await pool.query(sql`select pg_drop_replication_slot(slot_name) from pg_replication_slots
          where slot_name = ${slot} and not active`);
          return await pool.maybeOne(sql`select from pg_replication_slots where slot_name = ${slot}`) ===
            undefined;
        }, "the slot is gone");
      }
    },
  );
}
