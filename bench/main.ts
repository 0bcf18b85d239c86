/**
 * Runs us and the peers alternately on a server of its own, prints medians and ratios and keeps them in
 * `bench/results/`: `deno task bench`. bench/README.md says how to read and repeat it.
 *
 * Each subject runs in a process of its own, so that none profits or suffers from another's warm-up or garbage;
 * rounds alternate, so that a disturbance of the machine hits all.
 */
import { type BenchOptions, HELP, parseArguments } from "./arguments.ts";
import { type Database, startDatabase } from "./database.ts";
import { measure, obstacle } from "./measure.ts";
import { type Figure, figureOf, jsonOf, keep, keptFigures } from "./report/figures.ts";
import { printed } from "./report/printed.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import type { Runtime, SubjectEntry } from "./subjects.ts";

/** A subject on a runtime, and what was measured of it. */
interface Entrant {
  readonly subject: SubjectEntry;
  readonly runtime: Runtime;
  /** The values of each metric, one a round. */
  readonly values: Map<string, number[]>;
}

async function main(): Promise<number> {
  if (Deno.args.includes("--help")) {
    console.log(HELP);
    return 0;
  }
  const options = parseArguments(Deno.args);
  await installPeers();
  await using database = await startDatabase();
  const failures: string[] = [];
  for (const scenario of options.scenarios) {
    const entrants = await entrantsOf(scenario, options);
    if (entrants.length === 0) continue;
    console.log(`\n${scenario.title} (${scenario.name}; ${options.rounds} rounds)`);
    await runRounds({ scenario, entrants, database, options, failures });
    const figures = entrants.flatMap((entrant) => figuresOf(scenario, entrant));
    console.log(printed(scenario, figures));
    await keepFigures(figures);
  }
  for (const failure of failures) console.error(`Failed: ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

/** Puts the peers where Deno and Bun find them. */
async function installPeers(): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet"],
    cwd: new URL(".", import.meta.url).pathname,
    stdin: "null",
  }).output();
  if (code !== 0) throw new Error(`Cannot install the peers: ${new TextDecoder().decode(stderr).trim()}`);
}

async function entrantsOf(scenario: Scenario, options: BenchOptions): Promise<Entrant[]> {
  const entrants: Entrant[] = [];
  for (const runtime of options.runtimes) {
    for (const subject of options.subjects) {
      if (!scenario.subjects.includes(subject.name) || !subject.runtimes.includes(runtime)) continue;
      const reason = await obstacle(subject);
      if (reason === undefined) entrants.push({ subject, runtime, values: new Map() });
      else console.log(`not measured: ${subject.title}: ${reason}`);
    }
  }
  return entrants;
}

/** Measures all, one after the other, and that several times; who fails once is not asked again. */
async function runRounds({ scenario, entrants, database, options, failures }: {
  scenario: Scenario;
  entrants: Entrant[];
  database: Database;
  options: BenchOptions;
  failures: string[];
}): Promise<void> {
  for (let round = 0; round < options.rounds; round++) {
    for (const entrant of [...entrants]) {
      const { subject, runtime, values } = entrant;
      try {
        const measured = await measure({ scenario, subject, runtime, database, seconds: options.seconds });
        for (const [metric, value] of Object.entries(measured)) {
          if (!values.has(metric)) values.set(metric, []);
          values.get(metric)!.push(value);
        }
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        failures.push(`${scenario.name}, ${subject.name} on ${runtime}: ${reason}`);
        console.error(`Failed: ${failures.at(-1)}`);
        entrants.splice(entrants.indexOf(entrant), 1);
      }
    }
  }
}

function figuresOf(scenario: Scenario, { subject, runtime, values }: Entrant): Figure[] {
  return scenario.metrics.filter(({ name }) => values.has(name)).map(({ name: metric, unit }) =>
    figureOf({ runtime, scenario: scenario.name, subject: subject.name, metric, unit }, values.get(metric)!)
  );
}

/** Puts new figures in the place of old ones; others stay. */
async function keepFigures(figures: readonly Figure[]): Promise<void> {
  const key = ({ runtime, scenario, subject, metric }: Figure): string =>
    [runtime, scenario, subject, metric].join(" ");
  const all = new Map((await keptFigures()).map((figure) => [key(figure), figure]));
  for (const figure of figures) all.set(key(figure), figure);
  await keep("latest.json", jsonOf([...all.values()]));
}

try {
  Deno.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
