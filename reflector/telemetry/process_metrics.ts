/**
 * What the reflector's process uses, by the names that every client of Prometheus uses.
 *
 * @module
 */
import process from "node:process";
import type { MeterProvider } from "@opentelemetry/api";

interface ProcessMetric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly value: () => number;
}

const started = Date.now() / 1000 - performance.now() / 1000;

/** The gauges of a process. */
export const PROCESS_GAUGES: readonly ProcessMetric[] = [
  {
    name: "process_resident_memory_bytes",
    unit: "By",
    description: "Resident memory",
    value: () => process.memoryUsage().rss,
  },
  {
    name: "process_start_time_seconds",
    unit: "s",
    description: "When the process started, since 1970",
    value: () => started,
  },
];

/** Makes the instruments of this process. */
export function processMetrics(provider: MeterProvider): void {
  const meter = provider.getMeter("@lifeguard/core/process");
  for (const { name, unit, description, value } of PROCESS_GAUGES) {
    meter.createObservableGauge(name, { unit, description }).addCallback((result) => result.observe(value()));
  }
  meter.createObservableCounter("process_cpu_seconds_total", {
    unit: "s",
    description: "Processor time, of user and system",
  }).addCallback((result) => {
    const { user, system } = process.cpuUsage();
    result.observe((user + system) / 1_000_000);
  });
}
