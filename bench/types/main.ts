/**
 * What types cost the compiler, ours and the peers': `deno task bench types`. Each program is checked by a process of
 * its own, alternately; bench/README.md says what is in it.
 */
import { installPeers } from "../install.ts";
import { keep, kept } from "../report/json.ts";
import { formatted, formattedRatio } from "../report/ratios.ts";
import { median } from "../report/statistics.ts";
import { markdownTable, printed } from "../report/table.ts";
import { compile, compilerVersion, type Cost } from "./compiler.ts";
import { emitDeclarations } from "./declarations.ts";
import { drizzle } from "./drizzle.ts";
import { kysely } from "./kysely.ts";
import { lifeguard } from "./lifeguard.ts";
import type { Workload } from "./workload.ts";

const WORKLOADS: readonly Workload[] = [lifeguard, drizzle, kysely];
const COUNTS: readonly number[] = [0, 100, 500];
/** Seconds after which a program is not checked again in later rounds. */
const LONG = 20;
/** Seconds after which the compiler is ended. */
const LIMIT = 900;

/** What `--help` prints. */
const HELP = `deno task bench types [options]

  --rounds N        how often each is checked, in turns (3); what takes over ${LONG} s is checked once
  --models N        only so many models; may be repeated (100 and 500)
  --subject NAME    only this: ${WORKLOADS.map(({ name }) => name).join(", ")}; may be repeated
  --skip NAME-N     leave one out, such as kysely-500; may be repeated
`;

/** What one workload of one size took. */
interface TypeFigure extends Cost {
  readonly subject: string;
  readonly models: number;
  readonly compiler: string;
  readonly date: string;
  /** The seconds of checking of each round. */
  readonly runs: readonly number[];
}

interface TypeOptions {
  readonly rounds: number;
  readonly programs: readonly Program[];
}

interface Program {
  readonly workload: Workload;
  readonly models: number;
  readonly costs: Cost[];
}

/** Measures as the arguments say; resolves with the exit code. */
export async function measureTypes(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(HELP);
    return 0;
  }
  const { rounds, programs } = parse(args);
  await installPeers();
  using declarations = await emitDeclarations();
  const failures: string[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const { workload, models, costs } of programs) {
      if (costs.length < round || costs.some(({ seconds }) => seconds > LONG)) continue;
      try {
        const cost = await compile(workload.source(models), {
          lifeguard: declarations.file,
          limitSeconds: LIMIT,
        });
        costs.push(cost);
        console.log(`${workload.title}, ${models} models: ${cost.checkSeconds.toFixed(2)} s`);
      } catch (error) {
        failures.push(
          `${workload.title}, ${models} models: ${error instanceof Error ? error.message : error}`,
        );
        console.error(`Failed: ${failures.at(-1)}`);
      }
    }
  }
  const compiler = await compilerVersion();
  const measured = programs.filter(({ costs }) => costs.length > 0)
    .map((program) => figureOf(program, compiler));
  const figures = sorted(withNew(await keptTypes(), measured));
  await keep("types.json", `[\n${figures.map((figure) => `  ${JSON.stringify(figure)}`).join(",\n")}\n]\n`);
  await keep("types.md", markdown(figures));
  console.log(`\n${printed(tableOf(figures))}`);
  return failures.length === 0 ? 0 : 1;
}

function parse(args: readonly string[]): TypeOptions {
  let rounds = 3;
  const subjects: string[] = [];
  const counts: number[] = [];
  const skipped: string[] = [];
  const rest = args.flatMap((arg) => arg.split("=", 2));
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const value = rest.shift() ?? "";
    if (arg === "--rounds" && Number(value) >= 1) rounds = Math.ceil(Number(value));
    else if (arg === "--models" && Number(value) >= 1) counts.push(Math.ceil(Number(value)));
    else if (arg === "--subject" && WORKLOADS.some(({ name }) => name === value)) subjects.push(value);
    else if (arg === "--skip") skipped.push(value);
    else throw new Error(`Cannot use "${arg} ${value}"; see deno task bench types --help`);
  }
  const programs = (counts.length === 0 ? COUNTS : [0, ...counts]).flatMap((models) =>
    WORKLOADS.filter(({ name }) => subjects.length === 0 || subjects.includes(name))
      .filter(({ name }) => !skipped.includes(`${name}-${models}`))
      .map((workload) => ({ workload, models, costs: [] }))
  );
  return { rounds, programs };
}

