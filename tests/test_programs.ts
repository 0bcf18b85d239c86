/** How each runtime runs tests, and how it tells how many passed. */
import { bunFailures, denoFailures, type Failure } from "./failures.ts";
import { findBun } from "./services/bun_program.ts";

/** How many tests ended how. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A program that runs tests. */
export interface TestCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** Variables that it is given beside those of every step. */
  readonly env?: Readonly<Record<string, string>>;
  /** Reads the counts from what it printed; `undefined` where they are not there. */
  readonly count: (output: string) => TestCounts | undefined;
  /** Reads what failed from what it printed. */
  readonly failures: (output: string) => Failure[];
}

/** What Deno may do beside the network; the harness takes away what a test does not ask for. */
const PERMISSIONS = [
  ...["net", "env", "read", "write", "sys", "run"].map((name) => `--allow-${name}`),
  "--no-prompt",
];

/**
 * How many files run at a time: half as many again as there are cores, which rest for half of the time where each has
 * one file, for most tests wait: for a server, a process, a while that must pass. Each file has databases of its own.
 */
export const AT_ONCE: number = Math.ceil(1.5 * navigator.hardwareConcurrency);
const MANY_AT_ONCE = { DENO_JOBS: String(AT_ONCE) };

const ROOT = new URL("..", import.meta.url).pathname;

/**
 * Deno's tests.
 *
 * @param paths Files and folders, and what else `deno test` takes.
 * @param options What the tests' names contain, and a module that each worker loads first.
 */
export function denoTests(
  paths: readonly string[],
  { filter, preload }: { readonly filter?: string | undefined; readonly preload?: string } = {},
): TestCommand {
  const args = [
    "test",
    "--parallel",
    ...PERMISSIONS,
    ...preloading(preload),
    ...(filter === undefined ? [] : ["--filter", filter]),
    ...paths,
  ];
  return { program: Deno.execPath(), args, env: MANY_AT_ONCE, count: countDeno, failures: denoFailures };
}

/**
 * Deno's tests as a user without servers and permissions runs them; their types are checked by `deno task check`.
 *
 * @param preload A module that each worker loads first.
 */
export function netOnlyTests(preload?: string): TestCommand {
  const args = ["test", "--allow-net", "--no-prompt", "--parallel", "--no-check", ...preloading(preload)];
  return { program: Deno.execPath(), args, env: MANY_AT_ONCE, count: countDeno, failures: denoFailures };
}

function preloading(module: string | undefined): string[] {
  return module === undefined ? [] : ["--preload", module];
}

/**
 * Bun's tests; Bun is fetched where none is on PATH.
 *
 * @param files The files.
 * @param filter What the tests' names contain.
 */
export async function bunTests(files: readonly string[], filter?: string): Promise<TestCommand> {
  const program = await findBun();
  // Bun finds the packages of deno.json in node_modules, where Deno puts them.
  await succeed(Deno.execPath(), ["install", "--quiet"]);
  const paths = files.map((file) => file.startsWith("/") ? file : `./${file}`).sort();
  const args = ["test", ...(filter === undefined ? [] : ["-t", escapeRegExp(filter)]), ...paths];
  return { program, args, count: countBun, failures: bunFailures };
}

/**
 * Every test file in a folder and below.
 *
 * @param folder Its path.
 */
export async function* testFiles(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory && entry.name !== "node_modules") yield* testFiles(path);
    else if (entry.isFile && entry.name.endsWith("_test.ts")) yield path;
  }
}

async function succeed(program: string, args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(program, { args, cwd: ROOT, stdin: "null" }).output();
  if (code !== 0) {
    throw new Error(`deno ${args.join(" ")} failed: ${new TextDecoder().decode(stderr).trim()}`);
  }
}

const countDeno: TestCommand["count"] = (output) => {
  const line = output.match(/^(ok|FAILED) \| \d+ passed.*$/gm)?.at(-1);
  if (line === undefined) return undefined;
  const [passed, failed, skipped] = ["passed", "failed", "ignored"].map((word) => number(line, word));
  return { passed, failed, skipped };
};

const countBun: TestCommand["count"] = (output) => {
  const lines = output.match(/^ *\d+ (pass|fail|skip|todo|error)s?$/gm);
  if (lines === null) return undefined;
  const text = lines.join("\n");
  const failed = number(text, "fail") + number(text, "error");
  return { passed: number(text, "pass"), failed, skipped: number(text, "skip") };
};

function number(text: string, word: string): number {
  return Number(new RegExp(`(\\d+) ${word}`).exec(text)?.[1] ?? 0);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
