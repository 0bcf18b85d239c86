/**
 * Metrics of OpenTelemetry as the text that Prometheus scrapes, made when it is asked for.
 *
 * @module
 */
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { AggregationTemporality, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";

/** What the text is, for an HTTP header. */
export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A provider of metrics, and what it knows. */
export interface Prometheus extends AsyncDisposable {
  /** Where instruments come from. */
  readonly provider: MeterProvider;
  /** Reads every instrument. */
  text(): Promise<string>;
}

class AskedReader extends MetricReader {
  constructor() {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** How long reading the instruments may take, in milliseconds. */
const COLLECT_TIMEOUT = 2000;

/** Makes a provider whose metrics are read as Prometheus's text. */
export function prometheus(): Prometheus {
  const reader = new AskedReader();
  const provider = new MeterProvider({ readers: [reader] });
  // Neither what the SDK says of itself nor the names of libraries: one daemon, one set of names.
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  return {
    provider,
    async text() {
      const { resourceMetrics } = await reader.collect({ timeoutMillis: COLLECT_TIMEOUT });
      return serializer.serialize(resourceMetrics);
    },
    [Symbol.asyncDispose]: () => provider.shutdown(),
  };
}
