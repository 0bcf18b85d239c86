/**
 * What a command is given and what it returns.
 *
 * @module
 */
import type { ExitCode } from "../../program/surroundings.ts";
import type { Pool } from "../../pool/pool.ts";
import type { CommandLine } from "./command_line.ts";
import type { Settings } from "./resolve_settings.ts";
import type { Terminal } from "./terminal.ts";

/** What a command is given. */
export interface CommandContext {
  readonly line: CommandLine;
  readonly settings: Settings;
  readonly terminal: Terminal;
  /** Aborts when the program is asked to end. */
  readonly signal: AbortSignal;
  /** The pool of the database; opened by the first who asks, closed behind the command. */
  database(): Pool;
  /** Writes a line of the log, to the standard error stream. */
  log(text: string): void;
  /** Writes a result before the end: what watches has many. */
  emit(result: Omit<CommandResult, "code">): void;
  /** Tells of a failure after which it goes on: what watches waits for better files. */
  tell(error: unknown): void;
}

/** What a command returns. */
export interface CommandResult {
  readonly code: ExitCode;
  /** What `--json` prints, beside `command` and `ok`. */
  readonly document: Readonly<Record<string, unknown>>;
  /** What is printed otherwise; without a line break at its end. */
  readonly text: string;
}

/** What does a command. */
export type CommandBody = (context: CommandContext) => Promise<CommandResult>;

/** What was refused, or found: exit code 1, with a message of its own. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/** What failed when a part of it was done already: the part is told of, and then what went wrong. */
export class UnfinishedError extends Error {
  override readonly name = "UnfinishedError";
  /** What was done. */
  readonly result: Omit<CommandResult, "code">;

  constructor(cause: unknown, result: Omit<CommandResult, "code">) {
    super("a part of it was done", { cause });
    this.result = result;
  }
}
