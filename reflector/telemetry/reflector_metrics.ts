/**
 * The metrics of a reflector, as instruments of OpenTelemetry: counters and gauges are read from its status when they
 * are asked for, latencies are told by its observer.
 *
 * @module
 */
import type { Histogram, MeterProvider } from "@opentelemetry/api";
import type { ReflectorCounter, ReflectorObserver, ReflectorStatus } from "../status.ts";

interface CounterMetric {
  readonly name: string;
  readonly counter: ReflectorCounter;
  readonly description: string;
}

/** The counters, each beside what the status calls it. */
export const COUNTER_METRICS: readonly CounterMetric[] = [
  {
    name: "reflector_notifications_total",
    counter: "notifications",
    description: "Changes that came out of the source",
  },
  { name: "reflector_rows_total", counter: "rows", description: "Rows that changed" },
  { name: "reflector_voided_total", counter: "voided", description: "Keys that were voided" },
  {
    name: "reflector_refreshes_total",
    counter: "refreshes",
    description: "Active keys that were read again and stored",
  },
  {
    name: "reflector_refreshes_skipped_total",
    counter: "refreshesSkipped",
    description: "Refreshes that were given up",
  },
  {
    name: "reflector_ignored_total",
    counter: "ignored",
    description: "Keys of changed rows that nobody had cached",
  },
  {
    name: "reflector_table_changes_total",
    counter: "tables",
    description: "Tables that were made void as a whole",
  },
  {
    name: "reflector_canaries_total",
    counter: "canaries",
    description: "Canaries that came out of the source",
  },
  {
    name: "reflector_leader_changes_total",
    counter: "leaderChanges",
    description: "Times the leadership began or was lost",
  },
  { name: "reflector_epochs_total", counter: "epochs", description: "Epochs that were begun" },
  {
    name: "reflector_strangers_total",
    counter: "strangers",
    description: "Notifications on the channel that mean nothing to a reflector",
  },
  {
    name: "reflector_dropped_total",
    counter: "dropped",
    description: "Changes dropped while the store was away; a new epoch covers them",
  },
  { name: "reflector_faults_total", counter: "faults", description: "Times something failed" },
];

interface GaugeMetric {
  readonly name: string;
  readonly unit?: string;
  readonly description: string;
  /** Undefined: not known, so it is left out. */
  readonly value: (status: ReflectorStatus) => number | undefined;
}

/** The gauges, in the base units of Prometheus. */
export const GAUGE_METRICS: readonly GaugeMetric[] = [
  {
    name: "reflector_active_keys",
    description: "Keys that were lately found active",
    value: ({ activeKeys }) => activeKeys,
  },
  {
    name: "reflector_leading",
    description: "1 for the one that leads",
    value: ({ state }) => state === "leading" ? 1 : 0,
  },
  {
    name: "reflector_canary_delay_seconds",
    unit: "s",
    description: "What the last canary took through the source",
    value: ({ lag }) => seconds(lag.canary),
  },
  {
    name: "reflector_canary_silence_seconds",
    unit: "s",
    description: "How long ago the last canary came out",
    value: ({ lag }) => seconds(lag.silence),
  },
  {
    name: "reflector_apply_seconds",
    unit: "s",
    description: "What the last batch took until the store had it",
    value: ({ lag }) => seconds(lag.apply),
  },
  {
    name: "reflector_slot_retained_bytes",
    unit: "By",
    description: "WAL kept for the replication slot",
    value: ({ lag }) => lag.walBytes,
  },
  {
    name: "reflector_notification_queue_usage",
    unit: "1",
    description: "Share of PostgreSQL's notification queue in use",
    value: ({ lag }) => lag.queueUsage,
  },
  {
    name: "reflector_store_answers",
    description: "1 while the store answers",
    value: ({ storeAnswers }) => storeAnswers ? 1 : 0,
  },
  {
    name: "reflector_covered_tables",
    description: "Tables whose rows may be cached",
    value: ({ coverage }) => coverage?.tables.length,
  },
  {
    name: "reflector_refused_tables",
    description: "Tables whose rows may not be cached; the status says why",
    value: ({ coverage }) => coverage?.refused.length,
  },
  {
    name: "reflector_alarms",
    description: "Alarms that an operator should look at",
    value: ({ alarms }) => alarms.length,
  },
];

/** What one round trip took, by `operation`. */
export const LATENCY_METRICS = {
  store: { name: "reflector_redis_latency_seconds", description: "Round trips to the store" },
  postgres: { name: "reflector_pg_latency_seconds", description: "Round trips to PostgreSQL" },
} as const;

/** Upper bounds of the latencies' buckets, in seconds. */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** The metrics of a reflector: give it the observer, and {@link ReflectorMetrics.watch} its status once there is one. */
export interface ReflectorMetrics {
  readonly observer: Required<Pick<ReflectorObserver, "timed">>;
  /** Says where counters and gauges are read from. */
  watch(status: () => ReflectorStatus): void;
}

/** Makes the instruments of a reflector. */
export function reflectorMetrics(provider: MeterProvider): ReflectorMetrics {
  const meter = provider.getMeter("@lifeguard/core/reflector");
  const latency = (link: keyof typeof LATENCY_METRICS): Histogram =>
    meter.createHistogram(LATENCY_METRICS[link].name, {
      description: LATENCY_METRICS[link].description,
      unit: "s",
      advice: { explicitBucketBoundaries: BUCKETS },
    });
  const latencies = { store: latency("store"), postgres: latency("postgres") };
  let read: (() => ReflectorStatus) | undefined;
  const counters = COUNTER_METRICS.map(({ name, counter, description }) => ({
    instrument: meter.createObservableCounter(name, { description }),
    counter,
  }));
  const gauges = GAUGE_METRICS.map(({ name, value, description, unit }) => ({
    instrument: meter.createObservableGauge(name, { description, unit }),
    value,
  }));
  meter.addBatchObservableCallback((result) => {
    const status = read?.();
    if (status === undefined) return;
    for (const { instrument, counter } of counters) result.observe(instrument, status.counters[counter]);
    for (const { instrument, value } of gauges) {
      const number = value(status);
      if (number !== undefined) result.observe(instrument, number);
    }
  }, [...counters, ...gauges].map(({ instrument }) => instrument));
  return {
    observer: {
      timed: (link, operation, milliseconds) => latencies[link].record(milliseconds / 1000, { operation }),
    },
    watch(status) {
      read = status;
    },
  };
}

function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}
