/** The figures as a plot: a panel of horizontal bars for each scenario, Deno on the left and Bun on the right. */
import { SCENARIOS } from "../scenarios.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { type Runtime, type SubjectEntry, SUBJECTS } from "../subjects.ts";
import type { Figure } from "./json.ts";
import type { Circumstances } from "./markdown.ts";
import { formatted, mainFigure, oursIn } from "./ratios.ts";

/** The scenarios shown; the others say the same. */
const SHOWN: readonly string[] = [
  ...[
    "pk-select-64x4",
    "one-caller",
    "find-where",
    "nested-load",
    "mixed-rows",
    "mixed-load",
    "mixed-load-hidden",
    "many-callers",
  ],
  ...["insert-one", "insert-many", "copy-in", "copy-out", "cold-connect-1", "recovery"],
];

/** Lengths, in pixels. */
const MARGIN = 24;
const LABELS = 190;
const BARS = 270;
const VALUES = 76;
const GAP = 20;
const LINE = 19;
const BAR = 12;
const HEAD = 132;
const PANEL_HEAD = 44;
const PANEL_FOOT = 22;
const WIDTH = MARGIN * 2 + LABELS + 2 * (BARS + VALUES) + GAP;

const STYLE = `
  .page { fill: #ffffff } .rule { stroke: #d8dee4 }
  text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
  .title { font-size: 20px; font-weight: 600 } .panel { font-size: 13.5px; font-weight: 600 }
  .quiet { fill: #59636e } .number { font-variant-numeric: tabular-nums } .mine { font-weight: 600 }
  .ours { fill: #0b62d6 } .variant { fill: #6aa5f2 } .peer { fill: #a3acb6 } .native { fill: none; stroke: #7d8792 }
  .track { stroke: #d8dee4 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .rule, .track { stroke: #30363d } text { fill: #e6edf3 } .quiet { fill: #9198a1 }
    .ours { fill: #4c9aff } .variant { fill: #2a62b0 } .peer { fill: #636c76 } .native { stroke: #9198a1 }
  }`;

/** One line of a panel: a subject with its value on each runtime. */
interface Line {
  readonly subject: SubjectEntry;
  readonly values: Readonly<Record<"deno" | "bun", number | undefined>>;
}

/** `latest.svg`. */
export function svg(figures: readonly Figure[], circumstances: Circumstances): string {
  const body: string[] = [];
  let top = HEAD;
  for (const name of SHOWN) {
    const scenario = SCENARIOS.find((scenario) => scenario.name === name)!;
    const lines = linesOf(scenario, figures);
    if (lines.length === 0) continue;
    body.push(panel(scenario, lines, top));
    top += PANEL_HEAD + lines.length * LINE + PANEL_FOOT;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}" role="img">
<title>Lifeguard beside its peers</title>
<style>${STYLE}
</style>
<rect class="page" width="${WIDTH}" height="${top}" rx="8"/>
${head(circumstances)}
${body.join("\n")}
</svg>
`;
}

function head({ date, machine, versions }: Circumstances): string {
  const legend = [["ours", "Lifeguard"], ["variant", "other ways of using it"], ["peer", "peers"], [
    "native",
    "C programs of PostgreSQL",
  ]];
  let left = MARGIN;
  const entries = legend.map(([kind, label]) => {
    const entry =
      `<rect class="${kind}" x="${left + 0.5}" y="${HEAD - 47.5}" width="12" height="${BAR}" rx="2"/>` +
      text(label, { x: left + 19, y: HEAD - 37, kind: "quiet" });
    left += 44 + label.length * 6.4;
    return entry;
  });
  return [
    text("Lifeguard beside its peers", { x: MARGIN, y: 40, kind: "title" }),
    text(`${date}, ${machine}`, { x: WIDTH - MARGIN, y: 36, kind: "quiet", anchor: "end" }),
    text(versions.join(", "), { x: WIDTH - MARGIN, y: 54, kind: "quiet", anchor: "end" }),
    ...entries,
    text("Deno", { x: columnOf("deno"), y: HEAD - 8, kind: "panel" }),
    text("Bun", { x: columnOf("bun"), y: HEAD - 8, kind: "panel" }),
  ].join("\n");
}

function panel(scenario: Scenario, lines: readonly Line[], top: number): string {
  const [{ name, unit, better }] = scenario.metrics;
  const most = Math.max(...lines.flatMap(({ values }) => [values.deno ?? 0, values.bun ?? 0]));
  const what = name === "rate" ? unit : `${name}, ${unit}`;
  const parts = [
    `<line class="rule" x1="${MARGIN}" x2="${WIDTH - MARGIN}" y1="${top + 0.5}" y2="${top + 0.5}"/>`,
    text(scenario.title, { x: MARGIN, y: top + 24, kind: "panel" }),
    text(`${what}, ${better === "higher" ? "more" : "less"} is better`, {
      x: WIDTH - MARGIN,
      y: top + 24,
      kind: "quiet",
      anchor: "end",
    }),
  ];
  lines.forEach((line, index) =>
    parts.push(row(scenario, line, { top: top + PANEL_HEAD + index * LINE, most }))
  );
  return parts.join("\n");
}

function row(
  scenario: Scenario,
  { subject, values }: Line,
  { top, most }: { top: number; most: number },
): string {
  const kind = kindOf(scenario, subject);
  const weight = kind === "ours" ? "mine" : "";
  const baseline = top + BAR - 1.5;
  const parts = [text(subject.title, { x: MARGIN, y: baseline, kind: weight })];
  for (const runtime of ["deno", "bun"] as const) {
    const value = values[runtime];
    const left = columnOf(runtime);
    parts.push(`<line class="track" x1="${left}" x2="${left}" y1="${top - 3}" y2="${top + LINE - 3}"/>`);
    if (value === undefined) continue;
    const width = Math.max(2, value / most * BARS);
    parts.push(
      `<rect class="${kind}" x="${left + 0.5}" y="${top + 0.5}" width="${
        width.toFixed(1)
      }" height="${BAR}" rx="2"/>`,
      text(formatted(value), { x: left + width + 7, y: baseline, kind: `number ${weight || "quiet"}` }),
    );
  }
  return parts.join("");
}

function linesOf(scenario: Scenario, figures: readonly Figure[]): Line[] {
  return SUBJECTS.flatMap((subject) => {
    const isNative = subject.runtimes.includes("native");
    const valueOn = (runtime: Runtime): number | undefined =>
      mainFigure(scenario, figures, { runtime: isNative ? "native" : runtime, subject: subject.name })
        ?.median;
    const values = { deno: valueOn("deno"), bun: valueOn("bun") };
    return values.deno === undefined && values.bun === undefined ? [] : [{ subject, values }];
  });
}

function kindOf(scenario: Scenario, { name, runtimes }: SubjectEntry): string {
  if (runtimes.includes("native")) return "native";
  if (name === oursIn(scenario)) return "ours";
  return name.startsWith("lifeguard") ? "variant" : "peer";
}

function columnOf(runtime: "deno" | "bun"): number {
  return MARGIN + LABELS + (runtime === "deno" ? 0 : BARS + VALUES + GAP);
}

function text(
  content: string,
  { x, y, kind, anchor }: { x: number; y: number; kind: string; anchor?: "end" },
): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const at = `x="${x.toFixed(1)}" y="${y}"`;
  return `<text ${at} class="${kind.trim()}"${
    anchor === undefined ? "" : ` text-anchor="${anchor}"`
  }>${escaped}</text>`;
}
