/**
 * The surroundings of a program that really runs.
 *
 * @module
 */
import process from "node:process";
import { processEnvironment } from "../pool/wire/configuration/environment.ts";
import { ENDING_SIGNALS, EXIT_CODES, type ExitCode, type Surroundings } from "./surroundings.ts";

/** The process we are in. */
export function processSurroundings(): Surroundings {
  return {
    args: process.argv.slice(2),
    environment: processEnvironment,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
    columns: process.stdout.columns ?? 100,
    onEnding(listener) {
      for (const signal of ENDING_SIGNALS) process.on(signal, listener);
      return () => {
        for (const signal of ENDING_SIGNALS) process.off(signal, listener);
      };
    },
    exit: (code) => process.exit(code),
  };
}

/** Runs a program in this process, and ends the process with its code. */
export async function runInProcess(
  surroundings: Surroundings,
  program: () => Promise<ExitCode>,
): Promise<never> {
  // Whoever reads our output may go away; what nobody waited for must not end a program that works.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  process.on("unhandledRejection", (reason) => {
    surroundings.err(
      `BUG: nobody waited for what failed: ${reason instanceof Error ? reason.stack : reason}\n`,
    );
  });
  const code = await program().catch((error) => {
    surroundings.err(`BUG: ${error instanceof Error ? error.stack : error}\n`);
    return EXIT_CODES.failed;
  });
  process.exit(code);
}
