/** A real SDK of OpenTelemetry that keeps what it was given, for the tests of spans and metrics. */
import assert from "node:assert/strict";
import type { Attributes, Context, Span } from "@opentelemetry/api";
import { AggregationTemporality, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import type { Grant } from "../../harness.ts";
import { BasicTracerProvider, type ReadableSpan, type SpanProcessor } from "@opentelemetry/sdk-trace-base";

/** What the SDK needs: it reads variables. The pool does not need it for being observed. */
export const SDK: { readonly allow: readonly Grant[] } = { allow: ["env"] };

/** Keeps spans; the SDK's own keeper leaves a timer behind for each, which is a leak to a test. */
class Keeper implements SpanProcessor {
  readonly open = new Set<unknown>();
  readonly ended: ReadableSpan[] = [];

  onStart(span: Span, _parent: Context): void {
    this.open.add(span);
  }

  onEnd(span: ReadableSpan): void {
    this.open.delete(span);
    this.ended.push(span);
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** Spans that are kept. */
export interface RecordedSpans {
  /** The provider. */
  readonly tracerProvider: BasicTracerProvider;
  /** Those that have ended, in that order. */
  readonly spans: () => ReadableSpan[];
  /** How many have begun and not ended. */
  readonly open: () => number;
  /** The only one with a name; fails when there is none, or several. */
  readonly span: (name: string) => ReadableSpan;
  /** Forgets those that have ended. */
  readonly reset: () => void;
}

/** A provider of spans that keeps them. */
export function recordSpans(): RecordedSpans {
  const keeper = new Keeper();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [keeper] });
  const spans = () => [...keeper.ended];
  return {
    tracerProvider,
    spans,
    open: () => keeper.open.size,
    span: (name) => {
      const found = spans().filter((span) => span.name === name);
      assert.equal(found.length, 1, `"${name}" among ${spans().map((span) => span.name).join(", ")}`);
      return found[0];
    },
    reset: () => void keeper.ended.splice(0),
  };
}

/** The names of spans as a tree: each child behind its parent, in the order in which they began. */
export function spanTree(spans: readonly ReadableSpan[]): string[] {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const at = ({ startTime: [seconds, nanoseconds] }: ReadableSpan) => seconds * 1e9 + nanoseconds;
  const below = (parent: string | undefined, indent: string): string[] =>
    spans
      .filter(({ parentSpanContext }) =>
        parent === undefined
          ? parentSpanContext === undefined || !ids.has(parentSpanContext.spanId)
          : parentSpanContext?.spanId === parent
      )
      .sort((a, b) => at(a) - at(b))
      .flatMap((span) => [`${indent}${span.name}`, ...below(span.spanContext().spanId, `${indent}  `)]);
  return below(undefined, "");
}

/** A series of a metric. */
export interface Series {
  readonly attributes: Attributes;
  /** A number, or for a histogram how many were recorded and their sum. */
  readonly value: unknown;
}

/** Metrics that are kept. */
export interface RecordedMetrics {
  /** The provider. */
  readonly meterProvider: MeterProvider;
  /** Every series now, by the name of its metric. */
  readonly collect: () => Promise<Map<string, readonly Series[]>>;
}

class CollectingReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }

  override selectAggregationTemporality(): AggregationTemporality {
    return AggregationTemporality.CUMULATIVE;
  }
}

/** A provider of metrics that can be asked. */
export function recordMetrics(): RecordedMetrics {
  const reader = new CollectingReader();
  return {
    meterProvider: new MeterProvider({ readers: [reader] }),
    collect: async () => {
      const { resourceMetrics, errors } = await reader.collect();
      assert.deepEqual(errors, []);
      return new Map(
        resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
          metrics.map(({ descriptor, dataPoints }) =>
            [
              descriptor.name,
              dataPoints.map(({ attributes, value }) => ({ attributes, value })),
            ] as const
          )
        ),
      );
    },
  };
}
