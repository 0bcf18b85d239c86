/**
 * `deno task test`: starts the test services, runs the suite under Deno, the examples of README, docs and
 * sources, and the suite under Bun, and ends with the line `N passed, N failed, N skipped`.
 *
 *     deno task test                               everything
 *     deno task test tests/pool/tier/waiting_test.ts some files or folders, on both runtimes
 *     deno task test "Pool.query"                  tests whose name contains this
 *     deno task test --deno-only | --bun-only | --docs-only
 *     deno task test --no-services                 what needs a server is ignored
 *
 * docs/testing.md says more.
 */
import {
  CONTROL_PORTS,
  NO_SERVICES,
  SERVICE_NAME,
  type ServicesDescription,
} from "./services/description.ts";
import { onPath } from "./services/installed_program.ts";
import { npmPackage } from "./services/npm_package.ts";

/** The Bun that is fetched where none is on PATH, and the packages of npm:bun that hold it. */
const BUN_VERSION = "1.4.5";
const BUN_PACKAGES: Readonly<Record<string, string>> = {
  "linux x86_64": "@oven/bun-linux-x64",
  "linux aarch64": "@oven/bun-linux-aarch64",
  "darwin x86_64": "@oven/bun-darwin-x64",
  "darwin aarch64": "@oven/bun-darwin-aarch64",
};

/** What Deno may do beside the network; the harness takes away what a test does not ask for. */
const PERMISSIONS = [
  ...["net", "env", "read", "write", "sys", "run"].map((name) => `--allow-${name}`),
  "--no-prompt",
];

/** Where examples are looked for; what does not exist is left out. */
const DOCUMENTED = ["README.md", "docs", "mod.ts", "pool", "orm", "migrate", "reflector"];

/** Milliseconds that one runtime may take for everything. */
const STEP_TIMEOUT = 20 * 60_000;

const VARIABLE = "LIFEGUARD_TEST_CONTROL";
const ROOT = new URL("..", import.meta.url).pathname;

interface Options {
  readonly steps: ReadonlySet<string>;
  readonly files: readonly string[];
  readonly filter: string | undefined;
  readonly useServices: boolean;
}

interface Totals {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
}

type Counter = (output: string) => Omit<Totals, "name" | "seconds"> | undefined;

async function main(): Promise<number> {
  const options = await parseArguments(Deno.args);
  // The totals come last, after the services have said that they ended.
  return report(await runSteps(options));
}

async function runSteps(options: Options): Promise<Totals[]> {
  await using services = options.useServices ? await startServices() : undefined;
  const env: Record<string, string> = { NO_COLOR: "1", [VARIABLE]: services?.url ?? NO_SERVICES };
  const filter = options.filter;
  const results: Totals[] = services === undefined ? [] : await missingServices(services.url);

  if (options.steps.has("deno")) {
    const args = ["test", ...PERMISSIONS, ...(filter === undefined ? [] : ["--filter", filter])];
    const files = options.files.length > 0 ? options.files : ["tests"];
    results.push(await step("Deno", { program: Deno.execPath(), args: [...args, ...files], env }, countDeno));
  }
  if (options.steps.has("docs")) {
    const sources = await Array.fromAsync(existing(DOCUMENTED));
    const args = ["test", "--doc", "--parallel", "--permit-no-files", ...PERMISSIONS, ...sources];
    results.push(await step("examples", { program: Deno.execPath(), args, env }, countDeno));
  }
  if (options.steps.has("bun")) {
    const program = await findBun();
    const files = options.files.length > 0 ? options.files : await Array.fromAsync(testFiles("tests"));
    const paths = files.map((file) => file.startsWith("/") ? file : `./${file}`);
    const args = ["test", ...(filter === undefined ? [] : ["-t", escapeRegExp(filter)]), ...paths.sort()];
    // Bun finds the packages of deno.json in node_modules, where Deno puts them.
    await succeed(Deno.execPath(), ["install", "--quiet"]);
    results.push(await step("Bun", { program, args, env }, countBun));
  }
  return results;
}

