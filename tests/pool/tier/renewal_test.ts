/** Old, superfluous and silently dead connections: replaced, and nobody sees it. */
import assert from "node:assert/strict";
import { type Pool, sql } from "../../../pool/mod.ts";
import { LifeguardError } from "../../../pool/wire/errors.ts";
import { awakeTime } from "../../awake_time.ts";
import { test } from "../../harness.ts";
import { needs, proxy, server } from "../../services/client.ts";
import { assertSound, openPool, settled, sleep, until } from "./pools.ts";

/** The server processes behind a pool's connections. */
async function backends(pool: Pool, size: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: size }, () => pool.reserve()));
  const found = await Promise.all(held.map((session) => session.value<number>(sql`select pg_backend_pid()`)));
  await Promise.all(held.map((session) => session.release()));
  return found;
}

test("Connections older than maxLifetime are replaced under load without an error", {
  ...needs("primary"),
}, async () => {
  await using pool = openPool({ max: 3, maxLifetime: 1_000, maxLifetimeJitter: 0.5 });
  await pool.connect();
  const before = await backends(pool, 3);
  const session = await pool.reserve();
  const pid = await session.value<number>(sql`select pg_backend_pid()`);
  const end = awakeTime() + 2_200;
  let served = 0;
  const longest = { wait: 0 };
  await Promise.all(Array.from({ length: 12 }, async (_, n) => {
    while (awakeTime() < end) {
      const start = performance.now();
      if (n < 3) await pool.transaction((tx) => tx.query(sql`select pg_sleep(0.02)`));
      else assert.equal(await pool.value(sql`select ${n}::int`), n);
      longest.wait = Math.max(longest.wait, performance.now() - start);
      served++;
    }
  }));
  assert.equal(await session.value(sql`select pg_backend_pid()`), pid, "it was renewed under who holds it");
  await session.release();
  const after = await backends(pool, 3);
  console.log(
    `${served} calls while connections were renewed: the longest took ${longest.wait.toFixed(0)} ms`,
  );
  assert.deepEqual(after.filter((pid) => before.includes(pid)), []);
  await assertSound(pool, 3);
});

test("Connections made at once do not all grow old at once", needs("primary"), async () => {
  // They are looked at by the clock: should this process stand still for long, all are due when it goes on.
  let spread = 0;
  for (let attempt = 0; attempt < 4 && spread <= 800; attempt++) spread = await spreadOfRenewals();
  assert.ok(spread > 800, "all were renewed at once");
});

/** Milliseconds between the first and the last renewal of connections that were made at once. */
async function spreadOfRenewals(): Promise<number> {
  await using outside = openPool({ max: 1 });
  const applicationName = `aged_${crypto.randomUUID().slice(0, 8)}`;
  await using pool = openPool({ max: 16, maxLifetime: 2_000, maxLifetimeJitter: 1, applicationName });
  await pool.connect();
  const begun = performance.now();
  const late = awakeTime() + 5_000;
  const alive = async () =>
    (await outside.query<{ pid: number }>(sql`
      select pid from pg_stat_activity where application_name = ${applicationName}`)).map(({ pid }) => pid);
  let left = await alive();
  // On a busy machine the first grow old before the last is made.
  if (left.length < 16) return 0;
  const ages: number[] = [];
  while (left.length > 0) {
    await sleep(100);
    const now = await alive();
    for (const _ of left.filter((pid) => !now.includes(pid))) ages.push(performance.now() - begun);
    left = left.filter((pid) => now.includes(pid));
    assert.ok(awakeTime() < late, `${left.length} are older than they may be`);
  }
  console.log(
    `16 connections were renewed after ${ages.map((age) => (age / 1_000).toFixed(1)).join(", ")} s`,
  );
  return ages.at(-1)! - ages[0];
}

test(
  "A pool shrinks to its minimum when connections are idle, and grows again",
  needs("primary"),
  async () => {
    await using pool = openPool({ min: 1, max: 5, idleTimeout: 300 });
    const grow = () => Promise.all(Array.from({ length: 10 }, () => pool.query(sql`select pg_sleep(0.1)`)));
    await grow();
    await until("it has grown", () => pool.size === 5);
    await until("it shrinks", () => pool.size === 1, 3_500);
    await sleep(1_100);
    assert.equal(pool.size, 1);
    await grow();
    await until("it has grown again", () => pool.size === 5);
  },
);

