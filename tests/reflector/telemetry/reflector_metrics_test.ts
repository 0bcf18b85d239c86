import assert from "node:assert/strict";
import { processMetrics } from "../../../reflector/telemetry/process_metrics.ts";
import { prometheus } from "../../../reflector/telemetry/prometheus.ts";
import {
  COUNTER_METRICS,
  GAUGE_METRICS,
  reflectorMetrics,
} from "../../../reflector/telemetry/reflector_metrics.ts";
import { REFLECTOR_COUNTERS } from "../../../reflector/status.ts";
import { test } from "../../harness.ts";
import { counters, sampleStatus } from "../sample_status.ts";

/** The names of `# TYPE` lines, and their types. */
function types(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
}

test("reflectorMetrics() come out under exactly their names", async () => {
  await using exporter = prometheus();
  const metrics = reflectorMetrics(exporter.provider);
  metrics.watch(() =>
    sampleStatus({ lag: { canary: 3, silence: 100, apply: 1, walBytes: 5, queueUsage: 0.1 } })
  );
  metrics.observer.timed("store", "void", 2);
  metrics.observer.timed("postgres", "floor", 700);
  const text = await exporter.text();
  const found = types(text);
  const expected: [string, string][] = [
    ["reflector_notifications_total", "counter"],
    ["reflector_refreshes_total", "counter"],
    ["reflector_ignored_total", "counter"],
    ["reflector_active_keys", "gauge"],
    ["reflector_redis_latency_seconds", "histogram"],
    ["reflector_pg_latency_seconds", "histogram"],
    ["reflector_leader_changes_total", "counter"],
  ];
  for (const [name, type] of expected) assert.equal(found.get(name), type, `${name}\n${text}`);
  const rest = [...COUNTER_METRICS, ...GAUGE_METRICS].map(({ name }) => name);
  for (const name of rest) assert(found.has(name), name);
  assert.equal(found.size, rest.length + 2, [...found.keys()].join("\n"));
  assert(
    !text.includes("total_total") && !text.includes("otel_scope") && !text.includes("target_info"),
    text,
  );
});

test("reflectorMetrics() say what the status and the observer said", async () => {
  await using exporter = prometheus();
  const metrics = reflectorMetrics(exporter.provider);
  let refreshes = 5;
  metrics.watch(() => sampleStatus({ counters: counters({ refreshes }), activeKeys: 12 }));
  metrics.observer.timed("store", "void", 2);
  metrics.observer.timed("store", "void", 0.2);
  const text = await exporter.text();
  assert.match(text, /^reflector_refreshes_total 5$/m);
  assert.match(text, /^reflector_ignored_total 0$/m);
  assert.match(text, /^reflector_active_keys 12$/m);
  assert.match(text, /^reflector_leading 1$/m);
  assert.match(text, /^reflector_canary_delay_seconds 0\.0032$/m);
  assert.match(text, /^reflector_redis_latency_seconds_count\{operation="void"\} 2$/m);
  assert.match(text, /^reflector_redis_latency_seconds_bucket\{operation="void",le="0\.00025"\} 1$/m);
  assert(!text.includes("reflector_notification_queue_usage "), "what is not known is left out");
  refreshes = 9;
  assert.match(await exporter.text(), /^reflector_refreshes_total 9$/m);
});

test("reflectorMetrics() are readable before there is a reflector", async () => {
  await using exporter = prometheus();
  reflectorMetrics(exporter.provider);
  assert(!(await exporter.text()).includes("reflector_leading"));
});

test("COUNTER_METRICS have every counter of a reflector", () => {
  assert.deepEqual(COUNTER_METRICS.map(({ counter }) => counter).sort(), [...REFLECTOR_COUNTERS].sort());
});

test("processMetrics() tell memory, start and processor time", async () => {
  await using exporter = prometheus();
  processMetrics(exporter.provider);
  const text = await exporter.text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  assert(value("process_resident_memory_bytes") > 1024 ** 2, text);
  assert(Math.abs(value("process_start_time_seconds") - Date.now() / 1000) < 3600 * 24, text);
  assert(value("process_cpu_seconds_total") >= 0, text);
});
