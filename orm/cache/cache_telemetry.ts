/**
 * What OpenTelemetry is told of caches: counters that are read when somebody asks, so that a read costs nothing more; and
 * a span for each look, where the application has a provider of spans.
 *
 * @module
 */
import {
  type Attributes,
  type Meter,
  type MeterProvider,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
} from "@opentelemetry/api";
import {
  globalMeterProvider,
  globalTracerProvider,
  type MeterSource,
  SCOPE,
  type TracerSource,
} from "../../pool/telemetry/providers.ts";
import type { CacheCounters } from "./cache_counters.ts";

/** How a cache is observed. */
export interface CacheTelemetryOptions {
  /** Whether spans and metrics are made where a provider of OpenTelemetry was set. Default true. */
  readonly telemetry?: boolean;
  /** OpenTelemetry's provider of spans. Default: the one set for the whole program, if any. */
  readonly tracerProvider?: TracerSource;
  /** OpenTelemetry's provider of metrics. Default: the one set for the whole program, if any. */
  readonly meterProvider?: MeterSource;
}

/** A cache, as metrics see it. */
export interface ObservedCache {
  /** What its series are told from others by. */
  readonly attributes: Attributes;
  readonly counters: CacheCounters;
  /** Whether it is trusted now. */
  readonly trusted: () => boolean;
}

type Figure = (cache: ObservedCache) => readonly (readonly [value: number, attributes?: Attributes])[];

const COUNTERS: readonly (readonly [name: string, description: string, figure: Figure])[] = [
  ["lifeguard_cache_hits_total", "Reads answered by the cache", ({ counters }) => [
    [counters.nearHits, { source: "near" }],
    [counters.hits, { source: "store" }],
  ]],
  [
    "lifeguard_cache_misses_total",
    "Reads that found nothing in the cache, or nothing new enough",
    ({ counters }) => [[counters.misses]],
  ],
  [
    "lifeguard_cache_bypassed_total",
    "Reads for which the cache was not asked: it is not trusted, does not answer, or does not cover the table",
    ({ counters }) => [[counters.bypassed]],
  ],
  ["lifeguard_cache_voided_total", "Keys voided after writes", ({ counters }) => [[counters.voided]]],
  [
    "lifeguard_cache_store_errors_total",
    "Calls of the cache's store that failed or took too long",
    ({ counters }) => [[counters.storeErrors]],
  ],
  [
    "lifeguard_cache_fills_total",
    "What became of rows that were to be stored",
    ({ counters }) => Object.entries(counters.fills).map(([outcome, count]) => [count, { outcome }]),
  ],
];

/** The metrics of all caches of one meter. */
class CacheInstruments {
  readonly #caches = new Set<ObservedCache>();

  constructor(meter: Meter) {
    for (const [name, description, figure] of COUNTERS) {
      meter.createObservableCounter(name, { description }).addCallback((result) => {
        for (const { attributes, sum } of this.#sums(figure)) result.observe(sum, attributes);
      });
    }
    meter.createObservableGauge("lifeguard_cache_trusted", {
      description: "1 while reads may be answered from the cache",
    }).addCallback((result) => {
      for (const cache of this.#caches) result.observe(cache.trusted() ? 1 : 0, cache.attributes);
    });
  }

  observe(cache: ObservedCache): void {
    this.#caches.add(cache);
  }

  forget(cache: ObservedCache): void {
    this.#caches.delete(cache);
  }

  /** Two caches of the same attributes add up, where each by itself would overwrite the other. */
  #sums(figure: Figure): Iterable<{ readonly attributes: Attributes; sum: number }> {
    const series = new Map<string, { readonly attributes: Attributes; sum: number }>();
    for (const cache of this.#caches) {
      for (const [value, more] of figure(cache)) {
        const attributes = { ...cache.attributes, ...more };
        const key = JSON.stringify(attributes);
        const known = series.get(key);
        if (known === undefined) series.set(key, { attributes, sum: value });
        else known.sum += value;
      }
    }
    return series.values();
  }
}

const INSTRUMENTS = new WeakMap<Meter, CacheInstruments>();

/** The telemetry of one cache. */
export class CacheTelemetry {
  readonly #options: CacheTelemetryOptions;
  readonly #cache: ObservedCache;
  #meters: MeterProvider | undefined;
  #tracers: TracerProvider | undefined;
  #instruments: CacheInstruments | undefined;
  #tracer: Tracer | undefined;

  /** Nobody is told before the first look. */
  constructor(options: CacheTelemetryOptions, cache: ObservedCache) {
    this.#options = options;
    this.#cache = cache;
  }

  /** Looks who wants to know: an application may set its providers at any time. */
  look(): void {
    const { telemetry = true, tracerProvider, meterProvider } = this.#options;
    const meters = telemetry
      ? (meterProvider as MeterProvider | undefined) ?? globalMeterProvider()
      : undefined;
    const tracers = telemetry
      ? (tracerProvider as TracerProvider | undefined) ?? globalTracerProvider()
      : undefined;
    if (meters !== this.#meters) {
      this.close();
      this.#meters = meters;
      this.#instruments = meters === undefined ? undefined : instrumentsOf(meters.getMeter(SCOPE));
      this.#instruments?.observe(this.#cache);
    }
    if (tracers !== this.#tracers) {
      this.#tracers = tracers;
      this.#tracer = tracers?.getTracer(SCOPE);
    }
  }

  /**
   * Has a span around a call of the store, where spans are made.
   *
   * @param operation What is done, as `"look"`.
   * @param keys How many keys it is about.
   * @param call The call.
   */
  around<Value>(operation: string, keys: number, call: () => Promise<Value>): Promise<Value> {
    if (this.#tracer === undefined) return call();
    const span = this.#tracer.startSpan(`cache ${operation}`, {
      kind: SpanKind.CLIENT,
      attributes: {
        ...this.#cache.attributes,
        "db.operation.name": operation,
        "db.operation.batch.size": keys,
      },
    });
    return call().then((value) => {
      span.end();
      return value;
    }, (error) => {
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).name });
      span.end();
      throw error;
    });
  }

  /** Ends it. */
  close(): void {
    this.#instruments?.forget(this.#cache);
    this.#instruments = undefined;
    this.#meters = undefined;
  }
}

function instrumentsOf(meter: Meter): CacheInstruments {
  let instruments = INSTRUMENTS.get(meter);
  if (instruments === undefined) INSTRUMENTS.set(meter, instruments = new CacheInstruments(meter));
  return instruments;
}
