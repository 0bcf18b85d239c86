/**
 * The program `lifeguard`, on Deno, Bun and Node; `--help` says what it does.
 *
 * @module
 */
import { processSurroundings, runInProcess } from "../program/process_surroundings.ts";
import { COMMAND_BODIES } from "./program/commands.ts";
import { runProgram } from "./program/program.ts";
import { makeTerminal, processStreams } from "./program/terminal.ts";

const surroundings = processSurroundings();
const terminal = makeTerminal(processStreams(), surroundings.environment);
await runInProcess(surroundings, () => runProgram({ surroundings, terminal, commands: COMMAND_BODIES }));
