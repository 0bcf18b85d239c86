/** Measures one scenario with one subject, in a process of its own. */
import { findBun } from "../tests/services/bun_program.ts";
import type { Database } from "./database.ts";
import { installPrisma } from "./install.ts";
import { FIGURES, type Measurement } from "./measurement.ts";
import { type NativeProgram, postgresProgram } from "./native/native_program.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { watched } from "./standstill.ts";
import type { Runtime, SubjectEntry } from "./subjects.ts";

/** One measurement to make. */
export interface Assignment {
  readonly scenario: Scenario;
  readonly subject: SubjectEntry;
  readonly runtime: Runtime;
  readonly database: Database;
  readonly seconds: number;
}

/** How often a measurement is made at most because the machine stood still. */
const ATTEMPTS = 2;
/** Milliseconds after which a process that prints nothing is ended. */
const DEADLINE = 120_000;

const HERE = new URL(".", import.meta.url);

/**
 * Makes a measurement.
 *
 * @returns A value for each of the scenario's metrics that the subject can give.
 * @throws {Error} When the subject fails, or answers what it should not.
 */
export async function measure(assignment: Assignment): Promise<Readonly<Record<string, number>>> {
  const { scenario, subject } = assignment;
  for (let attempt = 1;; attempt++) {
    const { result, standstill } = await watched(() => measureOnce(assignment));
    if (standstill === 0 || scenario.isCrowd) return result;
    const isLast = attempt === ATTEMPTS;
    console.log(
      `${scenario.name}, ${subject.title}: the machine stood still for ${
        (standstill / 1000).toFixed(1)
      } s; ` +
        (isLast ? "its figures are kept all the same" : "measured again"),
    );
    if (isLast) return result;
  }
}

async function measureOnce(assignment: Assignment): Promise<Readonly<Record<string, number>>> {
  const { scenario, subject, runtime, database } = assignment;
  await database.run(scenario.before ?? []);
  const figures = runtime === "native" ? await runNative(assignment) : await runClient(assignment);
  if (scenario.after !== undefined && !await database.holds(scenario.after)) {
    throw new Error(`Cannot trust ${subject.title}: "${scenario.after}" is not true afterwards`);
  }
  return figures;
}

async function runClient(
  { scenario, subject, runtime, database: { url, controlUrl, redisUrl }, seconds }: Assignment,
): Promise<Readonly<Record<string, number>>> {
  const { file, variant, config } = subject;
  const measurement: Measurement = {
    ...{ scenario: scenario.name, file, variant },
    ...{ url, controlUrl, redisUrl, seconds },
  };
  const child = new URL("child.ts", HERE).pathname;
  const args = runtime === "bun"
    ? ["run", child]
    : ["run", "--quiet", "--allow-all", "--config", new URL(config, HERE).pathname, child];
  const output = await runProgram(runtime === "bun" ? await bun() : Deno.execPath(), [
    ...args,
    JSON.stringify(measurement),
  ]);
  const line = output.split("\n").findLast((line) => line.startsWith(FIGURES));
  if (line === undefined) throw new Error(`Cannot measure ${subject.title}: it gave no figures`);
  return JSON.parse(line.slice(FIGURES.length));
}

async function runNative(
  { scenario, subject, database: { url }, seconds }: Assignment,
): Promise<Readonly<Record<string, number>>> {
  const { measure }: NativeProgram = await import(`./native/${subject.file}`);
  return await measure({ url, seconds, load: scenario.native!, run: runProgram });
}

/** Why a subject cannot be measured in a scenario; nothing when it can. */
export async function obstacle(
  { unable = {} }: Scenario,
  { subject: { name, file, runtimes }, runtime }: { subject: SubjectEntry; runtime: Runtime },
): Promise<string | undefined> {
  const known = unable[name] ?? unable[`${name} on ${runtime}`];
  if (known === undefined && name === "prisma") return await installPrisma();
  if (known !== undefined || !runtimes.includes("native")) return known;
  const { program }: NativeProgram = await import(`./native/${file}`);
  const found = await program();
  return "reason" in found ? found.reason : undefined;
}

let bunProgram: Promise<string> | undefined;

function bun(): Promise<string> {
  return bunProgram ??= findBun();
}

/** The version of a runtime, as it reports it. */
export async function runtimeVersion(runtime: Runtime): Promise<string> {
  if (runtime === "deno") return `Deno ${Deno.version.deno}`;
  if (runtime === "bun") return `Bun ${(await runProgram(await bun(), ["--version"])).trim()}`;
  const pgbench = await postgresProgram("pgbench");
  if ("reason" in pgbench) return "no pgbench";
  const version = await runProgram(pgbench.path, ["--version"]);
  return `pgbench ${/\d+(\.\d+)*/.exec(version)?.[0] ?? version.trim()}`;
}

async function runProgram(program: string, args: readonly string[]): Promise<string> {
  const signal = AbortSignal.timeout(DEADLINE);
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
    signal,
  }).output();
  const decoder = new TextDecoder();
  if (signal.aborted) throw new Error(`it was ended after ${DEADLINE / 1000} s`);
  if (code !== 0) throw new Error(decoder.decode(stderr).trim().slice(-2_000) || `exit code ${code}`);
  return decoder.decode(stdout);
}
