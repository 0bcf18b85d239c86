/** One program of a run of tests: what it prints is shown, and its tests are counted. */
import { type Failure, wordFailures } from "./failures.ts";
import type { TestCommand, TestCounts } from "./test_programs.ts";

/** How many tests of a step ended how. */
export interface Totals extends TestCounts {
  readonly name: string;
  readonly seconds: number;
  readonly failures: readonly Failure[];
}

/** How a step went. */
export interface StepResult {
  readonly totals: Totals;
  /** What it printed, without its errors. */
  readonly output: string;
}

/** Milliseconds that one runtime may take for everything. */
const STEP_TIMEOUT = 30 * 60_000;

const ROOT = new URL("..", import.meta.url).pathname;
/** The lines that are said again of a program that failed without a test that did. */
const LAST_LINES = 30;
const NO_TESTS: TestCounts = { passed: 0, failed: 0, skipped: 0 };

/**
 * Runs one program, shows what it prints and counts its tests.
 *
 * @param name The step's name in the report.
 * @param command What to run.
 * @param env Environment variables beside those of this process.
 */
export async function runStep(
  name: string,
  { program, args, env: own = {}, count, failures: findFailures }: TestCommand,
  env: Readonly<Record<string, string>>,
): Promise<StepResult> {
  console.log(
    `\n== ${name}: ${program.slice(program.lastIndexOf("/") + 1)} ${args.slice(0, 12).join(" ")}${
      args.length > 12 ? " …" : ""
    }`,
  );
  const started = performance.now();
  const child = new Deno.Command(program, {
    args: [...args],
    env: { ...env, ...own },
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
  const printed = `${output}\n${errors}`;
  const totals = count(printed) ?? NO_TESTS;
  // A file that does not load, or a crash, is a failure that no test counts.
  const failed = code !== 0 ? Math.max(1, totals.failed) : totals.failed;
  const failures = failed === 0 ? [] : findFailures(printed);
  if (failed > failures.length) {
    failures.push(lastWords(printed, isLate ? "ended for lateness" : `code ${code}`));
  }
  return {
    totals: { name, ...totals, failed, failures, seconds: (performance.now() - started) / 1000 },
    output,
  };
}

/** What stands for failures that no test is known of: how the program ended. */
function lastWords(printed: string, ending: string): Failure {
  return { name: `(${ending})`, details: printed.trimEnd().split("\n").slice(-LAST_LINES) };
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

/**
 * Prints the totals, then what failed, at last the totals of all as `N passed, N failed, N skipped`.
 *
 * @param results Of every step.
 * @returns The exit code: 0 when there were tests and none failed.
 */
export function report(results: readonly Totals[]): number {
  console.log("\nruntime    passed  failed  skipped  seconds");
  for (const { name, passed, failed, skipped, seconds } of results) {
    const columns = [passed, failed].map((value) => `${value}`.padStart(8)).join("");
    console.log(`${name.padEnd(9)}${columns}${`${skipped}`.padStart(9)}${seconds.toFixed(1).padStart(9)}`);
  }
  const failures = results.flatMap(({ name, failures }) => wordFailures(name, failures));
  if (failures.length > 0) console.log(`\n${["== Failed", ...failures].join("\n")}`);
  const sum = (key: "passed" | "failed" | "skipped"): number =>
    results.reduce((total, result) => total + result[key], 0);
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
  return sum("failed") === 0 && sum("passed") + sum("skipped") > 0 ? 0 : 1;
}
