/** What OpenTelemetry is told of a cache. */
import assert from "node:assert/strict";
import { Cache, column, MemoryStore, model, Pool, sql } from "../../../mod.ts";
import { test } from "../../harness.ts";
import { recordMetrics, recordSpans, SDK } from "../../pool/telemetry/recorded.ts";
import { HandDrivenReflector } from "./hand_driven_reflector.ts";

const User = model("users", { id: column.integer().primaryKey() }, { cache: 60 });

test("A cache's hits, misses and trust are metrics, and its looks are spans", SDK, async () => {
  const metrics = recordMetrics();
  const { tracerProvider, spans } = recordSpans();
  await using pool = new Pool("pglite:");
  await pool.execute(sql`create table users (id integer primary key)`);
  await pool.execute(sql`insert into users values (1)`);
  const store = new MemoryStore();
  await using cache = new Cache(pool, {
    store,
    nearRows: 0,
    tracerProvider,
    meterProvider: metrics.meterProvider,
    logger: { warn: () => {} },
  });
  using reflector = new HandDrivenReflector(store, pool);
  await reflector.lead([{ name: "public.users", key: ["id"] }]);
  reflector.start();
  await User.findById(1, pool);
  assert.equal(await cache.ready(), true);
  while (cache.stats().hits < 3) await User.findById(1, pool);
  const names = await metrics.collect();
  const value = (name: string, attributes: Record<string, string> = {}) =>
    names.get(name)?.find((point) =>
      Object.entries(attributes).every(([key, text]) => point.attributes[key] === text)
    )?.value;
  assert.equal(value("lifeguard_cache_hits_total", { source: "store" }), cache.stats().hits);
  assert.equal(value("lifeguard_cache_hits_total", { source: "near" }), 0);
  assert.equal(value("lifeguard_cache_misses_total"), cache.stats().misses);
  assert.equal(value("lifeguard_cache_fills_total", { outcome: "stored" }), cache.stats().fills.stored);
  assert.equal(value("lifeguard_cache_trusted"), 1);
  assert.ok(spans().some(({ name }) => name === "cache look"));
});
