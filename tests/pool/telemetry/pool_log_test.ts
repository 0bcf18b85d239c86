/** The records of what becomes of a pool's connections and calls. */
import assert from "node:assert/strict";
import type { Meter } from "@opentelemetry/api";
import { POOL_EVENTS, type PoolLogRecord, PoolTimeoutError, sql } from "../../../pool/mod.ts";
import { ATTRIBUTE } from "../../../pool/telemetry/attributes.ts";
import { Instruments } from "../../../pool/telemetry/instruments.ts";
import docs from "../../../docs/observability.md" with { type: "text" };
import { test } from "../../harness.ts";
import { needs, proxy, server } from "../../services/client.ts";
import { openPool, settled, until } from "../tier/pools.ts";

/** Keeps records. */
function recorder() {
  const records: PoolLogRecord[] = [];
  return {
    records,
    log: (record: PoolLogRecord) => void records.push(record),
    of: (event: PoolLogRecord["event"]) => records.filter((record) => record.event === event),
  };
}

test(
  "Connections made, lost and healed are told, each with its tier and address",
  needs("primary"),
  async () => {
    const { log, of, records } = recorder();
    await using gate = await proxy("primary");
    {
      await using pool = openPool({ url: gate.url(server("primary").url), max: 2, logger: log });
      await pool.connect();
      assert.equal(of("connected").length, 2);
      await gate.set({ refuse: true });
      await gate.reset();
      await until("both are lost", () => of("connection_lost").length === 2);
      await until("connecting fails", () => of("connect_failed").length > 0);
      await gate.set({ refuse: false });
      await until("both are healed", () => of("healed").length === 2, 20_000);
    }
    const address = `${gate.host}:${gate.port}`;
    for (const event of ["connected", "connection_lost", "healed"] as const) {
      for (const record of of(event)) {
        assert.deepEqual([record.level, record.tier, record.address], ["info", "primary", address], event);
      }
    }
    for (const { lostFor, failures } of of("healed")) {
      assert.ok(Number(lostFor) > 0 && Number(failures) >= 1);
    }
    assert.equal(of("connection_lost").length, 2, "closing a pool loses nothing");
    assert.ok(records.every(({ message }) => /^[A-Z]/.test(message) && !message.endsWith(".")));
  },
);

test("Calls that waited in vain are one warning a second, with their number", needs("primary"), async () => {
  const { log, of } = recorder();
  await using pool = openPool({ max: 1, acquireTimeout: 50, logger: log });
  await pool.connect();
  await using _held = await pool.reserve();
  const calls = Array.from({ length: 100 }, (_, n) => pool.query(sql`select ${n}::int`));
  for (const outcome of await settled(calls)) {
    assert.ok(outcome.status === "rejected" && outcome.reason instanceof PoolTimeoutError);
  }
  await until("they are told", () => of("acquire_timeout").length > 0);
  const told = of("acquire_timeout");
  assert.equal(told.reduce((sum, { count }) => sum + Number(count), 0), 100);
  assert.ok(told.length <= 2);
  assert.equal(told[0].level, "warn");
});

test("Connections that are rotated, closed for being idle, or held for long are told", {
  ...needs("primary"),
}, async () => {
  const { log, of } = recorder();
  await using pool = openPool({
    max: 1,
    maxLifetime: "1s",
    maxLifetimeJitter: 0,
    leakAfter: 100,
    logger: log,
  });
  await using spare = openPool({ min: 0, max: 1, idleTimeout: 100, logger: log });
  await pool.connect();
  await spare.query(sql`select 1`);
  await until("one is rotated", () => of("rotated").length > 0);
  await until("one is closed", () => of("shrunk").length > 0);
  await using _held = await pool.reserve();
  await until("it is reported", () => of("leak").length > 0);
  assert.deepEqual(
    [of("rotated"), of("shrunk"), of("leak")].map(([{ level }]) => level),
    ["info", "info", "warn"],
  );
});

test("A logger that throws harms nobody", needs("primary"), async () => {
  await using pool = openPool({
    max: 1,
    logger: () => {
      throw new Error("mine");
    },
  });
  assert.equal(await pool.value(sql`select 1`), 1);
});

test("docs/observability.md has every event, attribute and metric", () => {
  const rows = [...docs.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
  assert.deepEqual(POOL_EVENTS.filter((event) => !rows.includes(event)), []);
  assert.deepEqual(Object.values(ATTRIBUTE).filter((name) => !docs.includes(`\`${name}\``)), []);
  const made: string[] = [];
  const meter = new Proxy({}, {
    get: () => (name: string) => {
      made.push(name);
      return { addCallback: () => {} };
    },
  });
  new Instruments(meter as Meter);
  assert.ok(made.length >= 8);
  assert.deepEqual(made.filter((name) => !rows.includes(name)), []);
});
