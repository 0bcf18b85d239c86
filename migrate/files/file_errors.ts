/**
 * What is wrong with a migration's file, before anything of it is run.
 *
 * @module
 */
import { LifeguardError, type LifeguardErrorOptions } from "../../pool/wire/errors.ts";
import { positionAt } from "./text_position.ts";

/** Files of the folder of migrations cannot be put in order by their names. */
export class MigrationNameError extends LifeguardError {
  /** "MIGRATION_NAME": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_NAME";
  /** The names of the files. */
  readonly names: readonly string[];

  /** Creates the error from the files' names, what is wrong with them, and what to change. */
  constructor(names: readonly string[], problem: string) {
    super(`Cannot order the migrations: ${names.map((name) => `"${name}"`).join(", ")} ${problem}`);
    this.names = names;
  }
}

/** A migration's file cannot be read as one. */
export class MigrationFileError extends LifeguardError {
  /** "MIGRATION_FILE": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_FILE";
  /** The file's path. */
  readonly path: string;
  /** The line, from 1, where one is known. */
  readonly line: number | undefined;
  /** The column, from 1, where one is known. */
  readonly column: number | undefined;

  /** Creates the error; `problem` says what is wrong and what to change. */
  constructor(
    path: string,
    problem: string,
    options: LifeguardErrorOptions & { readonly line?: number; readonly column?: number } = {},
  ) {
    const { line, column } = options;
    const place = line === undefined ? "" : `:${line}${column === undefined ? "" : `:${column}`}`;
    super(`Cannot read migration "${path}${place}": ${problem}`, options);
    this.path = path;
    this.line = line;
    this.column = column;
  }
}

/** SQL text that cannot be cut into statements, or holds one that no client but `psql` understands. */
export class SqlSyntaxError extends LifeguardError {
  /** "MIGRATION_FILE": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_FILE";
  /** The line, from 1. */
  readonly line: number;
  /** The column, from 1. */
  readonly column: number;
  /** What is wrong and what to change. */
  readonly problem: string;

  /** Creates the error for a place in a text. */
  constructor(text: string, offset: number, state: string, advice: string) {
    const { line, column } = positionAt(text, offset);
    super(`Cannot split the SQL at line ${line}, column ${column}: ${state}; ${advice}`);
    this.line = line;
    this.column = column;
    this.problem = `${state}; ${advice}`;
  }

  /** The same about a file. */
  inFile(path: string): MigrationFileError {
    return new MigrationFileError(path, this.problem, { line: this.line, column: this.column, cause: this });
  }
}
