/**
 * Whether the application has set providers of OpenTelemetry. The library makes none: where the application has not,
 * nothing is made and nothing is paid.
 *
 * @module
 */
import {
  createNoopMeter,
  type MeterProvider,
  metrics,
  trace,
  type Tracer,
  type TracerProvider,
} from "@opentelemetry/api";

/** What we are called among an application's instrumentations. */
export const SCOPE = "@lifeguard/core";

/** Where spans come from: a `TracerProvider` of OpenTelemetry, whatever SDK it is from. */
export interface TracerSource {
  /** Makes a `Tracer` of OpenTelemetry. */
  getTracer(name: string): object;
}

/** Where metrics come from: a `MeterProvider` of OpenTelemetry, whatever SDK it is from. */
export interface MeterSource {
  /** Makes a `Meter` of OpenTelemetry. */
  getMeter(name: string): object;
}

/** What the API hands out before and after a provider was set: one that passes everything on to it. */
interface Proxy extends TracerProvider {
  getDelegate?(): TracerProvider;
  getDelegateTracer?(name: string): Tracer | undefined;
}

/** The provider of spans that the application has set, if it has. */
export function globalTracerProvider(): TracerProvider | undefined {
  const provider: Proxy = trace.getTracerProvider();
  // A runtime's own provider (Deno's, with OTEL_DENO=true) stands there without a proxy.
  if (provider.getDelegateTracer === undefined) return provider;
  return provider.getDelegateTracer(SCOPE) === undefined ? undefined : provider.getDelegate?.() ?? provider;
}

/** The provider of metrics that the application has set, if it has. */
export function globalMeterProvider(): MeterProvider | undefined {
  const provider = metrics.getMeterProvider();
  return provider.getMeter(SCOPE) === createNoopMeter() ? undefined : provider;
}
