/** Fault 23: many connections are wanted of a server that has few, or is slow to let anybody in. */
import assert from "node:assert/strict";
import { sql } from "../../pool/mod.ts";
import { assertSound, openPool, settled, sleep, until } from "../pool/tier/pools.ts";
import { rounds } from "../random.ts";
import { isolatedServer, needs, proxy, server } from "../services/client.ts";
import { fault } from "./fault.ts";
import { MoodyServer } from "./moody_server.ts";

fault(
  23,
  "logging in is slow, for a pool with replicas → two handshakes at once in all",
  {},
  async (report) => {
    await using slow = await MoodyServer.listen("serve");
    slow.loginTakes = 40;
    await using pool = openPool({
      url: slow.url,
      replicas: [slow.url, slow.url, slow.url],
      prepare: "always",
      max: 10,
      replicaMax: 5,
    });
    const start = performance.now();
    const calls = Array.from({ length: 1_000 }, (_, tag) => pool.value<number>(sql`select ${tag}`));
    const [outcomes] = await Promise.all([settled(calls), pool.connect()]);
    assert.ok(outcomes.every((outcome, tag) => outcome.status === "fulfilled" && outcome.value === tag));
    await until("the pool is whole", () => pool.size === 25, 10_000);
    report.figure("25 connections of four tiers made in", performance.now() - start, "ms");
    report.figure("handshakes at once", slow.mostAtOnce, "handshakes", { most: 2 });
    assert.equal(slow.attempts.length, 25, "an attempt was made in vain");
  },
);

fault(23, "the primary is mute → its replicas are connected all the same", {}, async (report) => {
  await using healthy = await MoodyServer.listen("serve");
  await using mute = await MoodyServer.listen("serve");
  mute.loginTakes = 60_000;
  await using pool = openPool({
    url: mute.url,
    replicas: [healthy.url, healthy.url],
    prepare: "always",
    max: 3,
    connectTimeout: 500,
    acquireTimeout: 1_500,
  });
  const connecting = settled([pool.connect(), pool.query(sql`select 1`)]);
  const start = performance.now();
  await until("the replicas' are open", () => pool.size === 6);
  report.figure("replicas connected beside a mute primary in", performance.now() - start, "ms", {
    most: 1_000,
  });
  report.figure("handshakes at once with a mute primary", mute.mostAtOnce, "handshakes", { most: 2 });
  for (const { status } of await connecting) assert.equal(status, "rejected");
});

const POOLS = 20;

fault(23, `${POOLS} pools start together at a server that is full → few attempts, spread`, {
  timeout: 120_000,
}, async (report) => {
  await using stack = new AsyncDisposableStack();
  const servers = await Promise.all(
    Array.from({ length: POOLS }, async () => stack.use(await MoodyServer.listen({ refusal: "53300" }))),
  );
  const pools = servers.map(({ url }) =>
    stack.use(openPool({ url, prepare: "always", max: 5, backoffMax: 200 }))
  );
  const calls = pools.flatMap((pool) =>
    Array.from({ length: 50 }, () => pool.value<number>(sql`select ${1}`))
  );
  const serving = settled(calls, 30_000);
  // A busy machine may make the pools wait for the same moment; not every time.
  const enough = rounds(9, 50);
  await until("each has tried", () => servers.every(({ attempts }) => attempts.length >= enough), 60_000);
  const attempts = Math.max(...servers.map((one) => one.mostWithin(1_000)));
  report.figure("attempts of one of many pools within a second", attempts, "attempts", { most: 10 });
  report.figure(
    "handshakes at once of one of many pools",
    Math.max(...servers.map((one) => one.mostAtOnce)),
    "handshakes",
    { most: 2 },
  );
  // From the third attempt on, for each number: how far apart the pools' attempts of this number are.
  const spreads = Array.from({ length: enough - 2 }, (_, n) => {
    const times = servers.map(({ attempts }) => attempts[n + 2]);
    return Math.max(...times) - Math.min(...times);
  });
  report.figure("spread of many pools' attempts", Math.max(...spreads), "ms", { least: 50 });
  for (const one of servers) one.mood = "serve";
  const healed = performance.now();
  assert.ok((await serving).every(({ status }) => status === "fulfilled"));
  report.figure("all pools served after healing", performance.now() - healed, "ms", { most: 3_000 });
});

fault(23, "more pools than the server has connections for → all served, and whole once there are", {
  ...needs("control"),
  timeout: 60_000,
}, async (report) => {
  await using small = await isolatedServer({ settings: { max_connections: "24", max_wal_senders: "0" } });
  await using gate = await proxy({ host: small.host, port: small.port });
  const begun = performance.now();
  const pools = Array.from({ length: 4 }, () => openPool({ url: gate.url(small.url), max: 10 }));
  const calls = pools.flatMap((pool, of) =>
    Array.from({ length: 250 }, async (_, n) => {
      const tag = of * 1_000 + n;
      assert.equal(await pool.value<number>(sql`select ${tag}::int from pg_sleep(0.005)`), tag);
    })
  );
  for (const outcome of await settled(calls, 30_000)) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
  await sleep(1_000);
  const { accepted } = await gate.describe();
  const open = pools.reduce((sum, { size }) => sum + size, 0);
  assert.ok(open >= 12 && open <= 24, `${open} connections`);
  const seconds = (performance.now() - begun) / 1_000;
  report.figure(
    "attempts of each of four pools, beyond its connections",
    (accepted - open) / 4 / seconds,
    "a second",
    {
      most: 10,
    },
  );
  const [first, second, ...others] = pools;
  await Promise.all(others.map((pool) => pool.close()));
  const freed = performance.now();
  await until("those left are whole", () => first.size === 10 && second.size === 10, 20_000);
  report.figure("whole once there are connections", performance.now() - freed, "ms", { most: 10_000 });
  await assertSound(first, 10);
  await Promise.all([first.close(), second.close()]);
});

fault(23, "a slow network makes each login slow → two at once, and all are served", {
  ...needs("primary"),
  timeout: 60_000,
}, async (report) => {
  await using gate = await proxy("primary");
  await gate.delay(30);
  await using pool = openPool({ url: gate.url(server("primary").url), max: 6 });
  const start = performance.now();
  let most = 0;
  const calls = settled(
    Array.from({ length: 200 }, (_, n) => pool.value<number>(sql`select ${n}::int`)),
    30_000,
  );
  while (pool.size < 6) {
    const { open } = await gate.describe();
    // A connection that is ready may not be counted yet by one of both.
    most = Math.max(most, open - pool.size);
    await sleep(5);
  }
  report.figure("six connections over a slow network made in", performance.now() - start, "ms");
  assert.ok(most <= 3, `${most} connections were being made at once`);
  for (const [tag, outcome] of (await calls).entries()) {
    assert.ok(outcome.status === "fulfilled" && outcome.value === tag);
  }
});
