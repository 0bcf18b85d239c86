/** Comparing figures with ours. */
import type { Scenario } from "../scenarios/scenario.ts";
import type { Runtime } from "../subjects.ts";
import type { Figure } from "./json.ts";

/** What is compared with ours. */
export interface Comparison {
  readonly runtime: Runtime;
  readonly subject: string;
  /** The one of ours. Default the scenario's. */
  readonly ours?: string;
  /** The runtime of ours. Default the same; for a native program Deno. */
  readonly oursOn?: Runtime;
}

/**
 * How many times as good ours is as a subject, in a scenario's first metric: 2 is twice as fast, or half as long.
 *
 * @returns Nothing where either was not measured.
 */
export function timesOurs(
  scenario: Scenario,
  figures: readonly Figure[],
  comparison: Comparison,
): number | undefined {
  const { runtime, subject, ours = oursIn(scenario) } = comparison;
  const { oursOn = runtime === "native" ? "deno" : runtime } = comparison;
  const our = mainFigure(scenario, figures, { runtime: oursOn, subject: ours })?.median;
  const their = mainFigure(scenario, figures, { runtime, subject })?.median;
  if (our === undefined || their === undefined) return undefined;
  return scenario.metrics[0].better === "lower" ? their / our : our / their;
}

/** A subject's figure in a scenario's first metric. */
export function mainFigure(
  { name: scenario, metrics: [{ name: metric }] }: Scenario,
  figures: readonly Figure[],
  { runtime, subject }: Pick<Figure, "runtime" | "subject">,
): Figure | undefined {
  return figures.find((figure) =>
    figure.scenario === scenario && figure.metric === metric && figure.runtime === runtime &&
    figure.subject === subject
  );
}

/** The one of our subjects that others are compared with. */
export function oursIn({ ours = "lifeguard" }: Scenario): string {
  return ours;
}

/** A number for people: `123,456`, `12.3`, `0.45`. */
export function formatted(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}

/** A ratio for people: `12 ×`, `2.3 ×`, `0.45 ×`. */
export function formattedRatio(ratio: number): string {
  return `${ratio >= 10 ? Math.round(ratio).toLocaleString("en") : ratio.toFixed(ratio >= 3 ? 1 : 2)} ×`;
}
