/** The figures of a run, and the file that keeps them. */
import type { Runtime } from "../subjects.ts";
import { median } from "./statistics.ts";

/** One figure: what one subject reached in one metric of one scenario, on one runtime. */
export interface Figure {
  readonly runtime: Runtime;
  readonly scenario: string;
  readonly subject: string;
  readonly metric: string;
  readonly unit: string;
  readonly median: number;
  /** The value of each round. */
  readonly runs: readonly number[];
}

const RESULTS = new URL("../results/", import.meta.url);

/** A figure of values; small ones keep decimals. */
export function figureOf(what: Omit<Figure, "median" | "runs">, values: readonly number[]): Figure {
  if (!values.every(Number.isFinite)) {
    throw new Error(
      `Cannot keep ${what.metric} of ${what.subject}: one of ${values.join(", ")} is no number`,
    );
  }
  return { ...what, median: rounded(median(values)), runs: values.map(rounded) };
}

function rounded(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
}

/** The figures kept from earlier runs; none at first. */
export async function keptFigures(): Promise<readonly Figure[]> {
  return JSON.parse(await kept("latest.json").catch(() => "[]"));
}

/** A file of the results. */
export async function kept(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(name, RESULTS));
}

/** Keeps a file of the results. */
export async function keep(name: string, text: string): Promise<void> {
  await Deno.mkdir(RESULTS, { recursive: true });
  await Deno.writeTextFile(new URL(name, RESULTS), text);
}

/** The figures as JSON, one a line. */
export function jsonOf(figures: readonly Figure[]): string {
  return `[\n${figures.map((figure) => `  ${JSON.stringify(figure)}`).join(",\n")}\n]\n`;
}
