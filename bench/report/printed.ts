/** Figures of one scenario as lines of text, for the terminal. */
import { subjectNamed, SUBJECTS } from "../subjects.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import type { Figure } from "./figures.ts";
import { formatted, timesOurs } from "./ratios.ts";

/** A table: subjects by lines, metrics by columns, and how many times faster or slower ours is. */
export function printed(scenario: Scenario, figures: readonly Figure[]): string {
  const lines: string[][] = [[
    "",
    "",
    ...scenario.metrics.map(({ name, unit }) => `${name}, ${unit}`),
    "ours",
  ]];
  for (const runtime of new Set(figures.map(({ runtime }) => runtime))) {
    for (const { name } of SUBJECTS) {
      const own = figures.filter((figure) => figure.runtime === runtime && figure.subject === name);
      if (own.length === 0) continue;
      const values = scenario.metrics.map(({ name }) => own.find(({ metric }) => metric === name)?.median);
      const ratio = timesOurs(scenario, figures, { runtime, subject: name });
      lines.push([
        runtime,
        subjectNamed(name).title,
        ...values.map((value) => value === undefined ? "" : formatted(value)),
        ratio === undefined ? "" : `${ratio.toFixed(2)} ×`,
      ]);
    }
  }
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) =>
    line.map((cell, column) => column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))
      .join("  ").trimEnd()
  ).join("\n");
}
