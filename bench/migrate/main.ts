/**
 * What migrations take, ours and the peers', in turns: `deno task bench:migrate`. bench/README.md says how to read and
 * repeat it.
 *
 *     deno task bench:migrate [--rounds N] [--tables N] [--migrations N] [--only TASK]… [--report]
 */
import { cpus, totalmem } from "node:os";
import { Pool, sql } from "../../mod.ts";
import type { ServicesDescription } from "../../tests/services/description.ts";
import { startServices } from "../../tests/services/running_services.ts";
import { installPeers } from "../install.ts";
import { keep, kept } from "../report/json.ts";
import { median } from "../report/statistics.ts";
import { type Folders, migrationFolders } from "./folders.ts";
import { FIGURE, type Measurement } from "./measurement.ts";
import { pull } from "./pull.ts";
import { jsonOf, type MigrateFigure, type MigrateResults, printed, reportOf } from "./report.ts";
import { missingSql, schemaSql } from "./schema.ts";
import { type Counts, type MigrateSubject, type MigrateTask, SUBJECTS, TASKS } from "./tasks.ts";

const HELP = `deno task bench:migrate [options]

  --rounds N        how often each is measured, in turns (5)
  --tables N        of how many tables (1000)
  --migrations N    how many tiny migrations (100)
  --only TASK       may be repeated: ${TASKS.map(({ name }) => name).join(", ")}
  --report          write migrate.md anew from migrate.json, without measuring
`;
/** Milliseconds for one process. */
const DEADLINE = 600_000;
/** Milliseconds after which a subject is not asked again in later rounds. */
const LONG = 30_000;

interface Options extends Counts {
  readonly rounds: number;
  readonly tasks: readonly MigrateTask[];
}

/** The server, and two databases that differ by a few columns. */
interface Databases {
  readonly full: string;
  readonly lacking: string;
  /** Makes an empty database for one measurement, and drops it. */
  withEmpty<Value>(use: (url: string) => Promise<Value>): Promise<Value>;
}

function parse(args: readonly string[]): Options {
  const numbers = new Map([["--rounds", 5], ["--tables", 1_000], ["--migrations", 100]]);
  const tasks: MigrateTask[] = [];
  const rest = args.flatMap((arg) => arg.startsWith("--") ? arg.split("=", 2) : [arg]);
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const value = rest.shift();
    if (name === "--only") {
      const task = TASKS.find((task) => task.name === value);
      if (task === undefined) {
        throw new Error(
          `Cannot measure "${value}"; name some of ${TASKS.map(({ name }) => name).join(", ")}`,
        );
      }
      tasks.push(task);
    } else if (!numbers.has(name)) {
      throw new Error(`Cannot use "${name}"; see deno task bench:migrate --help`);
    } else if (!(Number(value) >= 1 && Number.isInteger(Number(value)))) {
      throw new Error(`Cannot use ${name} "${value}"; give a whole number from 1 on`);
    } else numbers.set(name, Number(value));
  }
  const tables = numbers.get("--tables")!;
  // The ten columns that a comparison finds are of every second table.
  if (tables < 20) throw new Error(`Cannot use --tables "${tables}"; give 20 or more`);
  return {
    ...{ rounds: numbers.get("--rounds")!, tables, migrations: numbers.get("--migrations")! },
    tasks: tasks.length === 0 ? TASKS : tasks,
  };
}

async function makeDatabases(server: string, tables: number): Promise<Databases> {
  const urlOf = (name: string): string => {
    const url = new URL(server);
    url.pathname = `/${name}`;
    return url.href;
  };
  const onServer = async (text: string): Promise<void> => {
    await using pool = new Pool({ url: server, max: 1 });
    await pool.execute(sql.unsafe(text));
  };
  const make = async (name: string, statements: readonly string[]): Promise<string> => {
    await onServer(`create database ${name}`);
    await using pool = new Pool({ url: urlOf(name), max: 1 });
    for (const text of statements) await pool.execute(sql.unsafe(text));
    await pool.execute(sql`analyze`);
    return urlOf(name);
  };
  const full = await make("bench_full", schemaSql(tables));
  const lacking = await make("bench_lacking", [...schemaSql(tables), ...missingSql()]);
  let count = 0;
  return {
    ...{ full, lacking },
    async withEmpty(use) {
      const name = `bench_empty_${++count}`;
      const url = await make(name, []);
      try {
        return await use(url);
      } finally {
        await onServer(`drop database ${name} with (force)`);
      }
    },
  };
}

