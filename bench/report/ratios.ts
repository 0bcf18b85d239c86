/** Comparing figures with ours. */
import type { Scenario } from "../scenarios/scenario.ts";
import type { Runtime } from "../subjects.ts";
import type { Figure } from "./figures.ts";

/**
 * How many times as good ours is as a subject on the same runtime, in a scenario's first metric: 2 is twice as
 * fast, or half as long. A native program is compared with ours on Deno.
 */
export function timesOurs(
  scenario: Scenario,
  figures: readonly Figure[],
  { runtime, subject }: { runtime: Runtime; subject: string },
): number | undefined {
  const [{ name: metric, better }] = scenario.metrics;
  const valueOf = (runtime: Runtime, subject: string): number | undefined =>
    figures.find((figure) =>
      figure.scenario === scenario.name && figure.metric === metric && figure.runtime === runtime &&
      figure.subject === subject
    )?.median;
  const ours = valueOf(runtime === "native" ? "deno" : runtime, scenario.ours ?? "lifeguard");
  const theirs = valueOf(runtime, subject);
  if (ours === undefined || theirs === undefined) return undefined;
  return better === "lower" ? theirs / ours : ours / theirs;
}

/** A number for people: `123,456`, `12.3`, `0.45`. */
export function formatted(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}
