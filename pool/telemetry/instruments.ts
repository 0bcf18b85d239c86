/**
 * The metrics of pools, made once for each meter of an application and shared by all pools that use it.
 *
 * Gauges are observed for all pools together: two pools on the same tier of the same database add up, where each by
 * itself would overwrite the other.
 *
 * @module
 */
import type { Attributes, Counter, Histogram, Meter, ObservableGauge } from "@opentelemetry/api";
import { ATTRIBUTE } from "./attributes.ts";

/** Bounds of histograms in seconds: those of the conventions for databases, and two below for what we are made for. */
const SECONDS: number[] = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** One tier, as gauges see it. */
export interface TierGauge {
  /** What its series is told from others by. */
  readonly attributes: Attributes;
  /** Its counts now. */
  readonly stats: () => { readonly size: number; readonly busy: number; readonly reserved: number };
  /** What is known of the replica it is, if it is one. */
  readonly replica?: (() => ReplicaGauge) | undefined;
}

/** A replica, as gauges see it. */
export interface ReplicaGauge {
  readonly state: string;
  readonly lagBytes: number | undefined;
  readonly lagSeconds: number | undefined;
}

/** The metrics. */
export class Instruments {
  /** How long calls waited for a connection. */
  readonly waitTime: Histogram;
  /** How long statements took. */
  readonly queryDuration: Histogram;
  /** Statements that failed. */
  readonly queryErrors: Counter;
  /** Calls that waited for a connection in vain. */
  readonly acquireTimeouts: Counter;
  /** Lost connections that were replaced. */
  readonly heals: Counter;
  /** Connections that were replaced because of their age. */
  readonly rotations: Counter;
  readonly #tiers = new Set<TierGauge>();

  /** Makes them. */
  constructor(meter: Meter) {
    const advice = { explicitBucketBoundaries: SECONDS };
    this.waitTime = meter.createHistogram("lifeguard_connection_wait_time", {
      description: "How long calls waited for a connection",
      unit: "s",
      advice,
    });
    this.queryDuration = meter.createHistogram("lifeguard_query_duration_seconds", {
      description: "How long statements took, from being given to a connection to the end of their answer",
      unit: "s",
      advice,
    });
    this.queryErrors = meter.createCounter("lifeguard_query_errors_total", {
      description: "Statements that failed",
    });
    this.acquireTimeouts = meter.createCounter("lifeguard_acquire_timeouts_total", {
      description: "Calls that got no connection within acquireTimeout",
    });
    this.heals = meter.createCounter("lifeguard_heals_total", {
      description: "Lost connections that were replaced",
    });
    this.rotations = meter.createCounter("lifeguard_rotations_total", {
      description: "Connections that were replaced because of their age",
    });
    this.#gauge(
      meter.createObservableGauge("lifeguard_pool_size", { description: "Open connections" }),
      ({ size }) => size,
    );
    this.#gauge(
      meter.createObservableGauge("lifeguard_active_connections", {
        description: "Connections that run statements or are reserved",
      }),
      ({ busy, reserved }) => busy + reserved,
    );
    this.#replicaGauge(
      meter.createObservableGauge("lifeguard_replica_lag_bytes", {
        description: "Log that a replica had not replayed when it was last checked",
        unit: "By",
      }),
      ({ lagBytes }) => lagBytes,
    );
    this.#replicaGauge(
      meter.createObservableGauge("lifeguard_replica_lag_seconds", {
        description: "How long a replica had been behind when it was last checked",
        unit: "s",
      }),
      ({ lagSeconds }) => lagSeconds,
    );
    this.#healthyGauge(
      meter.createObservableGauge("lifeguard_replicas_healthy", {
        description: "Replicas that may be read from",
      }),
    );
  }

  /** A gauge of replicas; of what several pools know of one, the worst is told. */
  #replicaGauge(gauge: ObservableGauge, count: (replica: ReplicaGauge) => number | undefined): void {
    gauge.addCallback((result) => {
      const series = new Map<string, { readonly attributes: Attributes; worst: number }>();
      for (const { attributes, replica } of this.#tiers) {
        const value = replica === undefined ? undefined : count(replica());
        if (value === undefined) continue;
        const key = JSON.stringify(attributes);
        const found = series.get(key);
        if (found === undefined) series.set(key, { attributes, worst: value });
        else found.worst = Math.max(found.worst, value);
      }
      for (const { attributes, worst } of series.values()) result.observe(worst, attributes);
    });
  }

  /** How many replicas of each database may be read from; one that a pool does not trust does not count. */
  #healthyGauge(gauge: ObservableGauge): void {
    gauge.addCallback((result) => {
      const byReplica = new Map<string, { readonly database: Attributes; isHealthy: boolean }>();
      for (const { attributes, replica } of this.#tiers) {
        if (replica === undefined) continue;
        const isHealthy = replica().state === "healthy";
        const found = byReplica.get(JSON.stringify(attributes));
        if (found !== undefined) found.isHealthy &&= isHealthy;
        else {
          const database = { [ATTRIBUTE.namespace]: attributes[ATTRIBUTE.namespace] };
          byReplica.set(JSON.stringify(attributes), { database, isHealthy });
        }
      }
      const counts = new Map<string, { readonly database: Attributes; count: number }>();
      for (const { database, isHealthy } of byReplica.values()) {
        const key = JSON.stringify(database);
        const entry = counts.get(key) ?? { database, count: 0 };
        if (isHealthy) entry.count++;
        counts.set(key, entry);
      }
      for (const { database, count } of counts.values()) result.observe(count, database);
    });
  }

  /** Has a tier observed until it is removed. */
  observe(tier: TierGauge): void {
    this.#tiers.add(tier);
  }

  /** Ends that. */
  forget(tier: TierGauge): void {
    this.#tiers.delete(tier);
  }

  #gauge(gauge: ObservableGauge, count: (stats: ReturnType<TierGauge["stats"]>) => number): void {
    gauge.addCallback((result) => {
      const series = new Map<string, { readonly attributes: Attributes; sum: number }>();
      for (const { attributes, stats } of this.#tiers) {
        const key = JSON.stringify(attributes);
        const found = series.get(key);
        if (found === undefined) series.set(key, { attributes, sum: count(stats()) });
        else found.sum += count(stats());
      }
      for (const { attributes, sum } of series.values()) result.observe(sum, attributes);
    });
  }
}

const INSTRUMENTS = new WeakMap<Meter, Instruments>();

/** The metrics of a meter. */
export function instrumentsOf(meter: Meter): Instruments {
  let instruments = INSTRUMENTS.get(meter);
  if (instruments === undefined) INSTRUMENTS.set(meter, instruments = new Instruments(meter));
  return instruments;
}
