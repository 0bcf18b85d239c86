/**
 * How a transaction is run, and the BEGIN that says so.
 *
 * @module
 */
import { assertOptions, assertSignal } from "../query_options.ts";
import type { TransactionSetup } from "./transaction_setup.ts";
import { ValidationError } from "../wire/errors.ts";

/** The isolation levels of PostgreSQL. */
export const ISOLATION_LEVELS = [
  "read uncommitted",
  "read committed",
  "repeatable read",
  "serializable",
] as const;
/** See {@link ISOLATION_LEVELS}. */
export type IsolationLevel = typeof ISOLATION_LEVELS[number];

/** How a transaction is run. */
export interface TransactionOptions extends TransactionSetup {
  /** Its isolation level. Default: the server's, as a rule `"read committed"`. */
  readonly isolation?: IsolationLevel;
  /** Whether it may only read. Default false. */
  readonly readOnly?: boolean;
  /** Whether a serializable read-only transaction waits until it can run without conflicts. Default false. */
  readonly deferrable?: boolean;
  /** How often the whole function is run again after a serialization failure or deadlock. Default 0. */
  readonly retries?: number;
  /** Gives up waiting for a connection, and cancels what runs. */
  readonly signal?: AbortSignal;
}

const TRANSACTION_OPTIONS: readonly string[] = [
  "isolation",
  "readOnly",
  "deferrable",
  "retries",
  "signal",
  "settings",
  "context",
];

/**
 * The BEGIN of a transaction.
 *
 * @param options What the caller gave.
 * @returns The command.
 * @throws {ValidationError} When an option is unknown or means nothing.
 */
export function beginText(options: TransactionOptions): string {
  assertOptions(options, TRANSACTION_OPTIONS);
  const { isolation, readOnly, deferrable, retries, signal } = options;
  if (isolation !== undefined && !ISOLATION_LEVELS.includes(isolation)) {
    throw new ValidationError(
      `option "isolation"`,
      `"${isolation}" was given; allowed are ${ISOLATION_LEVELS.join(", ")}`,
    );
  }
  if (retries !== undefined && (!Number.isInteger(retries) || retries < 0 || retries > 1_000)) {
    throw new ValidationError(`option "retries"`, `${retries} was given; give an integer from 0 to 1000`);
  }
  for (const [name, value] of Object.entries({ readOnly, deferrable })) {
    if (value === undefined || typeof value === "boolean") continue;
    throw new ValidationError(`option "${name}"`, `a ${typeof value} was given; give true or false`);
  }
  if (signal !== undefined) assertSignal(signal);
  let text = "BEGIN";
  if (isolation !== undefined) text += ` ISOLATION LEVEL ${isolation.toUpperCase()}`;
  if (readOnly !== undefined) text += readOnly ? " READ ONLY" : " READ WRITE";
  if (deferrable !== undefined) text += deferrable ? " DEFERRABLE" : " NOT DEFERRABLE";
  return text;
}
