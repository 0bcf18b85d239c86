/** Without a provider nothing is made and nothing is asked for. */
import assert from "node:assert/strict";
import { context, metrics, type Span, trace, type Tracer } from "@opentelemetry/api";
import { type Pool, sql } from "../../../pool/mod.ts";
import { resolvePoolOptions } from "../../../pool/configuration/resolve_pool_options.ts";
import { createTiers } from "../../../pool/tier/pool_tiers.ts";
import { Handshakes } from "../../../pool/tier/handshakes.ts";
import { poolTelemetry } from "../../../pool/telemetry/pool_telemetry.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { openPool } from "../tier/pools.ts";
import { recordMetrics, recordSpans, SDK } from "./recorded.ts";

/** Runs every kind of work once. */
async function work(pool: Pool): Promise<void> {
  await Promise.all(Array.from({ length: 50 }, (_, n) => pool.query(sql`select ${n}::int as n`)));
  await pool.transaction(async (tx) => {
    await tx.query(sql`select 1`);
    await tx.transaction((nested) => nested.query(sql`select 2`));
  });
  await pool.batch([sql`select 1`, sql`select 2`]);
  for await (const _ of pool.stream(sql`select n from generate_series(1, 3) as n`));
  await pool.query(sql`select 1 / ${0}::int`).catch(() => {});
}

/** Counts the calls of some methods of an object while a function runs. */
async function calls(
  object: object,
  names: readonly string[],
  run: () => Promise<void>,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const methods = object as Record<string, (...given: unknown[]) => unknown>;
  const restore = names.map((name) => {
    const original = methods[name];
    counts[name] = 0;
    methods[name] = function (...given) {
      counts[name]++;
      return original.apply(this, given);
    };
    return () => {
      methods[name] = original;
    };
  });
  try {
    await run();
  } finally {
    for (const back of restore) back();
  }
  return counts;
}

test(
  "Without a provider the API of OpenTelemetry is asked for it and for nothing else",
  needs("primary"),
  async () => {
    await using pool = openPool({ max: 2 });
    const start = performance.now();
    const traces = await calls(trace, ["getTracer", "getActiveSpan", "setSpan", "getSpan"], async () => {
      const counted = await calls(metrics, ["getMeter"], async () => {
        const contexts = await calls(context, ["active", "with", "bind"], () => work(pool));
        assert.deepEqual(contexts, { active: 0, with: 0, bind: 0 });
      });
      assert.deepEqual(counted, { getMeter: 0 });
    });
    assert.deepEqual(traces, { getTracer: 0, getActiveSpan: 0, setSpan: 0, getSpan: 0 });
    const looks = await calls(trace, ["getTracerProvider"], () => work(pool));
    const seconds = (performance.now() - start) / 1_000;
    assert.ok(looks.getTracerProvider <= seconds + 1, `${looks.getTracerProvider} looks in ${seconds} s`);
  },
);

test("A tier is observed only where a provider is set or slowness is asked for", SDK, () => {
  const observed = (options: Record<string, unknown>): boolean => {
    const settings = resolvePoolOptions({
      url: "postgres://user@localhost/database",
      configFile: false,
      ...options,
    });
    const tiers = createTiers(settings, {
      hub: () => assert.fail("nothing is connected"),
      handshakes: new Handshakes(),
    });
    const telemetry = poolTelemetry(settings, tiers.values());
    telemetry.look();
    telemetry.close();
    return tiers.get("primary")!.tier.observer !== undefined;
  };
  const { tracerProvider } = recordSpans();
  const { meterProvider } = recordMetrics();
  assert.equal(observed({}), false);
  assert.equal(observed({ slowQueryAfter: 100 }), true);
  assert.equal(observed({ tracerProvider }), true);
  assert.equal(observed({ meterProvider }), true);
  assert.equal(observed({ tracerProvider, meterProvider, telemetry: false }), false);
});

test(
  "telemetry: false leaves providers alone, those of the program and those given",
  { ...needs("primary"), ...SDK },
  async () => {
    const { tracerProvider, spans } = recordSpans();
    const { meterProvider, collect } = recordMetrics();
    assert.ok(trace.setGlobalTracerProvider(tracerProvider) && metrics.setGlobalMeterProvider(meterProvider));
    try {
      await using pool = openPool({ max: 2, telemetry: false, tracerProvider, meterProvider });
      await work(pool);
      assert.deepEqual([spans().length, (await collect()).size], [0, 0]);
    } finally {
      trace.disable();
      metrics.disable();
    }
  },
);

test("Spans that are not sampled get no attributes after their start", needs("primary"), async () => {
  const asked: string[] = [];
  const span = new Proxy({}, {
    get: (_, name) => {
      if (typeof name === "symbol") return undefined;
      asked.push(name);
      if (name === "spanContext") {
        return () => ({ traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 });
      }
      return () => false;
    },
  }) as unknown as Span;
  const tracer = { startSpan: () => span } as unknown as Tracer;
  await using pool = openPool({ max: 1, tracerProvider: { getTracer: () => tracer } });
  await work(pool);
  assert.deepEqual([...new Set(asked)].sort(), ["end", "isRecording"]);
});
