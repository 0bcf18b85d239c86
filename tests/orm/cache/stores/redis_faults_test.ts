/** What a store does when Redis is restarted, emptied, stalled, full or a replica (faults 34 to 36 at this height). */
import assert from "node:assert/strict";
import {
  type CacheStore,
  type LookKey,
  NotLeaderError,
  StoreUnavailableError,
} from "../../../../orm/cache/stores/cache_store.ts";
import { RedisStore } from "../../../../orm/cache/stores/redis/redis_store.ts";
import { awakeTime } from "../../../awake_time.ts";
import { test } from "../../../harness.ts";
import { isolatedRedis, needs, services } from "../../../services/client.ts";
import { redisCommand } from "../../../services/redis_command.ts";
import { fillOf, lookAt, takeOver } from "./store_contract.ts";

const NEEDS = { ...needs("isolatedRedis"), allow: ["env"], timeout: 60_000 } as const;
/** Time enough on a busy machine. */
const PATIENT = 5_000;

const keyOf = (id: number): LookKey => ({ key: `lifeguard:model:public.users:${id}`, table: "public.users" });

async function fill(store: CacheStore, id: number, text = "row"): Promise<string> {
  const { ticket } = await lookAt(store, keyOf(id));
  if (ticket === undefined) return "no ticket";
  const [outcome] = await store.fill([fillOf(keyOf(id), { ticket, version: 200n, text })]);
  return outcome;
}

