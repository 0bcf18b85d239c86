/** Metrics, collected by a real SDK. */
import assert from "node:assert/strict";
import { metrics } from "@opentelemetry/api";
import { type PoolOptions, PoolTimeoutError, PostgresError, sql } from "../../../pool/mod.ts";
import { test } from "../../harness.ts";
import { needs, proxy, server } from "../../services/client.ts";
import { openPool, rejection, settled, until } from "../tier/pools.ts";
import { recordMetrics, SDK, type Series } from "./recorded.ts";

/** A connected pool whose metrics are kept. */
async function measuredPool(options: PoolOptions = {}) {
  const recorded = recordMetrics();
  const pool = openPool({ max: 2, meterProvider: recorded.meterProvider, ...options });
  await pool.connect();
  return { ...recorded, pool };
}

/** What was recorded in a histogram: how often, and the sum. */
function recordings(series: readonly Series[] | undefined): { count: number; sum: number } {
  const values = (series ?? []).map(({ value }) => value as { count: number; sum: number });
  return {
    count: values.reduce((total, { count }) => total + count, 0),
    sum: values.reduce((total, { sum }) => total + sum, 0),
  };
}

/** The sum of a counter. */
function total(series: readonly Series[] | undefined): number {
  return (series ?? []).reduce((sum, { value }) => sum + Number(value), 0);
}

/** What every series of a pool on the primary has. */
function own(url = server("primary").url): Record<string, unknown> {
  const { hostname, port, pathname } = new URL(url);
  return {
    "pool_tier": "primary",
    "db.namespace": pathname.slice(1),
    "server.address": hostname,
    "server.port": Number(port),
  };
}

test(
  "Pool sizes, waits and durations are measured by tier, in seconds",
  { ...needs("primary"), ...SDK },
  async () => {
    const { pool: measured, collect } = await measuredPool();
    await using pool = measured;
    await using _held = await pool.reserve();
    for (let n = 0; n < 5; n++) await pool.query(sql`select ${n}::int`);
    await pool.query(sql`select pg_sleep(0.1)`);
    const found = await collect();
    assert.deepEqual(found.get("lifeguard_pool_size"), [{ attributes: own(), value: 2 }]);
    assert.deepEqual(found.get("lifeguard_active_connections"), [{ attributes: own(), value: 1 }]);
    const waits = found.get("lifeguard_connection_wait_time");
    assert.deepEqual(waits?.map(({ attributes }) => attributes), [own()]);
    assert.equal(recordings(waits).count, 7, "six statements and a reservation");
    const durations = found.get("lifeguard_query_duration_seconds");
    assert.deepEqual(durations?.map(({ attributes }) => attributes), [{
      ...own(),
      "db.operation.name": "SELECT",
    }]);
    const { count, sum } = recordings(durations);
    assert.equal(count, 6);
    assert.ok(sum >= 0.099 && sum < 20, `${sum} s`);
    assert.equal(found.get("lifeguard_query_errors_total"), undefined);
  },
);

test("Failed statements are counted by SQLSTATE or kind of error, calls that waited in vain by themselves", {
  ...needs("primary"),
  ...SDK,
}, async () => {
  const { pool: measured, collect } = await measuredPool({ max: 1, acquireTimeout: 50 });
  await using pool = measured;
  await pool.connect();
  await rejection(pool.query(sql`select 1 / ${0}::int`), PostgresError);
  await rejection(pool.transaction((tx) => tx.query(sql`select 1 / ${0}::int`)), PostgresError);
  await using _held = await pool.reserve();
  const calls = [pool.query(sql`select 1`), pool.query(sql`select 1`), pool.reserve()];
  for (const { status } of await settled(calls)) assert.equal(status, "rejected");
  await rejection(calls[0], PoolTimeoutError);
  const found = await collect();
  assert.deepEqual(found.get("lifeguard_query_errors_total"), [
    { attributes: { ...own(), "error.type": "22012" }, value: 2 },
    { attributes: { ...own(), "error.type": "POOL_TIMEOUT" }, value: 2 },
  ]);
  assert.deepEqual(found.get("lifeguard_acquire_timeouts_total"), [{ attributes: own(), value: 3 }]);
  assert.equal(
    recordings(found.get("lifeguard_query_duration_seconds")).count,
    2,
    "what never ran took no time",
  );
  const waited = recordings(found.get("lifeguard_connection_wait_time")).sum;
  assert.ok(waited >= 0.1, `${waited} s`);
});

test(
  "Connections that are healed and rotated are counted",
  { ...needs("primary"), ...SDK, timeout: 60_000 },
  async () => {
    await using gate = await proxy("primary");
    const url = gate.url(server("primary").url);
    const { pool: measured, collect } = await measuredPool({ url, maxLifetime: "2s", maxLifetimeJitter: 0 });
    await using pool = measured;
    await gate.reset();
    await until(
      "both are healed",
      async () => total((await collect()).get("lifeguard_heals_total")) === 2,
      20_000,
    );
    await until(
      "both are rotated",
      async () => total((await collect()).get("lifeguard_rotations_total")) >= 2,
      20_000,
    );
    const found = await collect();
    assert.deepEqual(found.get("lifeguard_heals_total"), [{ attributes: own(url), value: 2 }]);
    assert.deepEqual(found.get("lifeguard_rotations_total")?.map(({ attributes }) => attributes), [own(url)]);
    await until("both are back", () => pool.size === 2);
  },
);

test(
  "Gauges of pools on the same tier add up, and a closed pool is in none",
  { ...needs("primary"), ...SDK },
  async () => {
    const { pool: measured, collect, meterProvider } = await measuredPool();
    await using _pool = measured;
    const size = async () => (await collect()).get("lifeguard_pool_size");
    {
      await using other = openPool({ max: 3, meterProvider });
      await other.connect();
      assert.deepEqual(await size(), [{ attributes: own(), value: 5 }]);
    }
    assert.deepEqual(await size(), [{ attributes: own(), value: 2 }]);
  },
);

test("A meter provider that an application sets late is found within seconds", {
  ...needs("primary"),
  ...SDK,
}, async () => {
  await using pool = openPool({ max: 1 });
  await pool.query(sql`select 1`);
  const { meterProvider, collect } = recordMetrics();
  assert.ok(metrics.setGlobalMeterProvider(meterProvider));
  try {
    await until("it is found", async () => {
      await pool.query(sql`select 2`);
      return recordings((await collect()).get("lifeguard_query_duration_seconds")).count > 0;
    });
  } finally {
    metrics.disable();
  }
});
