/** How many connections a pool has, by tier, and when it makes them. */
import assert from "node:assert/strict";
import { Pool, PoolClosedError, PoolDeadlockError, sql } from "../../../pool/mod.ts";
import { ConnectionError } from "../../../pool/wire/errors.ts";
import { awakeTime } from "../../awake_time.ts";
import { test } from "../../harness.ts";
import { needs, proxy, server } from "../../services/client.ts";
import { assertSound, endless, openPool, rejection, sleep, until } from "./pools.ts";

test("Pool connects nothing before it is used", needs("primary"), async () => {
  await using pool = openPool({ max: 3 });
  assert.equal(pool.size, 0);
  assert.deepEqual(pool.stats().tiers, {
    primary: { size: 0, idle: 0, busy: 0, reserved: 0, healing: 0, waiting: 0, inFlight: 0 },
  });
});

test("Pool.connect() opens the minimum of every tier", needs("primary", "replica"), async () => {
  await using pool = openPool({
    min: 2,
    max: 4,
    replicas: [server("replica").url, server("primary").url],
    replicaMin: 1,
    replicaMax: 3,
  });
  await pool.connect();
  const { tiers, size, idle } = pool.stats();
  assert.deepEqual(Object.keys(tiers), ["primary", "replica-1", "replica-2"]);
  assert.deepEqual(Object.values(tiers).map((tier) => tier.size), [2, 1, 1]);
  assert.deepEqual({ size, idle, of: pool.size }, { size: 4, idle: 4, of: 4 });
});

test("Pool opens all its connections with the first use when none is spare", needs("primary"), async () => {
  await using pool = openPool({ max: 5 });
  assert.equal(await pool.value(sql`select 1`), 1);
  await until("all are open", () => pool.size === 5);
  await assertSound(pool, 5);
});

test("Pool.stats() tells idle, busy, reserved and waiting apart", needs("primary"), async () => {
  await using pool = openPool({ max: 3 });
  await pool.connect();
  const reserved = await pool.reserve();
  const slow = [1, 2, 3].map(() => endless(pool));
  await until("two run", () => pool.stats().busy === 2 && pool.stats().inFlight === 2);
  const { size, idle, busy, reserved: held, waiting, inFlight } = pool.stats();
  assert.deepEqual({ size, idle, busy, held, waiting, inFlight }, {
    size: 3,
    idle: 0,
    busy: 2,
    held: 1,
    waiting: 1,
    inFlight: 2,
  });
  await reserved.release();
  await Promise.all(slow.map((one) => one.stop()));
  await assertSound(pool, 3);
});

test("Pool.stats() counts connections that are made and made again as healing, by tier", {
  ...needs("primary", "replica"),
}, async () => {
  await using gate = await proxy("primary");
  await using pool = openPool({
    url: gate.url(server("primary").url),
    max: 3,
    replicas: [server("replica").url],
  });
  await pool.connect();
  const { size, healing, tiers } = pool.stats();
  assert.deepEqual([size, healing, tiers.primary.healing, tiers["replica-1"].healing], [6, 0, 0, 0]);
  await gate.refuse();
  await gate.cut();
  await until("the primary's are lost", () => pool.stats().tiers.primary.size === 0);
  await until("they are being made again", () => pool.stats().tiers.primary.healing === 3);
  assert.equal(pool.stats().healing, 3);
  assert.equal(pool.stats().tiers["replica-1"].idle, 3);
  await gate.heal();
  await until("they are there again", () => pool.stats().tiers.primary.idle === 3);
  assert.equal(pool.stats().healing, 0);
});

test("Pool grows from min to max as calls wait, not further", needs("primary"), async () => {
  await using pool = openPool({ min: 1, max: 4 });
  await pool.connect();
  assert.equal(pool.size, 1);
  await Promise.all(Array.from({ length: 12 }, () => pool.query(sql`select pg_sleep(0.1)`)));
  await until("it has grown", () => pool.size === 4);
  await sleep(50);
  assert.equal(pool.size, 4);
});

test("Pool.connect() rejects when the server is not there, and the pool connects later", {
  ...needs("primary"),
}, async () => {
  await using gate = await proxy("primary");
  await gate.refuse();
  await using pool = openPool({ url: gate.url(server("primary").url), max: 3 });
  const error = await rejection(pool.connect(), ConnectionError);
  assert.match(error.message, /^Cannot .+; /);
  await gate.heal();
  assert.equal(await pool.value(sql`select 1`), 1);
  await pool.connect();
  assert.equal(pool.size, 3);
});

test("A replica that answers nothing does not keep the primary from being connected", {
  ...needs("primary"),
}, async () => {
  await using mute = await proxy("primary");
  await mute.blackHole();
  await using pool = openPool({
    max: 4,
    replicas: [mute.url(server("primary").url), mute.url(server("primary").url)],
    connectTimeout: 3_000,
  });
  const connecting = pool.connect();
  connecting.catch(() => {});
  const start = awakeTime();
  assert.equal(await pool.value(sql`select 1`), 1);
  await until("the primary's are open", () => pool.stats().tiers.primary.size === 4);
  assert.ok(awakeTime() - start < 2_500);
  await rejection(connecting, ConnectionError);
});

test("Pool on an embedded database has one connection, which everybody gets in turn", {
  sanitize: false,
}, async () => {
  await using pool = new Pool("pglite:");
  const waiting = Promise.all(
    Array.from(
      { length: 50 },
      (_, n) =>
        n % 5 === 0
          ? pool.transaction((tx) => tx.value(sql`select ${n}::int`))
          : pool.value(sql`select ${n}::int`),
    ),
  );
  assert.deepEqual(await waiting, Array.from({ length: 50 }, (_, n) => n));
  assert.equal(pool.size, 1);
  await rejection(pool.transaction(() => pool.query(sql`select 1`)), PoolDeadlockError);
  const controller = new AbortController();
  const held = await pool.reserve();
  const given = rejection(pool.query(sql`select 1`, { signal: controller.signal }), Error);
  const queued = pool.value(sql`select 8`);
  controller.abort();
  await given;
  await held.execute(sql`set work_mem = '7MB'`);
  await held.release();
  assert.equal(await queued, 8);
  assert.notEqual(await pool.value(sql`show work_mem`), "7MB");
  const late = pool.value(sql`select 7`);
  await pool.close();
  assert.equal(await late, 7);
  await rejection(pool.query(sql`select 1`), PoolClosedError);
});
