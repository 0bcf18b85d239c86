/** Redis and etcd of a test's own do what they say: each operation is seen from outside. */
import assert from "node:assert/strict";
import { test } from "../harness.ts";
import {
  isolatedEtcd,
  isolatedRedis,
  needs,
  proxy,
  redisCluster,
  redisSentinel,
  server,
  services,
} from "./client.ts";
import { redisCommand, type RedisReply } from "./redis_command.ts";

// What is tested is other programs.
const REDIS = { ...needs("isolatedRedis"), timeout: 60_000, once: true };
const ETCD = { ...needs("etcd"), timeout: 60_000, once: true };

test("needs() ignores tests of Redis and etcd exactly where they cannot be made", async () => {
  const isolated = (await services())?.isolated ?? [];
  assert.equal(needs("isolatedRedis").ignore === undefined, isolated.includes("redis"));
  assert.equal(needs("etcd").ignore === undefined, isolated.includes("etcd"));
});

test(
  "isolatedRedis() stops, starts, is empty after a restart, and is gone after remove()",
  REDIS,
  async () => {
    const redis = await isolatedRedis();
    for (const end of ["stop", "stopImmediate", "kill"] as const) {
      assert.equal(await redisCommand(redis, ["SET", "kept", "1"]), "OK");
      await redis.control[end]();
      assert.equal((await redis.control.describe()).state, "stopped");
      await assert.rejects(redisCommand(redis, ["PING"]), { code: "ECONNREFUSED" });
      await redis.control.start();
      assert.equal(await redisCommand(redis, ["GET", "kept"]), null);
    }
    const before = await runId(redis);
    await redis.control.restart();
    assert.notEqual(await runId(redis), before);
    assert.match(await redis.control.log(), /Ready to accept connections/);
    await redis.remove();
    await assert.rejects(redisCommand(redis, ["PING"]), { code: "ECONNREFUSED" });
    await assert.rejects(redis.control.start(), new RegExp(`Cannot find the server "${redis.name}"`));
    await assert.rejects(redis.remove(), /Cannot find the helper servers/);
  },
);

test("isolatedRedis() is apart from the shared one and from its neighbour", {
  ...needs("isolatedRedis", "redis"),
}, async () => {
  await using one = await isolatedRedis();
  await using other = await isolatedRedis();
  await redisCommand(one, ["SET", "mine", "1"]);
  assert.equal(await redisCommand(other, ["GET", "mine"]), null);
  assert.notEqual(await runId(one), await runId(server("redis")));
});

test("isolatedRedis() keeps its sockets mute while it is paused", REDIS, async () => {
  await using redis = await isolatedRedis();
  await redis.control.pause();
  let hasAnswered = false;
  const answer = redisCommand(redis, ["PING"]).then((reply) => {
    hasAnswered = true;
    return reply;
  });
  await pause(150);
  assert.equal(hasAnswered, false);
  await redis.control.resume();
  assert.equal(await answer, "PONG");
});

test("isolatedRedis() takes settings and a password, and refuses what it does not know", REDIS, async () => {
  const settings = { requirepass: "secret/word", maxmemory: "3mb", appendonly: "yes" };
  await using redis = await isolatedRedis({ settings });
  assert.equal(redis.url, `redis://:secret%2Fword@127.0.0.1:${redis.port}`);
  await assert.rejects(redisCommand({ host: redis.host, port: redis.port }, ["PING"]), /NOAUTH/);
  assert.deepEqual(await redisCommand(redis, ["CONFIG", "GET", "maxmemory"]), [
    "maxmemory",
    `${3 * 1024 ** 2}`,
  ]);
  await redisCommand(redis, ["SET", "kept", "1"]);
  await redis.control.restart();
  assert.equal(await redisCommand(redis, ["GET", "kept"]), "1");
  await assert.rejects(isolatedRedis({ settings: { nonsense: "1" } }), /Bad directive/);
  await assert.rejects(isolatedRedis({ nonsense: 1 } as object), /"nonsense" is no option of redis/);
});

test("isolatedRedis() with TLS shows a certificate of the test authority", REDIS, async () => {
  const { ca } = (await services())!.certificates;
  await using redis = await isolatedRedis({ tls: true });
  assert.match(redis.url, /^rediss:\/\/localhost:/);
  assert.equal(await redisCommand({ ...redis, ca }, ["PING"]), "PONG");
});

test("isolatedRedis() answers through a proxy of its port, until that is a black hole", REDIS, async () => {
  await using redis = await isolatedRedis();
  await using network = await proxy({ port: redis.port });
  assert.equal(await redisCommand(network, ["PING"]), "PONG");
  await network.refuse();
  await assert.rejects(redisCommand(network, ["PING"]));
  await network.heal();
  await using byName = await proxy(redis.name);
  assert.equal(await redisCommand(byName, ["PING"]), "PONG");
});

