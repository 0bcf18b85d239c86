/**
 * The program `lifeguard-reflector`, on Deno, Bun and Node; `--help` says what it does.
 *
 * @module
 */
import { processSurroundings, runInProcess } from "../program/process_surroundings.ts";
import { auditCommand } from "./program/audit_command.ts";
import { makeDaemon } from "./program/daemon.ts";
import { installCommand, sqlCommand } from "./program/install_command.ts";
import { runProgram } from "./program/program.ts";
import { runReflector } from "./program/run_command.ts";

const surroundings = processSurroundings();
await runInProcess(surroundings, () =>
  runProgram(surroundings, {
    run: ({ configuration, log }) => runReflector({ surroundings, configuration, log, make: makeDaemon }),
    install: installCommand,
    sql: sqlCommand,
    audit: auditCommand,
  }));
