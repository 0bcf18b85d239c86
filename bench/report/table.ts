/** Figures of one scenario as lines of cells: subjects by lines, metrics by columns, and how they compare with ours. */
import type { Scenario } from "../scenarios/scenario.ts";
import { RUNTIMES, SUBJECTS } from "../subjects.ts";
import type { Figure } from "./json.ts";
import { formatted, formattedRatio, timesOurs } from "./ratios.ts";

/** The columns that hold text; the others hold numbers. */
export const TEXT_COLUMNS = 2;

/** The header, then a line for each subject that was measured, by runtimes. */
export function tableOf(scenario: Scenario, figures: readonly Figure[]): readonly (readonly string[])[] {
  const own = figures.filter((figure) => figure.scenario === scenario.name);
  const header = [
    "on",
    "client",
    ...scenario.metrics.map(({ name, unit }) => `${name}, ${unit}`),
    "ours is better by",
  ];
  const lines = RUNTIMES.flatMap((runtime) =>
    SUBJECTS.flatMap(({ name: subject, title }) => {
      const values = scenario.metrics.map(({ name }) =>
        own.find((figure) =>
          figure.runtime === runtime && figure.subject === subject && figure.metric === name
        )?.median
      );
      if (values.every((value) => value === undefined)) return [];
      const ratio = timesOurs(scenario, own, { runtime, subject });
      return [[
        runtime,
        title,
        ...values.map((value) => value === undefined ? "" : formatted(value)),
        ratio === undefined ? "" : formattedRatio(ratio),
      ]];
    })
  );
  return [header, ...lines];
}

/** Lines of cells as lines of text, for the terminal. */
export function printed(table: readonly (readonly string[])[]): string {
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)));
  return table.map((line) =>
    line.map((cell, column) =>
      column < TEXT_COLUMNS ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
    ).join("  ").trimEnd()
  ).join("\n");
}

/** Lines of cells as a Markdown table. */
export function markdownTable(
  [header, ...lines]: readonly (readonly string[])[],
  textColumns: number = TEXT_COLUMNS,
): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = header.map((_, column) => column < textColumns ? "---" : "--:");
  return [header, rule, ...lines].map(row).join("\n");
}