test("A half-open connection is found when it is taken, and its query is served by another one", {
  ...needs("primary"),
  timeout: 20_000,
}, async () => {
  await using gate = await proxy("primary");
  await using pool = openPool({ url: gate.url(server("primary").url), max: 3, acquireTimeout: 9_000 });
  await pool.connect();
  await assertSound(pool, 3);
  await sleep(1_050);
  await gate.blackHole();
  const start = performance.now();
  const writes = Array.from({ length: 20 }, (_, n) => pool.value(sql`select ${n}::int`));
  const serving = settled(writes, 9_500);
  // The old connections stay dead; only new ones go through.
  await sleep(300);
  await gate.reset();
  await gate.heal();
  for (const { status } of await serving) assert.equal(status, "fulfilled");
  console.log(`Half-open connections: all served after ${(performance.now() - start).toFixed(0)} ms`);
  await assertSound(pool, 3);
});

test("Connections that answer nothing are found when they are taken, and by probes while they are idle", {
  ...needs("primary"),
  timeout: 20_000,
}, async () => {
  await using gate = await proxy("primary");
  const url = gate.url(server("primary").url);
  await using pool = openPool({ url, max: 2, acquireTimeout: 7_000 });
  await using idle = openPool({ url, max: 2, probeInterval: 500 });
  await Promise.all([pool.connect(), idle.connect()]);
  await sleep(1_700);
  assert.equal(idle.size, 2, "probes harm nobody");
  await gate.blackHole();
  const start = awakeTime();
  const settling = settled([pool.value(sql`select 1`)], 9_000);
  const probing = until("the idle ones are found", () => idle.size === 0, 9_000);
  await until("the one that was taken is found", () => pool.size < 2, 7_000);
  const found = awakeTime() - start;
  await probing;
  await gate.heal();
  const [outcome] = await settling;
  const took = awakeTime() - start;
  console.log(
    `Mute connections: found after ${found.toFixed(0)} ms, the query settled after ${took.toFixed(0)} ms`,
  );
  if (outcome.status === "rejected") assert.ok(outcome.reason instanceof LifeguardError);
  assert.ok(found < 6_000 && took < 8_500);
  await Promise.all([assertSound(pool, 2), assertSound(idle, 2)]);
});

test("A single query validates few of many idle connections", needs("primary"), async () => {
  await using gate = await proxy("primary");
  await using pool = openPool({ url: gate.url(server("primary").url), max: 20 });
  await pool.connect();
  for (let n = 0; n < 5; n++) await pool.value(sql`select 1`);
  await sleep(1_050);
  await gate.blackHole();
  const controller = new AbortController();
  const call = settled([pool.value(sql`select 1`, { signal: controller.signal })]);
  await sleep(50);
  const { busy, idle, waiting } = pool.stats();
  assert.equal(waiting, 1, "it was sent on a connection that was not validated");
  assert.ok(busy <= 2 && idle >= 18, `${busy} are validated`);
  await gate.heal();
  assert.equal((await call)[0].status, "fulfilled");
  await assertSound(pool, 20);
});

test("Connections that were closed while the thread stood still are noticed before they are used", {
  ...needs("primary"),
}, async () => {
  await using outside = openPool({ max: 1 });
  await using pool = openPool({ max: 4, applicationName: "closed_meanwhile" });
  await pool.connect();
  await assertSound(pool, 4);
  let isTested = false;
  for (let attempt = 0; attempt < 5 && !isTested; attempt++) {
    const killed = outside.value<number>(sql`
      select max(extract(epoch from case when pg_terminate_backend(pid) then clock_timestamp() end))::float8
      from pg_stat_activity, pg_sleep(0.2) where application_name = 'closed_meanwhile'`);
    await sleep(50);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_300);
    const [awoken, start] = [Date.now(), performance.now()];
    const answers = await settled(Array.from({ length: 20 }, (_, n) => pool.value(sql`select ${n}::int`)));
    const took = performance.now() - start;
    // A busy server may have been late, and have closed them under what was sent already.
    isTested = await killed * 1_000 < awoken - 500;
    if (isTested) {
      assert.deepEqual(answers, Array.from({ length: 20 }, (_, value) => ({ status: "fulfilled", value })));
      console.log(`After standing still for 1.3 s: served in ${took.toFixed(0)} ms`);
    }
    await assertSound(pool, 4);
  }
  assert.ok(isTested, "the server was late each time");
});
