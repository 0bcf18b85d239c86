import assert from "node:assert/strict";
import { redisConnection } from "../../../reflector/program/redis_connection.ts";
import { test } from "../../harness.ts";

const REST = { master: "shop", prefix: "lifeguard:" } as const;

test("redisConnection() is a URL, nodes of a cluster, or sentinels with what is said of the master", () => {
  const urls = ["rediss://app:p%40ss@s1.example/2", "rediss://[::1]:26380"];
  assert.equal(redisConnection({ ...REST, mode: "standalone", urls: ["redis://a"] }), "redis://a");
  assert.deepEqual(redisConnection({ ...REST, mode: "cluster", urls }), { nodes: urls });
  assert.deepEqual(redisConnection({ ...REST, mode: "sentinel", urls }), {
    name: "shop",
    sentinels: [{ host: "s1.example", port: 26_379 }, { host: "::1", port: 26_380 }],
    username: "app",
    password: "p@ss",
    db: 2,
    tls: {},
    sentinelTLS: {},
    enableTLSForSentinelMode: true,
  });
  assert.deepEqual(redisConnection({ ...REST, mode: "sentinel", urls: ["redis://s1.example"] }), {
    name: "shop",
    sentinels: [{ host: "s1.example", port: 26_379 }],
  });
});