/** Repeats what may be refused until it is done. */
async function patiently<Result>(act: () => Promise<Result>): Promise<Result> {
  for (let attempt = 0;; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || attempt === 400) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

test("RedisStore shows nothing of before when Redis was restarted empty or flushed", NEEDS, async () => {
  await using redis = await isolatedRedis();
  await using store = new RedisStore(redis.url, { timeout: PATIENT });
  await store.connected();
  for (const act of ["restart", "flush"] as const) {
    const by = await takeOver(store);
    const { ticket } = await lookAt(store, keyOf(2));
    assert.equal(await fill(store, 1), "stored");
    if (act === "restart") await redis.control.restart();
    else await redisCommand(redis, ["FLUSHALL"]);
    const look = await patiently(() => lookAt(store, keyOf(1)));
    assert.deepEqual(look, { entry: undefined, ticket: undefined, watermark: undefined });
    assert.deepEqual(await store.fill([fillOf(keyOf(2), { ticket, version: 900n })]), ["epoch"]);
    await assert.rejects(store.advance({ by, lsn: 900n }), NotLeaderError);
    await assert.rejects(store.void({ keys: [keyOf(1)], floor: 900n, by }), NotLeaderError);
    assert.deepEqual(await takeOver(store, { epoch: "epoch-bbbbbbbbbb" }), {
      term: 1,
      epoch: "epoch-bbbbbbbbbb",
    });
    // The first leader was of the same term.
    await assert.rejects(store.advance({ by, lsn: 900n }), NotLeaderError);
    await redisCommand(redis, ["FLUSHALL"]);
  }
});

test("RedisStore shows that another server holds an old file's watermark", NEEDS, async () => {
  await using redis = await isolatedRedis();
  await using store = new RedisStore(redis.url, { timeout: PATIENT });
  await store.connected();
  const by = await takeOver(store);
  assert.equal(await fill(store, 1), "stored");
  await redisCommand(redis, ["SAVE"]);
  await store.void({ keys: [keyOf(1)], floor: 500n, by });
  // The voiding is in no file: a restart brings the entry back, with the watermark of then.
  await redis.control.kill();
  await redis.control.start();
  const look = await patiently(() => lookAt(store, keyOf(1)));
  assert.ok(look.watermark !== undefined && look.entry !== undefined, "the file was not read");
  assert.notEqual(look.watermark.runId, look.watermark.server);
  await assert.rejects(store.advance({ by, lsn: 900n }), NotLeaderError);
  await takeOver(store, { epoch: "epoch-bbbbbbbbbb" });
  assert.equal((await lookAt(store, keyOf(1))).entry, undefined);
});

test(
  "RedisStore gives a stalled Redis up within its timeout, and uses it when it is back",
  NEEDS,
  async () => {
    await using redis = await isolatedRedis();
    await using store = new RedisStore(redis.url);
    await store.connected();
    await patiently(() => takeOver(store));
    await redis.control.pause();
    let longest = 0;
    const until = performance.now() + 3_000;
    let calls = 0;
    while (performance.now() < until) {
      const elapsed = awakeTime();
      await assert.rejects(lookAt(store, keyOf(1)), StoreUnavailableError);
      longest = Math.max(longest, awakeTime() - elapsed);
      calls++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    console.log(`${calls} looks at a stalled Redis, given up after ${Math.round(longest)} ms at most`);
    assert.ok(longest < 50 + 500, `${longest} ms`);
    await redis.control.resume();
    const look = await patiently(() => lookAt(store, keyOf(1)));
    assert.equal(look.watermark?.runId, look.watermark?.server, "the same server");
  },
);

test(
  "RedisStore refuses a server that became a replica, and distrusts it when it is none again",
  NEEDS,
  async () => {
    await using redis = await isolatedRedis();
    await using other = await isolatedRedis();
    await using store = new RedisStore(redis.url, { timeout: PATIENT });
    await store.connected();
    const by = await takeOver(store);
    assert.equal(await fill(store, 1), "stored");
    await redisCommand(redis, ["REPLICAOF", other.host, String(other.port)]);
    // Reads are given up with the first question for the server's identity, a second later at most.
    for (let attempt = 0;; attempt++) {
      try {
        await store.watermarks();
      } catch (error) {
        assert.ok(error instanceof StoreUnavailableError, String(error));
        break;
      }
      assert.ok(attempt < 400, "it is still read");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await redisCommand(redis, ["REPLICAOF", "NO", "ONE"]);
    const look = await patiently(() => lookAt(store, keyOf(1)));
    if (look.watermark !== undefined) assert.notEqual(look.watermark.runId, look.watermark.server);
    await assert.rejects(store.advance({ by, lsn: 900n }), NotLeaderError);
  },
);

test(
  "RedisStore serves hits and leaves no tickets when Redis is full and may evict nothing",
  NEEDS,
  async () => {
    await using redis = await isolatedRedis({
      settings: { maxmemory: "8mb", "maxmemory-policy": "noeviction" },
    });
    const warnings: string[] = [];
    await using store = new RedisStore(redis.url, {
      timeout: PATIENT,
      logger: { warn: (message) => warnings.push(message) },
    });
    await store.connected();
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /maxmemory-policy "noeviction" stores nothing more when its memory is full/);
    const by = await takeOver(store);
    assert.equal(await fill(store, 0), "stored");
    await fillUp(store, (id) => fill(store, id, "x".repeat(20_000)));
    assert.ok((await lookAt(store, keyOf(0))).entry !== undefined);
    const [hit, miss] = await store.look([keyOf(0), keyOf(999_999)]);
    assert.ok(hit.entry !== undefined && miss.entry === undefined && miss.ticket === undefined);
    assert.ok(miss.watermark !== undefined);
    await assert.rejects(store.void({ keys: [keyOf(0)], floor: 900n, by }), /OOM/);
    await redisCommand(redis, ["CONFIG", "SET", "maxmemory", "64mb"]);
    const [voided] = await store.void({ keys: [keyOf(0)], floor: 900n, by });
    assert.equal(voided.was, "active");
  },
);

/** Fills until the server is full. */
async function fillUp(store: CacheStore, fillOne: (id: number) => Promise<string>): Promise<void> {
  for (let id = 1; id < 5_000; id++) {
    try {
      if (await fillOne(id) === "no ticket") return;
    } catch (error) {
      assert.ok(error instanceof StoreUnavailableError, String(error));
      assert.match(error.message, /OOM/);
    }
  }
  assert.fail(`Redis did not become full; ${store.kind}`);
}

const POLICIES = [
  ...["allkeys-lru", "allkeys-lfu", "allkeys-random"],
  ...["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"],
];

for (const policy of POLICIES) {
  test(`RedisStore never shows what was voided while Redis evicts by ${policy}`, NEEDS, async () => {
    await using redis = await isolatedRedis({ settings: { maxmemory: "6mb", "maxmemory-policy": policy } });
    const warnings: string[] = [];
    await using store = new RedisStore(redis.url, {
      timeout: PATIENT,
      logger: { warn: (message) => warnings.push(message) },
    });
    await store.connected();
    assert.equal(warnings.length, policy === "volatile-ttl" || policy === "allkeys-random" ? 1 : 0);
    let epochs = 0;
    const lead = () => takeOver(store, { epoch: `epoch-${epochs++}`.padEnd(16, "x") });
    let by = await lead();
    let [floor, version, checked, refused] = [100n, 101n, 0, 0];
    const stale = new Map<string, { ticket: Parameters<typeof fillOf>[1]["ticket"]; version: bigint }>();
    for (let round = 0; round < 60; round++) {
      const keys = Array.from({ length: 40 }, (_, index) => keyOf((round % 6) * 40 + index));
      const looks = await store.look(keys);
      if (looks[0].watermark === undefined) {
        by = await lead();
        continue;
      }
      const fills = keys.flatMap((key, index) => {
        const { ticket } = looks[index];
        if (ticket === undefined) return [];
        // Some readers stop here, and go on after the key was voided and their tombstone was evicted.
        if (index % 4 === 0) stale.set(key.key, { ticket, version });
        return index % 4 === 0 ? [] : [fillOf(key, { ticket, version, text: "x".repeat(3_000) })];
      });
      await store.fill(fills);
      floor = version + 1n;
      version = floor + 1n;
      try {
        await store.void({ keys, floor, by });
      } catch (error) {
        assert.ok(error instanceof NotLeaderError, String(error));
        by = await lead();
        continue;
      }
      // What makes room: entries of other rows.
      const others = Array.from({ length: 40 }, (_, index) => keyOf(10_000 + round * 40 + index));
      const otherLooks = await store.look(others);
      await store.fill(others.flatMap((key, index) => {
        const { ticket } = otherLooks[index];
        return ticket === undefined ? [] : [fillOf(key, { ticket, version, text: "y".repeat(6_000) })];
      }));
      const late = keys.filter(({ key }) => stale.has(key)).map((key) => fillOf(key, stale.get(key.key)!));
      for (const outcome of await store.fill(late)) {
        assert.notEqual(outcome, "stored");
        refused++;
      }
      for (const { entry } of await store.look(keys)) {
        assert.ok(
          entry === undefined || entry.version > floor,
          `an entry of ${entry?.version} below ${floor}`,
        );
        checked++;
      }
    }
    const evicted = /evicted_keys:(\d+)/.exec(String(await redisCommand(redis, ["INFO", "stats"])))?.[1];
    console.log(
      `${policy}: ${evicted} keys evicted, ${checked} looks, ${refused} late fills refused, ${epochs} epochs`,
    );
    assert.ok(Number(evicted) > 0 && checked > 0 && refused > 0);
  });
}

test("RedisStore enters with a password, over TLS, and tells what it lacks", NEEDS, async () => {
  await using redis = await isolatedRedis({ tls: true, settings: { requirepass: "secret-word" } });
  const { host, port } = redis;
  const { ca } = (await services())!.certificates;
  await using store = new RedisStore({ host, port, password: "secret-word", tls: { ca } }, {
    timeout: PATIENT,
  });
  await store.connected();
  await takeOver(store);
  assert.equal(await fill(store, 1), "stored");
  await using mistaken = new RedisStore({ host, port, password: "secret-mistake", tls: { ca } });
  await assert.rejects(
    mistaken.connected(1_000),
    (error: Error) => /WRONGPASS|NOAUTH/.test(error.message) && !error.message.includes("secret"),
  );
});

test("RedisStore tells when it may not ask who the server is, and does not press it", NEEDS, async () => {
  await using redis = await isolatedRedis();
  await redisCommand(redis, ["ACL", "SETUSER", "shy", "on", ">word", "~*", "+@all", "-info"]);
  const { host, port } = redis;
  await using store = new RedisStore({ host, port, username: "shy", password: "word" }, { timeout: PATIENT });
  await assert.rejects(store.connected(1_500), /NOPERM/);
  await assert.rejects(store.watermarks(), StoreUnavailableError);
  const stats = String(await redisCommand(redis, ["INFO", "stats"]));
  const connections = Number(/total_connections_received:(\d+)/.exec(stats)?.[1]);
  assert.ok(connections < 25, `${connections} connections`);
});

test("RedisStore waits for a Redis that loads its data, and believes nothing of it", NEEDS, async () => {
  // A tenth of a second for each key it loads, and after each it sees to its connections.
  const settings = {
    "key-load-delay": "100000",
    "loading-process-events-interval-bytes": "1024",
    rdbcompression: "no",
  };
  await using redis = await isolatedRedis({ settings });
  await using store = new RedisStore(redis.url, { timeout: PATIENT });
  await store.connected();
  await takeOver(store);
  for (let id = 0; id < 12; id++) assert.equal(await fill(store, id, "x".repeat(3_000)), "stored");
  await redisCommand(redis, ["SAVE"]);
  await redis.control.kill();
  const reasons = new Set<string>();
  const starting = redis.control.start();
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const error = await lookAt(store, keyOf(1)).then(() => undefined, (error: unknown) => error);
    if (error === undefined) break;
    assert.ok(error instanceof StoreUnavailableError, String(error));
    reasons.add(error.message);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await starting;
  console.log(`refused meanwhile: ${[...reasons].join("; ")}`);
  const { watermark } = await patiently(() => lookAt(store, keyOf(1)));
  assert.ok(watermark !== undefined && watermark.runId !== watermark.server);
});
