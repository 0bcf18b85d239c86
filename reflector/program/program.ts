/**
 * `lifeguard-reflector` from its arguments to its exit code.
 *
 * @module
 */
import { ConfigError } from "../../pool/wire/errors.ts";
import {
  type ReflectorConfiguration,
  resolveReflectorConfiguration,
} from "../configuration/resolve_reflector_configuration.ts";
import { type LogWriter, logWriter } from "../log/log_writer.ts";
import { messageOf, MisuseError } from "../../program/misuse_error.ts";
import { type CommandLine, parseCommandLine, PROGRAM } from "./command_line.ts";
import { EXIT_CODES, type ExitCode, type Surroundings } from "../../program/surroundings.ts";

/** What a command is given. */
export interface CommandContext {
  readonly line: CommandLine;
  readonly configuration: ReflectorConfiguration;
  readonly log: LogWriter;
  readonly surroundings: Surroundings;
}

/** What does a command. */
export type CommandBody = (context: CommandContext) => Promise<ExitCode>;

/** Does what the command line says. */
export async function runProgram(
  surroundings: Surroundings,
  commands: Readonly<Record<CommandLine["command"], CommandBody>>,
): Promise<ExitCode> {
  const line = parseCommandLine(surroundings.args, surroundings.columns);
  if ("text" in line) {
    (line.code === EXIT_CODES.done ? surroundings.out : surroundings.err)(line.text);
    return line.code;
  }
  try {
    const { flags, configFile } = line;
    const { environment } = surroundings;
    const configuration = resolveReflectorConfiguration({ flags, configFile, environment });
    const log = logWriter({
      level: configuration.log.level,
      format: configuration.log.format ?? (surroundings.isTerminal ? "text" : "json"),
      write: (text) => surroundings.err(text),
    });
    return await commands[line.command]({ line, configuration, log, surroundings });
  } catch (error) {
    const isMisuse = error instanceof ConfigError || error instanceof MisuseError;
    surroundings.err(isMisuse ? `${error.message}\n` : `${PROGRAM} failed: ${messageOf(error)}\n`);
    return isMisuse ? EXIT_CODES.misuse : EXIT_CODES.failed;
  }
}
