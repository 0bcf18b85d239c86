/** The table of ratios: our ways of doing each thing by lines, peers by columns, one table for a runtime. */
import { SCENARIOS } from "../scenarios.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import type { Runtime } from "../subjects.ts";
import type { Figure } from "./json.ts";
import { formatted, formattedRatio, mainFigure, oursIn, timesOurs } from "./ratios.ts";
import { markdownTable } from "./table.ts";

/** A line: what is said of it, the scenario, and which of ours where it is not the scenario's own. */
type Line = readonly [label: string, scenario: string, ours?: string];

const LINES: readonly Line[] = [
  ["primary-key select, 64 callers, 4 connections", "pk-select-64x4"],
  ["… reads that share a Sync", "pk-select-64x4", "lifeguard-shared"],
  ["… ORM `findById()`", "pk-select-64x4", "lifeguard-find-by-id"],
  ["… ORM `find().where()`", "pk-select-64x4", "lifeguard-find-where"],
  ["primary-key select, 256 callers, 16 connections", "pk-select-256x16"],
  ["one caller alone", "one-caller"],
  ["five rows by three conditions, ORM `find().where()…`", "find-where"],
  ["100 artists with albums with tracks, ORM `with()`", "nested-load"],
  ["10,000 rows of eight types, dates as `Date`", "mixed-rows"],
  ["… dates as `Temporal` (ours only)", "mixed-rows", "lifeguard-temporal"],
  ["… ORM `find().all()`", "mixed-rows", "lifeguard-orm"],
  ["quick selects beside slow statements, p99", "mixed-load"],
  ["… slow ones with the same text, p99", "mixed-load-hidden"],
  ["10,000 callers on 300 connections, longest wait", "many-callers"],
  ["insert of one row", "insert-one"],
  ["… ORM `insert()`", "insert-one", "lifeguard-orm"],
  ["insert of 100,000 rows, ORM `insertMany()`", "insert-many"],
  ["… without rows in return", "insert-many", "lifeguard-insert-count"],
  ["COPY 100,000 rows in", "copy-in"],
  ["COPY 100,000 rows out", "copy-out"],
  ["first query of a new connection", "cold-connect-1"],
  ["first success after a server restart", "recovery"],
];

/** A column: its heading and the subjects in it, the best of which counts. */
type Column = readonly [heading: string, subjects: readonly string[], runtime?: Runtime];

const COLUMNS: readonly Column[] = [
  ["Bun.sql", ["bun-sql"]],
  ["postgres.js", ["postgres-js"]],
  ["pg (the better way)", ["pg", "pg-pipeline"]],
  ["Drizzle", ["drizzle"]],
  ["Drizzle, prepared", ["drizzle-prepared"]],
  ["Kysely", ["kysely"]],
  ["TypeORM", ["typeorm"]],
  ["Prisma", ["prisma"]],
  ["pgbench, psql (C)", ["pgbench", "psql"], "native"],
];

/** The tables of all runtimes that were measured, each with its heading. */
export function summary(figures: readonly Figure[]): string {
  const names = { deno: "Deno", bun: "Bun" } as const;
  return (["deno", "bun"] as const).flatMap((runtime) => {
    const table = summaryOf(figures, runtime);
    if (table === undefined) return [];
    return [`On ${names[runtime]}, how many times as good Lifeguard is as`, table];
  }).join("\n\n");
}

function summaryOf(figures: readonly Figure[], runtime: Runtime): string | undefined {
  const lines = LINES.flatMap(([label, name, ours]) => {
    const scenario = SCENARIOS.find((scenario) => scenario.name === name)!;
    const our = mainFigure(scenario, figures, { runtime, subject: ours ?? oursIn(scenario) });
    if (our === undefined) return [];
    const ratios = COLUMNS.map((column) => leastRatio(scenario, figures, { runtime, ours, column }));
    return [{ label, our, ratios }];
  });
  if (lines.length === 0) return undefined;
  // A column that nothing is in, such as that of another runtime's client, is left out.
  const shown = COLUMNS.map((_, index) => lines.some(({ ratios }) => ratios[index] !== undefined));
  return markdownTable([
    ["", "Lifeguard", ...COLUMNS.filter((_, index) => shown[index]).map(([heading]) => heading)],
    ...lines.map(({ label, our, ratios }) => [
      label,
      `${formatted(our.median)} ${our.unit}`,
      ...ratios.filter((_, index) => shown[index])
        .map((ratio) => ratio === undefined ? "" : formattedRatio(ratio)),
    ]),
  ], 1);
}

function leastRatio(
  scenario: Scenario,
  figures: readonly Figure[],
  { runtime, ours, column: [, subjects, theirRuntime = runtime] }: {
    runtime: Runtime;
    ours: string | undefined;
    column: Column;
  },
): number | undefined {
  const ratios = subjects.map((subject) =>
    timesOurs(scenario, figures, { runtime: theirRuntime, subject, ours, oursOn: runtime })
  ).filter((ratio) => ratio !== undefined);
  return ratios.length === 0 ? undefined : Math.min(...ratios);
}
