/** The cache in a Redis behind Sentinels and in a Redis Cluster: the same contract, and what a failover does. */
import assert from "node:assert/strict";
import {
  type CacheStore,
  NotLeaderError,
  StoreUnavailableError,
} from "../../../../orm/cache/stores/cache_store.ts";
import type { RedisConnection } from "../../../../orm/cache/stores/redis/redis_connection.ts";
import { RedisStore } from "../../../../orm/cache/stores/redis/redis_store.ts";
import { SHARDS } from "../../../../orm/cache/protocol/keys.ts";
import { test } from "../../../harness.ts";
import { needs, redisCluster, redisSentinel } from "../../../services/client.ts";
import { fillOf, lookAt, type OpenedStore, takeOver, testStoreContract } from "./store_contract.ts";

/** Time enough on a busy machine. */
const TIMEOUT = 5_000;
const NEEDS = { ...needs("isolatedRedis"), allow: ["env"], timeout: 90_000 } as const;

type Group = Awaited<ReturnType<typeof redisSentinel>> | Awaited<ReturnType<typeof redisCluster>>;

function testGroup(name: string, make: () => Promise<{ group: Group; connection: RedisConnection }>): void {
  let made: ReturnType<typeof make> | undefined;
  let opened = 0;
  testStoreContract({
    name,
    ...NEEDS,
    async open(lives): Promise<OpenedStore> {
      const { connection } = await (made ??= make());
      const prefix = `test-${opened++}:`;
      const store = new RedisStore(connection, {
        prefix,
        timeout: TIMEOUT,
        ...lives,
      });
      await store.connected(20_000);
      return { store, prefix, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
    },
  });
  test(`CacheStore: ${name}: the servers are given back`, NEEDS, async () => {
    const { group } = await (made ??= make());
    await group.remove();
    await assert.rejects(group.remove());
  });
}

function sentinelConnection(group: Awaited<ReturnType<typeof redisSentinel>>): RedisConnection {
  return { sentinels: group.sentinels.map(({ host, port }) => ({ host, port })), name: group.masterName };
}

testGroup("redis-sentinel", async () => {
  const group = await redisSentinel();
  return { group, connection: sentinelConnection(group) };
});

testGroup("redis-cluster", async () => {
  const group = await redisCluster();
  return { group, connection: { nodes: group.masters.map(({ host, port }) => ({ host, port })) } };
});

test("RedisStore finds the master that Sentinels have made, and distrusts what it holds", NEEDS, async () => {
  await using group = await redisSentinel();
  await using store = new RedisStore(sentinelConnection(group), { timeout: TIMEOUT });
  assert.equal(store.kind, "redis-sentinel");
  await store.connected(20_000);
  const by = await takeOver(store);
  const [before] = await store.watermarks();
  assert.equal(before?.runId, before?.server);
  await group.failover();
  await group.settle();
  const after = await watermarksOnce(store, ([watermark]) => watermark?.server !== before?.server);
  if (after[0] !== undefined) assert.notEqual(after[0].runId, after[0].server);
  await assert.rejects(store.advance({ by, lsn: 900n }), NotLeaderError);
  await takeOver(store, { epoch: "epoch-bbbbbbbbbb" });
  const [anew] = await store.watermarks();
  assert.equal(anew?.runId, anew?.server);
  assert.equal(anew?.epoch, "epoch-bbbbbbbbbb");
});

test("RedisStore follows a slot to the node that took it, and takes over in every shard", NEEDS, async () => {
  await using group = await redisCluster({ replicas: 1 });
  const { Cluster } = await import("ioredis");
  const cluster = new Cluster([{ host: group.masters[0].host, port: group.masters[0].port }], {
    lazyConnect: true,
  });
  await using store = new RedisStore(cluster, { timeout: TIMEOUT });
  cluster.disconnect();
  assert.equal(store.kind, "redis-cluster");
  await store.connected(20_000);
  const by = await takeOver(store);
  const before = await store.watermarks();
  assert.equal(before.length, SHARDS);
  assert.ok(
    before.every((watermark, shard) => watermark?.shard === shard && watermark.runId === watermark.server),
  );
  assert.equal(new Set(before.map((watermark) => watermark?.server)).size, 3, "three masters");
  await group.failover();
  await group.settle();
  const isMoved = (index: number, servers: readonly (string | undefined)[]) =>
    servers[index] !== before[index]?.server;
  const after = await watermarksOnce(store, (watermarks) => {
    const servers = watermarks.map((watermark) => watermark?.server);
    return servers.every((server) => server !== undefined) &&
      servers.some((_, index) => isMoved(index, servers));
  });
  const distrusted = after.filter((watermark) => watermark?.runId !== watermark?.server).length;
  assert.ok(distrusted > 0 && distrusted < SHARDS, `${distrusted} of ${SHARDS} shards are distrusted`);
  await assert.rejects(store.advance({ by, lsn: 900n }), NotLeaderError);
  const leader = await takeOver(store, { epoch: "epoch-bbbbbbbbbb" });
  const anew = await store.watermarks();
  assert.ok(
    anew.every((watermark) => watermark?.term === leader.term && watermark.runId === watermark.server),
  );
  await store.advance({ by: leader, lsn: 900n, seq: 1 });
});

test(
  "RedisStore serves the shards of the nodes that are left, and all when the node is back",
  NEEDS,
  async () => {
    await using group = await redisCluster({ settings: { "cluster-require-full-coverage": "no" } });
    const nodes = group.masters.map(({ host, port }) => `redis://${host}:${port}`);
    await using store = new RedisStore({ nodes }, { timeout: TIMEOUT });
    await store.connected(20_000);
    await takeOver(store);
    await group.masters[0].control.kill();
    const outcomes = { found: 0, unavailable: 0 };
    for (let id = 0; id < 60; id++) {
      const key = { key: `lifeguard:model:public.users:${id}`, table: "public.users" };
      try {
        const { ticket } = await lookAt(store, key);
        assert.deepEqual(await store.fill([fillOf(key, { ticket, version: 200n })]), ["stored"]);
        outcomes.found++;
      } catch (error) {
        assert.ok(error instanceof StoreUnavailableError, String(error));
        outcomes.unavailable++;
      }
    }
    assert.ok(outcomes.found > 0 && outcomes.unavailable > 0, JSON.stringify(outcomes));
    await group.masters[0].control.start();
    await group.settle();
    await store.connected(20_000);
    const leader = await takeOver(store, { epoch: "epoch-bbbbbbbbbb" });
    assert.ok((await store.watermarks()).every((watermark) => watermark?.term === leader.term));
  },
);

/** Asks for the watermarks until they are as wanted. */
async function watermarksOnce(
  store: CacheStore,
  isWanted: (watermarks: Awaited<ReturnType<CacheStore["watermarks"]>>) => boolean,
): ReturnType<CacheStore["watermarks"]> {
  for (let attempt = 0; attempt < 600; attempt++) {
    try {
      const watermarks = await store.watermarks();
      if (isWanted(watermarks)) return watermarks;
    } catch (error) {
      assert.ok(error instanceof StoreUnavailableError, String(error));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the watermarks did not become as wanted within 30 s");
}
