/**
 * The metrics of `lifeguard-reflector` as a table for people.
 *
 * @module
 */
import { PROCESS_GAUGES } from "./process_metrics.ts";
import { COUNTER_METRICS, GAUGE_METRICS, LATENCY_METRICS } from "./reflector_metrics.ts";

/**
 * Writes the Markdown table of the reflector's metrics, as it stands in `docs/observability.md`.
 *
 * @returns The table, one row a metric.
 */
export function metricsTable(): string {
  const rows = [
    ...COUNTER_METRICS.map(({ name, description }) => [name, "counter", description]),
    ...Object.values(LATENCY_METRICS).map(({ name, description }) => [name, "histogram (s)", description]),
    ...[...GAUGE_METRICS, ...PROCESS_GAUGES].map(({ name, description }) => [name, "gauge", description]),
    ["process_cpu_seconds_total", "counter", "Processor time, of user and system"],
  ];
  const lines = rows.map(([name, kind, description]) => `| \`${name}\` | ${kind} | ${description} |`);
  return ["| metric | kind | what it holds |", "| --- | --- | --- |", ...lines].join("\n");
}
