/**
 * What the program needs of the process it runs in, so that tests can run it in theirs.
 *
 * @module
 */
import type { Environment } from "../pool/wire/configuration/environment.ts";

/** The end of the program. */
export const EXIT_CODES = {
  /** What was asked for is done. */
  done: 0,
  /** It could not be done. */
  failed: 1,
  /** It was asked for in a way that cannot be understood. */
  misuse: 2,
} as const;

/** How the program ended. */
export type ExitCode = typeof EXIT_CODES[keyof typeof EXIT_CODES];

/** Signals that ask the program to end. */
export const ENDING_SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** The process, as far as the program looks at it. */
export interface Surroundings {
  /** What stands behind the program's name. */
  readonly args: readonly string[];
  readonly environment: Environment;
  /** Writes to the standard output: what was asked for. */
  out(text: string): void;
  /** Writes to the standard error stream: the log, and why something was refused. */
  err(text: string): void;
  /** Whether people read the standard error stream. */
  readonly isTerminal: boolean;
  /** Columns of their terminal. */
  readonly columns: number;
  /** Calls back for each signal that asks the program to end; returns what stops that. */
  onEnding(listener: (signal: typeof ENDING_SIGNALS[number]) => void): () => void;
  /** Ends the process at once. */
  exit(code: ExitCode): void;
}