function figureOf({ workload, models, costs }: Program, compiler: string): TypeFigure {
  const of = (key: keyof Cost): number => median(costs.map((cost) => cost[key]));
  return {
    subject: workload.name,
    models,
    compiler,
    date: new Date().toISOString().slice(0, 10),
    instantiations: of("instantiations"),
    types: of("types"),
    checkSeconds: of("checkSeconds"),
    seconds: of("seconds"),
    memory: of("memory"),
    runs: costs.map(({ checkSeconds }) => checkSeconds),
  };
}

async function keptTypes(): Promise<readonly TypeFigure[]> {
  return JSON.parse(await kept("types.json").catch(() => "[]"));
}

/** New figures in the place of old ones; others stay. */
function withNew(kept: readonly TypeFigure[], figures: readonly TypeFigure[]): readonly TypeFigure[] {
  return [
    ...new Map([...kept, ...figures].map((figure) => [`${figure.subject}-${figure.models}`, figure]))
      .values(),
  ];
}

function sorted(figures: readonly TypeFigure[]): readonly TypeFigure[] {
  const place = ({ subject }: TypeFigure): number => WORKLOADS.findIndex(({ name }) => name === subject);
  return figures.toSorted((a, b) => a.models - b.models || place(a) - place(b));
}

/** The header, then a line for each figure, by the number of models. */
function tableOf(figures: readonly TypeFigure[]): readonly (readonly string[])[] {
  const header = [
    "models",
    "client",
    "instantiations",
    "… times ours",
    "types",
    "check, s",
    "… times ours",
    "all, s",
  ];
  const lines = figures.map(({ subject, models, instantiations, types, checkSeconds, seconds, memory }) => {
    const ours = figures.find((figure) => figure.models === models && figure.subject === lifeguard.name);
    const ratio = (value: number, our: number | undefined): string =>
      our === undefined || our === 0 || models === 0 ? "" : formattedRatio(value / our);
    return [
      String(models),
      WORKLOADS.find(({ name }) => name === subject)?.title ?? subject,
      formatted(instantiations),
      ratio(instantiations, ours?.instantiations),
      formatted(types),
      formatted(checkSeconds),
      ratio(checkSeconds, ours?.checkSeconds),
      formatted(seconds),
      formatted(memory),
    ];
  });
  return [[...header, "memory, MB"], ...lines];
}

/** How many times the instantiations at 100 models those at 500 are. */
function growth(figures: readonly TypeFigure[], { name, title }: Workload): string[] {
  const at = (models: number): number | undefined =>
    figures.find((figure) => figure.subject === name && figure.models === models)?.instantiations;
  const [few, many] = [at(100), at(500)];
  return few === undefined || many === undefined ? [] : [`${title} ${formattedRatio(many / few)}`];
}

function markdown(figures: readonly TypeFigure[]): string {
  const compilers = new Set(figures.map(({ compiler }) => `TypeScript ${compiler}`));
  const without = WORKLOADS.flatMap(({ title, without }) =>
    without === undefined ? [] : [`${title}: ${without}`]
  );
  return [
    "# What types cost the compiler",
    "Models of ten columns, each with a foreign key to the one before, and for each a select with a condition, a join, " +
    `an insert and a relational load, checked with \`tsc\` (${
      [...compilers].join(", ")
    }). Figures of 0 models are what ` +
    "a client's own types cost. [README.md](../README.md) says how to repeat it.",
    markdownTable(tableOf(figures)),
    `Instantiations at 500 models are times those at 100: ${
      WORKLOADS.flatMap((workload) => growth(figures, workload)).join(", ")
    }.`,
    ...without.length === 0 ? [] : [`Left out: ${without.join("; ")}.`],
  ].join("\n\n") + "\n";
}
