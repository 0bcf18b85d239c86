/** The figures of migrations as JSON, for the terminal, and as Markdown. */
import { formatted, formattedRatio } from "../report/ratios.ts";
import { markdownTable } from "../report/table.ts";
import { type Counts, type MigrateTask, SUBJECTS, TASKS } from "./tasks.ts";

/** What one subject took for one task. */
export interface MigrateFigure {
  readonly task: string;
  readonly subject: string;
  readonly unit: string;
  readonly median: number;
  /** The value of each round. */
  readonly runs: readonly number[];
}

/** What is kept of a run. */
export interface MigrateResults extends Counts {
  readonly command: string;
  readonly date: string;
  readonly machine: string;
  readonly versions: readonly string[];
  readonly rounds: number;
  readonly figures: readonly MigrateFigure[];
}

/** The results as JSON, a figure in a line. */
export function jsonOf({ figures, ...rest }: MigrateResults): string {
  const lines = figures.map((figure) => `    ${JSON.stringify(figure)}`);
  return `${JSON.stringify(rest, undefined, 2).slice(0, -2)},\n  "figures": [\n${
    lines.join(",\n")
  }\n  ]\n}\n`;
}

/** A task's lines for the terminal. */
export function printed(task: MigrateTask, figures: readonly MigrateFigure[], counts: Counts): string {
  const lines = linesOf(task, figures, counts).map(([, ...cells]) => `  ${cells.join("  ").trimEnd()}`);
  return [`\n${task.title(counts)} (${task.name}), ms`, ...lines].join("\n");
}

/** `migrate.md`. */
export function reportOf(results: MigrateResults): string {
  const { command, date, machine, versions, rounds, figures } = results;
  const lines = TASKS.flatMap((task) =>
    linesOf(task, figures.filter((figure) => figure.task === task.name), results)
  );
  const header = ["what", "by", "ms", "wanted", "ours is better by"];
  return [
    "# Migrations in figures",
    `\`${command}\` on ${date}: ${
      versions.join(", ")
    }; ${machine}. Medians of ${rounds} rounds, of which what takes over half a minute has one; ` +
    "[README.md](../README.md) says what is measured and how to repeat it.",
    markdownTable([header, ...lines]),
  ].join("\n\n") + "\n";
}

/** A line for each subject: what, by whom, how long, how long it may take, how many times as long as ours. */
function linesOf(task: MigrateTask, figures: readonly MigrateFigure[], counts: Counts): readonly string[][] {
  const ours = figures.find(({ subject }) => subject === SUBJECTS[0].name)?.median;
  return SUBJECTS.flatMap(({ name, title }) => {
    const figure = figures.find(({ subject }) => subject === name);
    if (figure === undefined) return [];
    const isOurs = name === SUBJECTS[0].name;
    const goal = task.goal === undefined || !isOurs ? "" : `below ${formatted(task.goal)}`;
    const ratio = isOurs || ours === undefined ? "" : formattedRatio(figure.median / ours);
    return [[task.title(counts), title, formatted(figure.median), goal, ratio]];
  });
}
