/**
 * `deno task faults`: runs the fault tests on Deno and on Bun, and writes what they measured into the table of
 * docs/reliability.md.
 *
 *     deno task faults                                   every fault, and the table
 *     deno task faults tests/faults/cut_streams_test.ts  some files; the table stays as it is
 *     deno task faults --long                            many more random rounds, from a new seed; the table stays
 *
 * Every file runs in a process of its own, so that a crash is one file's, and its figures are known as its.
 */
import { CONTROL_VARIABLE } from "../services/description.ts";
import { missingServers, useServices } from "../services/running_services.ts";
import { bunTests, denoTests, testFiles } from "../test_programs.ts";
import { report, runStep, type Totals } from "../test_step.ts";
import { pairFigures, parseFigures, type TableRow, writeTable } from "./figure_table.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const FOLDER = "tests/faults";
const PAGE = "docs/reliability.md";
const LONG = { LIFEGUARD_TEST_LONG: "1", LIFEGUARD_TEST_SEED: "random" };

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((argument) => argument.startsWith("-") && argument !== "--long");
  if (unknown !== undefined) throw new Error(`Unknown option "${unknown}"; there is only --long`);
  const isLong = args.includes("--long");
  const named = args.filter((argument) => argument !== "--long").map((path) => path.replace(/^\.\//, ""));
  const files = named.length > 0 ? named : (await Array.fromAsync(testFiles(FOLDER))).sort();

  const { rows, results } = await measure(files, isLong ? LONG : {});
  const code = report(results);
  if (code !== 0 || isLong || named.length > 0) {
    console.log(`${PAGE} was left as it is${code === 0 ? "" : ", because tests failed"}`);
    return code;
  }
  Deno.writeTextFileSync(PAGE, writeTable(Deno.readTextFileSync(PAGE), rows, await machine()));
  await printed(Deno.execPath(), ["fmt", "--quiet", PAGE]);
  console.log(`${PAGE} has ${rows.length} figures of ${new Set(rows.map(({ fault }) => fault)).size} faults`);
  return code;
}

async function measure(
  files: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<{ rows: TableRow[]; results: Totals[] }> {
  await using services = await useServices();
  const missing = await missingServers(services.url);
  if (missing.length > 0) throw new Error(`Cannot measure: ${missing.join("; ")}`);
  const env = { NO_COLOR: "1", [CONTROL_VARIABLE]: services.url, ...variables };
  const rows: TableRow[] = [];
  const deno: Totals[] = [];
  const bun: Totals[] = [];
  for (const file of files) {
    const onDeno = await runStep("Deno", denoTests([file]), env);
    const onBun = await runStep("Bun", await bunTests([file]), env);
    deno.push(onDeno.totals);
    bun.push(onBun.totals);
    const name = file.slice(file.indexOf(FOLDER) + FOLDER.length + 1);
    rows.push(...pairFigures(name, parseFigures(onDeno.output), parseFigures(onBun.output)));
  }
  return { rows, results: [sum("Deno", deno), sum("Bun", bun)] };
}

function sum(name: string, parts: readonly Totals[]): Totals {
  const add = (key: "passed" | "failed" | "skipped" | "seconds"): number =>
    parts.reduce((total, part) => total + part[key], 0);
  return {
    name,
    passed: add("passed"),
    failed: add("failed"),
    skipped: add("skipped"),
    seconds: add("seconds"),
    failures: parts.flatMap(({ failures }) => failures),
  };
}

/** Where and when it was measured, as a sentence. */
async function machine(): Promise<string> {
  const bun = await printed((await bunTests([])).program, ["--version"]);
  const day = new Date().toISOString().slice(0, 10);
  const cores = navigator.hardwareConcurrency;
  return `Measured on ${day}, ${Deno.build.os} ${Deno.build.arch} with ${cores} cores, Deno ${Deno.version.deno}, Bun ${bun}.`;
}

async function printed(program: string, args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args, stdin: "null", stderr: "inherit" }).output();
  return new TextDecoder().decode(stdout).trim();
}

try {
  Deno.chdir(ROOT);
  Deno.exit(await main(Deno.args));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
