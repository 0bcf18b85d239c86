import assert from "node:assert/strict";
import { type CacheStore, StoreUnavailableError } from "../../../../orm/cache/stores/cache_store.ts";
import { RedisStore } from "../../../../orm/cache/stores/redis/redis_store.ts";
import { ConfigError } from "../../../../pool/wire/errors.ts";
import { test } from "../../../harness.ts";
import { needs, server } from "../../../services/client.ts";
import { type OpenedStore, type StoreLives, testStoreContract } from "./store_contract.ts";

/** ioredis reads the environment when it is loaded, and is loaded only then. */
const NEEDS = { ...needs("redis"), allow: ["env"] } as const;
/** Time enough on a busy machine. */
const TIMEOUT = 5_000;

let opened = 0;

async function openShared(lives: StoreLives): Promise<OpenedStore> {
  const prefix = `test-${crypto.randomUUID()}-${opened++}:`;
  const { url } = server("redis");
  const store = new RedisStore(url, { prefix, timeout: TIMEOUT, ...lives });
  await store.connected();
  const dispose = async (): Promise<void> => {
    await store[Symbol.asyncDispose]();
    const { Redis } = await import("ioredis");
    const redis = new Redis(url);
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.del(keys);
    await redis.quit();
  };
  return { store, prefix, [Symbol.asyncDispose]: dispose };
}

testStoreContract({ name: "redis", ...NEEDS, open: openShared });

test("RedisStore takes a client of the user's own, by its options only", NEEDS, async () => {
  const { host, port } = server("redis");
  const { Redis } = await import("ioredis");
  const client = new Redis({ host, port, lazyConnect: true, maxRetriesPerRequest: 20 });
  try {
    await using store = new RedisStore(client, { prefix: `test-${crypto.randomUUID()}:`, timeout: TIMEOUT });
    assert.equal(store.kind, "redis");
    await store.connected();
    assert.deepEqual(await store.watermarks(), [undefined]);
    assert.equal(client.status, "wait");
  } finally {
    client.disconnect();
  }
});

test("RedisStore refuses what would break the cache", () => {
  const refused: readonly [unknown, RegExp][] = [
    ["postgres://localhost", /no URL of the form "redis:/],
    ["redis://localhost/?keyPrefix=x", /parameters are not read/],
    ["redis://:secret@localhost/x", /no number of a database/],
    [{ host: "localhost", keyPrefix: "x:" }, /the reflector would not find/],
    [{ host: "localhost", readOnly: true }, /connect to the primary/],
    [{ sentinels: [{ host: "localhost" }], name: "main", role: "slave" }, /may lack what was voided/],
    [{ nodes: [] }, /at least one node/],
    [{ nodes: ["redis://localhost"], options: { db: 3 } }, /only database 0/],
    [7, /neither a URL/],
  ];
  for (const [connection, message] of refused) {
    assert.throws(
      () => new RedisStore(connection as string),
      (error) =>
        error instanceof ConfigError && message.test(error.message) && !error.message.includes("secret"),
      String(message),
    );
  }
  assert.throws(() => new RedisStore("redis://localhost", { prefix: "{a}" }), ConfigError);
  assert.throws(() => new RedisStore("redis://localhost", { timeout: 0 }), ConfigError);
});

test(
  "RedisStore refuses at once while nobody listens, and once it is closed",
  { allow: ["env"] },
  async () => {
    // Port 1 is nobody's.
    const store: CacheStore = new RedisStore("redis://127.0.0.1:1");
    const sentAt = performance.now();
    await assert.rejects(store.look([{ key: "lifeguard:x", table: "x" }]), StoreUnavailableError);
    await assert.rejects(store.watermarks(), StoreUnavailableError);
    await assert.rejects(store.document("coverage"), StoreUnavailableError);
    await assert.rejects((store as RedisStore).connected(100), /not connected within 100 ms: .*ECONNREFUSED/);
    assert.ok(performance.now() - sentAt < 5_000);
    await store[Symbol.asyncDispose]();
    await assert.rejects(store.watermarks(), /it was closed/);
  },
);

test("RedisStore takes an answer that came while the thread was busy", NEEDS, async () => {
  await using opened = await openShared({ ticketLife: 60_000, tombstoneLife: 60_000 });
  await using store = new RedisStore(server("redis").url, { prefix: opened.prefix, timeout: 50 });
  await store.connected();
  let taken = 0;
  for (let attempt = 0; attempt < 5; attempt++) {
    const watermarks = store.watermarks();
    // Redis answers within this time, unless the machine is very busy; the timer is over too.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const until = performance.now() + 150;
    while (performance.now() < until);
    await watermarks.then(() => taken++, (error) => assert.ok(error instanceof StoreUnavailableError));
  }
  assert.ok(taken > 0, "no answer was taken");
});

test("RedisStore tells what Deno has to grant, and refuses until then", { allow: [] }, async () => {
  await using store = new RedisStore("redis://127.0.0.1:1");
  // Where another test has loaded ioredis, nothing is to be granted any more.
  await assert.rejects(store.connected(200), /ioredis cannot be loaded: .*--allow-env|ECONNREFUSED/);
  await assert.rejects(store.watermarks(), StoreUnavailableError);
});
