/** Keys of rows are found in a real Redis, and in a real Cluster, whatever else is there. */
import assert from "node:assert/strict";
import { rowKey, shardOf, taggedKey } from "../../../orm/cache/protocol/keys.ts";
import { RedisKeySampler } from "../../../reflector/audit/key_sampler.ts";
import { test } from "../../harness.ts";
import { isolatedRedis, needs, redisCluster } from "../../services/client.ts";
import { redisCommand } from "../../services/redis_command.ts";

const prefix = "sampled:";
const signal = new AbortController().signal;
const names = Array.from({ length: 200 }, (_, id) => rowKey("public.users", { id: String(id), prefix }));

test(
  "RedisKeySampler samples the keys of rows, each at most once, and counts all of them",
  needs("isolatedRedis"),
  async () => {
    await using redis = await isolatedRedis();
    for (
      const key of [
        ...names,
        `${prefix}watermark`,
        `${prefix}lookup:public.users:email:a`,
        "other:model:a.b:1",
      ]
    ) {
      await redisCommand(redis, ["SET", key, "anything"]);
    }
    const sampler = new RedisKeySampler(redis.url);
    const all = await sampler.sample(1_000, { prefix, signal });
    assert.equal(all.found, 200);
    assert.deepEqual(all.keys.map(({ key }) => key).sort(), names.toSorted());
    const some = await sampler.sample(20, { prefix, signal });
    assert.equal(some.found, 200);
    assert.equal(new Set(some.keys.map(({ key }) => key)).size, 20);
  },
);

test(
  "RedisKeySampler samples every master of a Cluster",
  { ...needs("isolatedRedis"), timeout: 60_000 },
  async () => {
    await using cluster = await redisCluster();
    for (const key of names) {
      const tagged = taggedKey(key, { shard: shardOf(key), prefix });
      for (const master of cluster.masters) {
        // Two of the three say that another one has the slot.
        await redisCommand(master, ["SET", tagged, "anything"]).catch(() => {});
      }
    }
    const { found, keys } = await new RedisKeySampler({ nodes: [cluster.masters[0].url] }).sample(1_000, {
      prefix,
      signal,
    });
    assert.equal(found, 200);
    assert.deepEqual(keys.map(({ key }) => key).sort(), names.toSorted());
  },
);

test("RedisKeySampler gives up when its signal says so", needs("isolatedRedis"), async () => {
  await using redis = await isolatedRedis();
  const sampling = new RedisKeySampler(redis.url).sample(1, {
    prefix,
    signal: AbortSignal.abort(new Error("enough")),
  });
  await assert.rejects(sampling, { message: "enough" });
});
