/**
 * Runs us and the peers alternately on a server of its own, prints medians and ratios and keeps them in
 * `bench/results/`: `deno task bench`. bench/README.md says how to read and repeat it.
 *
 * Each subject runs in a process of its own, so that none profits or suffers from another's warm-up or garbage;
 * rounds alternate, so that a disturbance of the machine hits all.
 */
import { cpus, totalmem } from "node:os";
import { type BenchOptions, HELP, parseArguments } from "./arguments.ts";
import { type Database, startDatabase } from "./database.ts";
import { deno, installPeers } from "./install.ts";
import { measure, obstacle, runtimeVersion } from "./measure.ts";
import { type Figure, figureOf, jsonOf, keep, kept, keptFigures } from "./report/json.ts";
import { type Circumstances, markdown, withCache, withMigrations, withSummary } from "./report/markdown.ts";
import { goalsOf } from "./report/goals.ts";
import { svg } from "./report/svg.ts";
import { printed, tableOf } from "./report/table.ts";
import { SCENARIOS } from "./scenarios.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import type { Runtime, SubjectEntry } from "./subjects.ts";
import { measureTypes } from "./types/main.ts";

/** A subject on a runtime, and what was measured of it. */
interface Entrant {
  readonly subject: SubjectEntry;
  readonly runtime: Runtime;
  /** The values of each metric, one a round. */
  readonly values: Map<string, number[]>;
}

async function main(): Promise<number> {
  if (Deno.args[0] === "types") {
    return await measureTypes(Deno.args.slice(1));
  }
  if (Deno.args.includes("--help")) {
    console.log(HELP);
    return 0;
  }
  const options = parseArguments(Deno.args);
  if (options.readme) await writeReadme();
  if (options.report) await report(await keptFigures());
  if (options.readme || options.report) return 0;
  await installPeers();
  await using database = await startDatabase();
  await keepCircumstances(options.runtimes, database);
  const failures: string[] = [];
  for (const scenario of options.scenarios) {
    const entrants = await entrantsOf(scenario, options);
    if (entrants.length === 0) continue;
    console.log(`\n${scenario.title} (${scenario.name}; ${options.rounds} rounds)`);
    const beside = await startBeside(scenario, database);
    if (beside === undefined) continue;
    await using _ = beside;
    await runRounds({ scenario, entrants, database, options, failures });
    const figures = entrants.flatMap((entrant) => figuresOf(scenario, entrant));
    console.log(printed(tableOf(scenario, figures)));
    for (const goal of goalsOf(scenario, figures)) console.log(goal);
    await report(withNew(await keptFigures(), figures));
  }
  for (const failure of failures) console.error(`Failed: ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

async function entrantsOf(scenario: Scenario, options: BenchOptions): Promise<Entrant[]> {
  const entrants: Entrant[] = [];
  for (const runtime of options.runtimes) {
    for (const subject of options.subjects) {
      if (!scenario.subjects.includes(subject.name) || !subject.runtimes.includes(runtime)) continue;
      const reason = await obstacle(scenario, { subject, runtime });
      if (reason === undefined) entrants.push({ subject, runtime, values: new Map() });
      else console.log(`not measured in ${scenario.name}: ${subject.title} on ${runtime}: ${reason}`);
    }
  }
  return entrants;
}

/** What a scenario needs beside its subjects; nothing, with the reason printed, where that cannot be had. */
async function startBeside(
  { name, beside }: Scenario,
  { url, redisUrl }: Database,
): Promise<AsyncDisposable | undefined> {
  if (beside === undefined) return { async [Symbol.asyncDispose]() {} };
  try {
    return await beside({ url, redisUrl });
  } catch (error) {
    console.log(`not measured: ${name}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
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
    // Each round begins with another one, so that nobody is always first.
    const first = round * 7 % entrants.length;
    for (const entrant of [...entrants.slice(first), ...entrants.slice(0, first)]) {
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

/** New figures in the place of old ones; others stay, but for those that nobody measures any longer. */
function withNew(kept: readonly Figure[], figures: readonly Figure[]): readonly Figure[] {
  const key = ({ runtime, scenario, subject, metric }: Figure): string =>
    [runtime, scenario, subject, metric].join(" ");
  const current = kept.filter(({ scenario, subject }) =>
    SCENARIOS.some(({ name, subjects }) => name === scenario && subjects.includes(subject))
  );
  const all = new Map([...current, ...figures].map((figure) => [key(figure), figure]));
  return [...all.values()];
}

async function report(figures: readonly Figure[]): Promise<void> {
  const circumstances: Circumstances = JSON.parse(await kept("circumstances.json"));
  await keep("latest.json", jsonOf(figures));
  await keep("latest.md", markdown(figures, circumstances));
  await keep("latest.svg", svg(figures, circumstances));
}

async function keepCircumstances(runtimes: readonly Runtime[], { version }: Database): Promise<void> {
  const versions = await Promise.all(runtimes.map(runtimeVersion));
  const { length: cores, 0: core } = cpus();
  const circumstances: Circumstances = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${core?.model.trim() || Deno.build.arch}, ${cores} cores, ${
      Math.round(totalmem() / 2 ** 30)
    } GB`,
    versions: [...versions, `PostgreSQL ${version} (fsync off)`],
    command: ["deno task bench", ...Deno.args].join(" "),
  };
  await keep("circumstances.json", `${JSON.stringify(circumstances, undefined, 2)}\n`);
}

async function writeReadme(): Promise<void> {
  const readme = new URL("../README.md", import.meta.url);
  const text = withSummary(await Deno.readTextFile(readme), await keptFigures());
  await Deno.writeTextFile(readme, text);
  const page = new URL("../docs/performance.md", import.meta.url);
  const reflector = await kept("reflector.md").catch(() => "");
  const migrations = await kept("migrate.md").catch(() => "");
  const written = withCache(await Deno.readTextFile(page), await keptFigures(), reflector);
  await Deno.writeTextFile(page, withMigrations(written, migrations));
  await deno(["fmt", "--quiet", "--config", "../deno.json", "../README.md", "../docs/performance.md"]);
}

try {
  Deno.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