for (const sentinels of [1, 3]) {
  test(
    `redisSentinel() with ${sentinels} makes a replica the master when the master dies`,
    REDIS,
    async () => {
      await using group = await redisSentinel({ sentinels });
      assert.equal(group.sentinels.length, sentinels);
      assert.equal((await group.currentMaster()).name, group.master.name);
      await redisCommand(group.master, ["SET", "kept", "1"]);
      assert.equal(await redisCommand(group.master, ["WAIT", 1, 2_000]), 1);
      const started = performance.now();
      await group.master.control.kill();
      const [replica] = group.replicas;
      await eventually(async () => assert.equal((await group.currentMaster()).name, replica.name));
      await eventually(async () => assert.equal(await roleOf(replica), "master"));
      console.log(`a killed master was followed after ${Math.round(performance.now() - started)} ms`);
      assert.equal(await redisCommand(replica, ["GET", "kept"]), "1");
    },
  );
}

test("RedisSentinel.failover() changes the master in order", REDIS, async () => {
  await using group = await redisSentinel({ settings: { requirepass: "secret" } });
  await redisCommand(group.master, ["SET", "kept", "1"]);
  await group.failover();
  const master = await group.currentMaster();
  assert.equal(master.name, group.replicas[0].name);
  assert.equal(await redisCommand(master, ["GET", "kept"]), "1");
  assert.equal(await roleOf(master), "master");
  await group.settle();
  assert.equal(await roleOf(group.master), "slave");
});

test("redisCluster() serves every slot, and fails over to a replica", REDIS, async () => {
  await using cluster = await redisCluster({ replicas: 1 });
  assert.equal(cluster.masters.length, 3);
  assert.equal(cluster.replicas.length, 3);
  const [first] = cluster.masters;
  assert.match(String(await redisCommand(first, ["CLUSTER", "INFO"])), /cluster_slots_ok:16384/);
  await assert.rejects(redisCommand(first, ["SET", "foo", "1"]), /^Error: MOVED 12182 127\.0\.0\.1:/);
  assert.equal(await redisCommand(cluster.masters[2], ["SET", "foo", "1"]), "OK");

  await cluster.failover(cluster.replicas[0]);
  assert.equal(await roleOf(cluster.replicas[0]), "master");
  assert.equal(await roleOf(first), "slave");

  const started = performance.now();
  await cluster.masters[2].control.kill();
  await eventually(async () => assert.equal(await roleOf(cluster.replicas[2]), "master"));
  await cluster.settle();
  console.log(`a killed master was followed after ${Math.round(performance.now() - started)} ms`);
  assert.equal(await redisCommand(cluster.replicas[2], ["SET", "foo", "2"]), "OK");
});

test("isolatedEtcd() keeps what it was given over a restart, and is gone after remove()", ETCD, async () => {
  const etcd = await isolatedEtcd();
  assert.match(etcd.members[0].version, /^3\.\d+\.\d+$/);
  await ask(etcd.url, "kv/put", { key: btoa("name"), value: btoa("kept") });
  await etcd.control.restart();
  await etcd.settle();
  assert.equal(await valueOf(etcd.url, "name"), "kept");
  await etcd.control.pause();
  await assert.rejects(valueOf(etcd.url, "name", 300), /timed? ?out/i);
  await etcd.control.resume();
  assert.equal(await valueOf(etcd.url, "name"), "kept");
  await using network = await proxy({ port: etcd.members[0].port });
  assert.equal(await valueOf(network.url(etcd.url).replace(/\/$/, ""), "name"), "kept");
  await etcd.remove();
  await assert.rejects(valueOf(etcd.url, "name"));
});

test("isolatedEtcd() of three goes on without one", ETCD, async () => {
  await using etcd = await isolatedEtcd({ members: 3 });
  const [first, second, third] = etcd.members;
  await ask(first.url, "kv/put", { key: btoa("name"), value: btoa("kept") });
  await first.control.kill();
  await etcd.settle();
  assert.equal(await valueOf(second.url, "name"), "kept");
  assert.equal(await valueOf(third.url, "name"), "kept");
  await first.control.start();
  await etcd.settle();
  assert.equal(await valueOf(first.url, "name"), "kept");
});

test("isolatedEtcd() with TLS refuses who asks without", ETCD, async () => {
  await using etcd = await isolatedEtcd({ tls: true });
  assert.match(etcd.url, /^https:\/\/localhost:/);
  const plain = fetch(etcd.url.replace("https", "http"), { signal: AbortSignal.timeout(5_000) });
  const outcome = await plain.then(async (response) => {
    await response.body?.cancel();
    return `${response.status}`;
  }, () => "no answer");
  assert.match(outcome, /^(400|no answer)$/);
});

async function ask(url: string, path: string, body: object, timeout = 5_000): Promise<unknown> {
  const response = await fetch(`${url}/v3/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeout),
  });
  return await response.json();
}

async function valueOf(url: string, key: string, timeout?: number): Promise<string> {
  const answer = await ask(url, "kv/range", { key: btoa(key) }, timeout) as { kvs: { value: string }[] };
  return atob(answer.kvs[0].value);
}

async function runId(at: { host: string; port: number }): Promise<string> {
  return /run_id:(\w+)/.exec(String(await redisCommand(at, ["INFO", "server"])))![1];
}

async function roleOf(at: { host: string; port: number }): Promise<RedisReply> {
  return (await redisCommand(at, ["ROLE"]) as RedisReply[])[0];
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Repeats a check until it holds, for at most 30 seconds. */
async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (true) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(50);
    }
  }
}
