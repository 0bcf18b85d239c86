/**
 * `deno task test`: starts the test services, runs the suite under Deno, the examples of README, docs and
 * sources, and the suite under Bun, and ends with the line `N passed, N failed, N skipped`.
 *
 *     deno task test                               everything
 *     deno task test tests/pool/tier/waiting_test.ts some files or folders, on both runtimes
 *     deno task test "Pool.query"                  tests whose name contains this
 *     deno task test --deno-only | --bun-only | --docs-only
 *     deno task test --no-services                 what needs a server is ignored
 *     deno task test --net-only                    on Deno without services, with the network as only permission
 *
 * docs/testing.md says more.
 */
import { emptyDatabase } from "./empty_database.ts";
import { CONTROL_VARIABLE, NO_SERVICES } from "./services/description.ts";
import { missingServers, useServices } from "./services/running_services.ts";
import { AT_ONCE, bunTests, denoTests, netOnlyTests, testFiles } from "./test_programs.ts";
import { report, runStep, type StepResult, type Totals } from "./test_step.ts";

/** Where examples are looked for; what does not exist is left out. */
const DOCUMENTED = ["README.md", "docs", "mod.ts", "pool", "orm", "testkit", "migrate", "reflector"];

const ROOT = new URL("..", import.meta.url).pathname;

interface Options {
  readonly steps: ReadonlySet<string>;
  readonly files: readonly string[];
  readonly filter: string | undefined;
  readonly useServices: boolean;
}

async function main(): Promise<number> {
  const options = await parseArguments(Deno.args);
  // The totals come last, after the services have said that they ended.
  return report(await runSteps(options));
}

async function runSteps(options: Options): Promise<Totals[]> {
  await using services = options.useServices ? await useServices() : undefined;
  await using empty = await emptyDatabase();
  const { preload } = empty;
  const env = { NO_COLOR: "1", [CONTROL_VARIABLE]: services?.url ?? NO_SERVICES };
  const results: Totals[] = [];
  const add = ({ totals }: StepResult): void => void results.push(totals);
  const { filter } = options;
  // By name: given a folder, Deno runs only the workspace's members in it.
  const files = options.files.length > 0 ? options.files : await Array.fromAsync(testFiles("tests"));

  const missing = services === undefined ? [] : await missingServers(services.url);
  if (missing.length > 0) {
    const failures = missing.map((reason) => ({ name: reason, details: [] }));
    results.push({ name: "services", passed: 0, failed: missing.length, skipped: 0, seconds: 0, failures });
  }
  if (options.steps.has("deno")) {
    add(await runStep("Deno", denoTests(files, { filter, preload }), env));
  }
  if (options.steps.has("docs")) {
    const sources = await Array.fromAsync(existing(DOCUMENTED));
    const strict = ["--preload", new URL("throwing_assertions.ts", import.meta.url).pathname];
    add(
      await runStep(
        "examples",
        denoTests(["--doc", "--permit-no-files", ...strict, ...sources], { preload }),
        env,
      ),
    );
  }
  if (options.steps.has("bun")) {
    // By itself Bun runs one file after the other.
    const parts = filter === undefined ? portions(files, AT_ONCE) : [files];
    const commands = [];
    for (const part of parts) commands.push(await bunTests(part, filter));
    const names = commands.map((_, index) => commands.length === 1 ? "Bun" : `Bun ${index + 1}`);
    const running = commands.map((command, index) => runStep(names[index], command, env));
    for (const result of await Promise.all(running)) add(result);
  }
  if (options.steps.has("net-only")) add(await runStep("net-only", netOnlyTests(preload), env));
  return results;
}

async function parseArguments(args: readonly string[]): Promise<Options> {
  const only: Record<string, string> = {
    "--deno-only": "deno",
    "--bun-only": "bun",
    "--docs-only": "docs",
    "--net-only": "net-only",
  };
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
  return { steps, files, filter, useServices: useServices && !steps.has("net-only") };
}

/** Deals files out to so many portions, at most, none of which is empty. */
function portions(files: readonly string[], count: number): string[][] {
  const parts: string[][] = Array.from({ length: Math.max(1, Math.min(count, files.length)) }, () => []);
  [...files].sort().forEach((file, index) => parts[index % parts.length].push(file));
  return parts;
}

async function* existing(paths: readonly string[]): AsyncGenerator<string> {
  for (const path of paths) if (await Deno.stat(path).then(() => true, () => false)) yield path;
}

try {
  Deno.chdir(ROOT);
  Deno.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log("\n0 passed, 1 failed");
  Deno.exit(1);
}