async function parseArguments(args: readonly string[]): Promise<Options> {
  const only: Record<string, string> = { "--deno-only": "deno", "--bun-only": "bun", "--docs-only": "docs" };
  const steps = new Set<string>();
  const files: string[] = [];
  let filter: string | undefined;
  let useServices = true;
  for (const argument of args) {
    if (argument === "--") continue;
    else if (only[argument] !== undefined) steps.add(only[argument]);
    else if (argument === "--no-services") useServices = false;
    else if (argument.startsWith("-")) {
      throw new Error(
        `Unknown option "${argument}"; use ${Object.keys(only).join(", ")} or --no-services`,
      );
    } else {
      const path = argument.replace(/^\.\//, "").replace(/\/$/, "");
      const info = await Deno.stat(path).catch(() => undefined);
      if (info === undefined) filter = argument;
      else if (info.isDirectory) files.push(...await Array.fromAsync(testFiles(path)));
      else files.push(path);
    }
  }
  if (steps.size === 0) {
    for (const name of ["deno", "bun"]) steps.add(name);
    if (files.length === 0 && filter === undefined) steps.add("docs");
  }
  return { steps, files, filter, useServices };
}

/** Uses services that run already (not in CI), or starts them for as long as this program lives. */
async function startServices(): Promise<AsyncDisposable & { url: string }> {
  for (const port of Deno.env.get("CI") ? [] : CONTROL_PORTS) {
    const url = `http://127.0.0.1:${port}`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) })
      .then((response) => response.json()).catch(() => undefined) as { service?: string } | undefined;
    if (answer?.service !== SERVICE_NAME) continue;
    console.log(`Using the test services that run at ${url}`);
    return { url, async [Symbol.asyncDispose]() {} };
  }
  console.log("Starting the test services (PostgreSQL 18 and 15, a replica, Redis, PgBouncer)");
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("services/supervisor.ts", import.meta.url).pathname, "--with-parent"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const url = Promise.withResolvers<string>();
  child.status.then(() => url.reject(new Error("Cannot start the test services; the reason is above")));
  const timer = setTimeout(
    () => url.reject(new Error("The test services did not start in 15 minutes")),
    900_000,
  );
  const reading = (async () => {
    let text = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      await Deno.stdout.write(new TextEncoder().encode(chunk));
      text += chunk;
      const match = /^control endpoint: (\S+)$/m.exec(text);
      if (match !== null) url.resolve(match[1]);
    }
  })();
  const stop = async (): Promise<void> => {
    await child.stdin.close();
    await child.status;
    await reading;
  };
  try {
    const found = await url.promise;
    console.log(`The test services run after ${seconds(performance.now() - started)} s`);
    return { url: found, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** PostgreSQL can be had everywhere, so that its absence must not pass as tests that were ignored. */
async function missingServices(url: string): Promise<Totals[]> {
  const { missing } = await (await fetch(url)).json() as ServicesDescription;
  const failures = ["primary", "replica", "pg15"].filter((name) => missing[name] !== undefined);
  for (const name of failures) console.error(`Failed: ${name} does not run: ${missing[name]}`);
  if (failures.length === 0) return [];
  return [{ name: "services", passed: 0, failed: failures.length, skipped: 0, seconds: 0 }];
}

/** Runs one program, shows what it prints and counts its tests. */
async function step(
  name: string,
  { program, args, env }: { program: string; args: string[]; env: Record<string, string> },
  count: Counter,
): Promise<Totals> {
  console.log(
    `\n== ${name}: ${program.slice(program.lastIndexOf("/") + 1)} ${args.slice(0, 12).join(" ")}${
      args.length > 12 ? " …" : ""
    }`,
  );
  const started = performance.now();
  const child = new Deno.Command(program, {
    args,
    env,
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, STEP_TIMEOUT);
  const [output, errors, { code }] = await Promise.all([
    shown(child.stdout, Deno.stdout),
    shown(child.stderr, Deno.stderr),
    child.status,
  ]);
  clearTimeout(timer);
  if (isLate) console.error(`${name} was ended because it took longer than ${STEP_TIMEOUT / 60_000} minutes`);
  const totals = count(`${output}\n${errors}`) ?? { passed: 0, failed: 0, skipped: 0 };
  // A file that does not load, or a crash, is a failure that no test counts.
  const failed = code !== 0 ? Math.max(1, totals.failed) : totals.failed;
  return { name, ...totals, failed, seconds: (performance.now() - started) / 1000 };
}

async function shown(
  stream: ReadableStream<Uint8Array>,
  to: { write(bytes: Uint8Array): Promise<number> },
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    for (let rest = chunk; rest.length > 0;) rest = rest.subarray(await to.write(rest));
  }
  return text;
}

const countDeno: Counter = (output) => {
  const line = output.match(/^(ok|FAILED) \| \d+ passed.*$/gm)?.at(-1);
  if (line === undefined) return undefined;
  const [passed, failed, skipped] = ["passed", "failed", "ignored"].map((word) => number(line, word));
  return { passed, failed, skipped };
};

const countBun: Counter = (output) => {
  const lines = output.match(/^ *\d+ (pass|fail|skip|todo|error)s?$/gm);
  if (lines === null) return undefined;
  const text = lines.join("\n");
  const failed = number(text, "fail") + number(text, "error");
  return { passed: number(text, "pass"), failed, skipped: number(text, "skip") };
};

function number(text: string, word: string): number {
  return Number(new RegExp(`(\\d+) ${word}`).exec(text)?.[1] ?? 0);
}

function report(results: readonly Totals[]): number {
  console.log("\nruntime    passed  failed  skipped  seconds");
  for (const { name, passed, failed, skipped, seconds: taken } of results) {
    const columns = [passed, failed].map((value) => `${value}`.padStart(8)).join("");
    console.log(`${name.padEnd(9)}${columns}${`${skipped}`.padStart(9)}${taken.toFixed(1).padStart(9)}`);
  }
  const sum = (key: "passed" | "failed" | "skipped"): number =>
    results.reduce((total, result) => total + result[key], 0);
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
  return sum("failed") === 0 && sum("passed") + sum("skipped") > 0 ? 0 : 1;
}

async function findBun(): Promise<string> {
  const installed = await onPath("bun");
  if (installed !== undefined) return installed;
  const name = BUN_PACKAGES[`${Deno.build.os} ${Deno.build.arch}`];
  if (name === undefined) {
    throw new Error("Cannot fetch Bun for this machine; install it, or use --deno-only");
  }
  return `${await npmPackage(name, BUN_VERSION)}/bin/bun`;
}

async function succeed(program: string, args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(program, { args, cwd: ROOT, stdin: "null" }).output();
  if (code !== 0) {
    throw new Error(`deno ${args.join(" ")} failed: ${new TextDecoder().decode(stderr).trim()}`);
  }
}

async function* testFiles(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory && entry.name !== "node_modules") yield* testFiles(path);
    else if (entry.isFile && entry.name.endsWith("_test.ts")) yield path;
  }
}

async function* existing(paths: readonly string[]): AsyncGenerator<string> {
  for (const path of paths) if (await Deno.stat(path).then(() => true, () => false)) yield path;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1);
}

try {
  Deno.chdir(ROOT);
  Deno.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log("\n0 passed, 1 failed");
  Deno.exit(1);
}
