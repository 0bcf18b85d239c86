/** What failed, read from what a runtime's test runner printed, so that a long run can say it again at its end. */

/** One test that failed, or a file that did not load. */
export interface Failure {
  readonly name: string;
  /** Its message and the first lines of its stack. */
  readonly details: readonly string[];
}

/** Lines of a message, and of the stack below it, that are said again. */
const MESSAGE_LINES = 16;
const STACK_LINES = 4;

/** How each runner begins what belongs to one test. */
const DENO_HEADING = /^(.+?)(?: => \S+:\d+:\d+)?$/;
const BUN_VERDICT = /^\((pass|fail|skip|todo)\) (.+?)(?: \[[\d.]+m?s\])?$/;
const BUN_FILE = /^\S+_test\.[jt]sx?:$/;
const BUN_UNHANDLED = "# Unhandled error between tests";
/** After many tests Bun repeats the verdicts at the end. */
const BUN_REPETITION = /^\d+ tests? failed:$/;
const BUN_RULE = /^-{20,}$/;

/**
 * Reads what Deno lists under ERRORS.
 *
 * @param output Everything it printed.
 */
export function denoFailures(output: string): Failure[] {
  const start = output.lastIndexOf("\n ERRORS \n");
  const end = output.indexOf("\n FAILURES \n", start);
  if (start < 0 || end < 0) return [];
  // FAILURES has the headings alone, which tells them from lines of messages.
  const headings = new Set(output.slice(end).split("\n\n")[1].split("\n"));
  const failures: { name: string; details: string[] }[] = [];
  for (const line of output.slice(start, end).split("\n").slice(2)) {
    if (headings.delete(line)) failures.push({ name: DENO_HEADING.exec(line)![1], details: [] });
    else failures.at(-1)?.details.push(line);
  }
  return failures.map(({ name, details }) => ({ name, details: shortened(details) }));
}

/**
 * Reads what Bun printed before each `(fail)`.
 *
 * @param output Everything it printed.
 */
export function bunFailures(output: string): Failure[] {
  const failures: Failure[] = [];
  let file = "";
  let details: string[] = [];
  let isUnhandled = false;
  const add = (name: string): void => void failures.push({ name, details: shortened(details) });
  for (const line of output.split("\n")) {
    if (BUN_REPETITION.test(line)) break;
    const verdict = BUN_VERDICT.exec(line);
    if (verdict?.[1] === "fail") add(verdict[2]);
    if (BUN_FILE.test(line)) file = line.slice(0, -1);
    const isRule = BUN_RULE.test(line);
    if (isUnhandled && isRule && details.length > 0) {
      add(`${file} (outside of tests)`);
      isUnhandled = false;
      details = [];
    } else if (line === BUN_UNHANDLED) {
      isUnhandled = true;
      details = [];
    } else if (verdict !== null || BUN_FILE.test(line)) details = [];
    else if (!isRule) details.push(line);
  }
  return failures;
}

/**
 * Words what failed in a step.
 *
 * @param step The step's name.
 * @param failures What failed.
 * @returns Lines.
 */
export function wordFailures(step: string, failures: readonly Failure[]): string[] {
  return failures.flatMap((
    { name, details },
  ) => [`${step}: ${name}`, ...details.map((line) => `    ${line}`)]);
}

/** The message and the first lines of the stack, without the excerpts of the source. */
function shortened(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let messages = 0;
  let calls = 0;
  for (const line of lines) {
    if (line.trim() === "" || /^\s*\d+ \| |^\s*\^$/.test(line)) continue;
    const isCall = /^\s+at /.test(line);
    if (isCall ? calls++ < STACK_LINES : messages++ < MESSAGE_LINES) kept.push(line.slice(0, 400));
  }
  if (messages > MESSAGE_LINES) kept.push(`… ${messages - MESSAGE_LINES} more lines`);
  return kept;
}
