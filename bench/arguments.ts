/** The command line of `deno task bench`. */
import { type Runtime, RUNTIMES, type SubjectEntry, subjectNamed, SUBJECTS } from "./subjects.ts";
import { SCENARIOS, scenariosNamed } from "./scenarios.ts";
import type { Scenario } from "./scenarios/scenario.ts";

/** What to measure. */
export interface BenchOptions {
  readonly scenarios: readonly Scenario[];
  readonly subjects: readonly SubjectEntry[];
  readonly runtimes: readonly Runtime[];
  readonly rounds: number;
  readonly seconds: number;
  /** Whether to write the table of the README from the figures kept, and measure nothing. */
  readonly readme: boolean;
  /** Whether to write the Markdown and the plot from the figures kept, and measure nothing. */
  readonly report: boolean;
}

/** What `--help` prints. */
export const HELP: string = `deno task bench [SCENARIO…] [options]
deno task bench types --help      what types cost the compiler

  --rounds N        how often each is measured, in turns (3; with a scenario 5)
  --seconds S       how long each is measured each time (0.8; with a scenario 2)
  --runtime NAME    only on deno, bun or native; may be repeated
  --subject NAME    only this subject; may be repeated
  --report          write latest.md and latest.svg anew from latest.json, without measuring
  --readme          write the README's table anew from latest.json, without measuring

scenarios: ${SCENARIOS.map(({ name }) => name).join(", ")}
           (the beginning of names is enough: pk-select is four)
subjects:  ${SUBJECTS.map(({ name }) => name).join(", ")}
`;

/** Reads the command line; throws with advice what it does not understand. */
export function parseArguments(args: readonly string[]): BenchOptions {
  const scenarios: Scenario[] = [];
  const subjects: SubjectEntry[] = [];
  const runtimes: Runtime[] = [];
  const numbers: { rounds?: number; seconds?: number } = {};
  const flags = { readme: false, report: false };
  const rest = args.flatMap((arg) => arg.startsWith("--") ? arg.split("=", 2) : [arg]);
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--") continue;
    else if (arg === "--readme") flags.readme = true;
    else if (arg === "--report") flags.report = true;
    else if (arg === "--rounds") numbers.rounds = positive(arg, rest.shift());
    else if (arg === "--seconds") numbers.seconds = positive(arg, rest.shift());
    else if (arg === "--runtime") runtimes.push(runtimeNamed(rest.shift()));
    else if (arg === "--subject") subjects.push(subjectNamed(rest.shift() ?? ""));
    else if (arg.startsWith("-")) throw new Error(`Unknown option "${arg}"; see deno task bench --help`);
    else scenarios.push(...scenariosNamed(arg));
  }
  const isAll = scenarios.length === 0;
  return {
    scenarios: isAll ? SCENARIOS : scenarios,
    subjects: subjects.length === 0 ? SUBJECTS : subjects,
    runtimes: runtimes.length === 0 ? RUNTIMES : runtimes,
    rounds: Math.ceil(numbers.rounds ?? (isAll ? 3 : 5)),
    seconds: numbers.seconds ?? (isAll ? 0.8 : 2),
    ...flags,
  };
}

function positive(name: string, text: string | undefined): number {
  const number = Number(text);
  if (number > 0 && number < 1_000) return number;
  throw new Error(`Cannot use ${name} "${text}"; give a number above 0 and below 1000`);
}

function runtimeNamed(name: string | undefined): Runtime {
  const runtime = RUNTIMES.find((runtime) => runtime === name);
  if (runtime !== undefined) return runtime;
  throw new Error(`Cannot measure on "${name}"; name one of ${RUNTIMES.join(", ")}`);
}
