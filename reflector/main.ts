/**
 * The program `lifeguard-reflector`, on Deno, Bun and Node; `--help` says what it does.
 *
 * @module
 */
import process from "node:process";
import { processEnvironment } from "../pool/wire/configuration/environment.ts";
import { auditCommand } from "./program/audit_command.ts";
import { makeDaemon } from "./program/daemon.ts";
import { installCommand, sqlCommand } from "./program/install_command.ts";
import { runProgram } from "./program/program.ts";
import { runReflector } from "./program/run_command.ts";
import { ENDING_SIGNALS, EXIT_CODES, type Surroundings } from "./program/surroundings.ts";

const surroundings: Surroundings = {
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

// Whoever reads our output may go away; what nobody waited for must not end the daemon.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});
process.on("unhandledRejection", (reason) => {
  surroundings.err(
    `BUG: nobody waited for what failed: ${reason instanceof Error ? reason.stack : reason}\n`,
  );
});

const code = await runProgram(surroundings, {
  run: ({ configuration, log }) => runReflector({ surroundings, configuration, log, make: makeDaemon }),
  install: installCommand,
  sql: sqlCommand,
  audit: auditCommand,
}).catch((error) => {
  surroundings.err(`BUG: ${error instanceof Error ? error.stack : error}\n`);
  return EXIT_CODES.failed;
});
process.exit(code);
