/**
 * Finds out who wants to know what a pool does, and has its tiers observed accordingly.
 *
 * States: `off` (no provider was found and no statement is too slow for anybody: tiers have no observer) ↔ `on`. It looks
 * when the pool is first used and then once a second, because an application may set its providers at any time.
 *
 * @module
 */
import type { Attributes, MeterProvider, TracerProvider } from "@opentelemetry/api";
import type { PoolTarget, ResolvedPoolOptions } from "../configuration/pool_options.ts";
import { ATTRIBUTE, POOL_TIER, SYSTEM } from "./attributes.ts";
import { type Instruments, instrumentsOf, type TierGauge } from "./instruments.ts";
import { globalMeterProvider, globalTracerProvider, SCOPE } from "./providers.ts";
import { serverAttributes } from "./server_attributes.ts";
import type { SlowQueryWatch } from "./slow_query.ts";
import { TierObserver } from "./tier_observer.ts";
import { addressOf } from "../wire/session/connect.ts";

/** What a pool says about being observed. */
export interface TelemetrySettings {
  /** Whether spans and metrics may be made at all. */
  readonly telemetry: boolean;
  /** Where spans come from, instead of the provider that the application has set for everything. */
  readonly tracerProvider: TracerProvider | undefined;
  /** Where metrics come from, instead of the provider that the application has set for everything. */
  readonly meterProvider: MeterProvider | undefined;
  /** Whether spans have the statement's text. */
  readonly traceQueryText: boolean;
  /** What is slow, where that is asked for. */
  readonly slow: SlowQueryWatch | undefined;
}

/** A tier that may be observed. */
export interface ObservableTier {
  /** Its name. */
  readonly name: string;
  /** Who observes it; nobody at first. */
  observer: TierObserver | undefined;
  /** Its counts. */
  stats(): ReturnType<TierGauge["stats"]>;
  /** What is known of the replica it is, if it is one. */
  readonly replica?: TierGauge["replica"];
}

/** What a tier is connected to. */
export interface ObservedTarget {
  /** The first of its hosts, as sessions word it; undefined for a database in this process. */
  readonly address: string | undefined;
  /** The database. */
  readonly database: string;
}

/** A tier with what it is connected to. */
interface Observed {
  readonly tier: ObservableTier;
  readonly target: ObservedTarget;
  readonly gauge: TierGauge;
}

/** The telemetry of one pool. */
export class PoolTelemetry {
  readonly #settings: TelemetrySettings;
  readonly #tiers: readonly Observed[];
  #tracerProvider: TracerProvider | undefined;
  #meterProvider: MeterProvider | undefined;
  #instruments: Instruments | undefined;
  #isFirst = true;

  /** Nobody is observed before the first look. */
  constructor(settings: TelemetrySettings, tiers: Iterable<readonly [ObservableTier, ObservedTarget]>) {
    this.#settings = settings;
    this.#tiers = Array.from(tiers, ([tier, target]) => ({
      tier,
      target,
      gauge: {
        attributes: metricAttributes(tier.name, target),
        stats: () => tier.stats(),
        replica: tier.replica,
      },
    }));
  }

  /** Looks who wants to know. */
  look(): void {
    const { telemetry, tracerProvider, meterProvider } = this.#settings;
    const tracers = telemetry ? tracerProvider ?? globalTracerProvider() : undefined;
    const meters = telemetry ? meterProvider ?? globalMeterProvider() : undefined;
    if (!this.#isFirst && tracers === this.#tracerProvider && meters === this.#meterProvider) return;
    this.#isFirst = false;
    this.#tracerProvider = tracers;
    this.#meterProvider = meters;
    this.#forget();
    const tracer = tracers?.getTracer(SCOPE);
    const instruments = meters === undefined ? undefined : instrumentsOf(meters.getMeter(SCOPE));
    this.#instruments = instruments;
    const { slow, traceQueryText } = this.#settings;
    for (const { tier, target, gauge } of this.#tiers) {
      instruments?.observe(gauge);
      const isWanted = tracer !== undefined || instruments !== undefined || slow !== undefined;
      tier.observer = !isWanted ? undefined : new TierObserver({
        tier: tier.name,
        address: target.address,
        tracer,
        instruments,
        slow,
        withText: traceQueryText,
        spanAttributes: spanAttributes(tier.name, target),
        metricAttributes: gauge.attributes,
      });
    }
  }

  /** Ends it; what still runs is observed to its end. */
  close(): void {
    this.#forget();
  }

  #forget(): void {
    for (const { gauge } of this.#tiers) this.#instruments?.forget(gauge);
  }
}

/** The telemetry of a pool's tiers by its settings. */
export function poolTelemetry(
  settings: ResolvedPoolOptions,
  tiers: Iterable<{ readonly tier: ObservableTier; readonly target: PoolTarget }>,
): PoolTelemetry {
  const { slowQueryAfter: after, onSlowQuery, logger } = settings;
  const slow = after === 0 ? undefined : { after, onSlowQuery, logger };
  return new PoolTelemetry(
    { ...settings, slow },
    Array.from(tiers, ({ tier, target: { kind, connect } }) => [tier, {
      address: kind === "server" ? addressOf(connect.hosts[0]) : undefined,
      database: connect.database,
    }]),
  );
}

function spanAttributes(tier: string, { address, database }: ObservedTarget): Attributes {
  return {
    [ATTRIBUTE.system]: SYSTEM,
    [ATTRIBUTE.namespace]: database,
    [ATTRIBUTE.tier]: tier,
    ...(address === undefined ? {} : serverAttributes(address)),
  };
}

function metricAttributes(tier: string, { address, database }: ObservedTarget): Attributes {
  return {
    [POOL_TIER]: tier,
    [ATTRIBUTE.namespace]: database,
    ...(address === undefined ? {} : serverAttributes(address)),
  };
}