/** Runs a subject's process once; the milliseconds that it took. */
async function once(task: MigrateTask, { subject, databases, folders, counts }: {
  readonly subject: MigrateSubject;
  readonly databases: Databases;
  readonly folders: Folders;
  readonly counts: Counts;
}): Promise<number> {
  if (task.name === "pull") return await pull(subject.name, databases.full, counts.tables);
  const run = async (url: string): Promise<number> => {
    const measurement: Measurement = {
      ...{ task: task.name, url, otherUrl: databases.lacking, tables: counts.tables },
      folder: folders.of(task.name, subject.name),
    };
    const program = new URL(`subjects/${subject.file}`, import.meta.url).pathname;
    const config = new URL(`../${subject.config}`, import.meta.url).pathname;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", "--config", config, program, JSON.stringify(measurement)],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
      signal: AbortSignal.timeout(DEADLINE),
    }).output();
    const decoder = new TextDecoder();
    if (code !== 0) throw new Error(decoder.decode(stderr).trim().slice(-1_000) || `exit code ${code}`);
    const line = decoder.decode(stdout).split("\n").findLast((line) => line.startsWith(FIGURE));
    if (line === undefined) throw new Error("it gave no figure");
    return Number(line.slice(FIGURE.length)) / (task.parts?.(counts) ?? 1);
  };
  return task.isOnEmpty === true ? await databases.withEmpty(run) : await run(databases.full);
}

/** Measures everything, one after the other, and that several times; who fails once is not asked again. */
async function measureAll(
  { tasks, rounds, ...counts }: Options,
  databases: Databases,
): Promise<{ figures: readonly MigrateFigure[]; failures: readonly string[] }> {
  await using folders = await migrationFolders(counts.tables, counts.migrations);
  const figures: MigrateFigure[] = [];
  const failures: string[] = [];
  for (const task of tasks) {
    const runs = new Map(
      SUBJECTS.filter(({ name }) => task.subjects.includes(name)).map((of) => [of, [] as number[]]),
    );
    for (let round = 0; round < rounds; round++) {
      for (const [subject, values] of runs) {
        if (values.some((value) => value > LONG)) continue;
        try {
          values.push(await once(task, { subject, databases, folders, counts }));
        } catch (error) {
          failures.push(`${task.name}, ${subject.name}: ${error instanceof Error ? error.message : error}`);
          runs.delete(subject);
        }
      }
    }
    const measured = [...runs].map(([{ name: subject }, values]) => (
      { task: task.name, subject, unit: "ms", median: rounded(median(values)), runs: values.map(rounded) }
    ));
    console.log(printed(task, measured, counts));
    figures.push(...measured);
  }
  return { figures, failures };
}

/** New figures in the place of old ones; others of the same size stay. */
async function withKept(
  figures: readonly MigrateFigure[],
  counts: Counts,
): Promise<readonly MigrateFigure[]> {
  const old: MigrateResults | undefined = await kept("migrate.json").then(JSON.parse, () => undefined);
  if (old?.tables !== counts.tables || old.migrations !== counts.migrations) return figures;
  const measured = new Set(figures.map(({ task }) => task));
  return [...old.figures.filter(({ task }) => !measured.has(task)), ...figures];
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

async function main(): Promise<number> {
  if (Deno.args.includes("--help")) {
    console.log(HELP);
    return 0;
  }
  if (Deno.args.includes("--report")) {
    const results: MigrateResults = JSON.parse(await kept("migrate.json"));
    await keep("migrate.md", reportOf(results));
    return 0;
  }
  const options = parse(Deno.args);
  await installPeers();
  await using services = await startServices(["--only", "primary"]);
  const { servers, missing } = await (await fetch(services.url)).json() as ServicesDescription;
  if (servers.primary === undefined) throw new Error(`Cannot measure: ${missing.primary}`);
  const databases = await makeDatabases(`${servers.primary.url}?sslmode=disable`, options.tables);
  const { figures, failures } = await measureAll(options, databases);
  const { length: cores, 0: core } = cpus();
  const results: MigrateResults = {
    command: ["deno task bench:migrate", ...Deno.args].join(" "),
    date: new Date().toISOString().slice(0, 10),
    machine: `${core?.model.trim() || Deno.build.arch}, ${cores} cores, ${
      Math.round(totalmem() / 2 ** 30)
    } GB, which server and clients share`,
    versions: [`Deno ${Deno.version.deno}`, `PostgreSQL ${servers.primary.version} (fsync off)`],
    ...{ tables: options.tables, migrations: options.migrations, rounds: options.rounds },
    figures: await withKept(figures, options),
  };
  await keep("migrate.json", jsonOf(results));
  await keep("migrate.md", reportOf(results));
  for (const failure of failures) console.error(`Failed: ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

try {
  Deno.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
