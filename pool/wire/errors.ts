/**
 * The errors of the wire client: a closed family under {@link LifeguardError}, one class only where a caller
 * acts on it. Messages say what could not be done, the state that prevented it, and what to change; data is in
 * fields; no parameter value, password or token is ever in anything printable.
 *
 * @module
 */

import { showCaller } from "./caller_frames.ts";

/** The kinds of error, one for each class a caller may act on. Each has a heading in `docs/errors.md`. */
export const ERROR_CODES = [
  "CONFIG",
  "CONNECTION",
  "PROTOCOL",
  "POSTGRES",
  "DECODE",
  "VALIDATION",
  "POOL_TIMEOUT",
  "POOL_QUEUE_FULL",
  "POOL_CLOSED",
  "POOL_DEADLOCK",
  "NOT_FOUND",
  "TOO_MANY_ROWS",
  "STALE_RECORD",
  "TRANSACTION_CLOSED",
  "TRANSACTION_ABORTED",
  "QUERY_TIMEOUT",
  "LAZY_LOAD",
  "WRITE_LOST",
  "MIGRATION_NAME",
  "MIGRATION_FILE",
  "MIGRATION_CHANGED",
  "MIGRATION_MISSING",
  "MIGRATION_OUT_OF_ORDER",
  "MIGRATION_INTERRUPTED",
  "MIGRATION_IRREVERSIBLE",
  "MIGRATION_LOCKED",
  "MIGRATION_LOCK_TIMEOUT",
  "MIGRATION_FAILED",
  "MIGRATION_POOLER",
  "MIGRATION_STATE",
  "MIGRATION_LOCK_LOST",
  "SEED_FAILED",
  "BACKFILL_FAILED",
] as const;

/** The name of a kind of error; a heading in `docs/errors.md`. */
export type ErrorCode = typeof ERROR_CODES[number];

/** What every error of Lifeguard carries besides its message. */
export interface LifeguardErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** Whether the same call may succeed when it is made again. Default false. */
  readonly retryable?: boolean;
}

/**
 * The base of every error Lifeguard throws.
 *
 * @example
 * ```ts
 * import { LifeguardError } from "@lifeguard/core";
 * const error: unknown = new Error("not ours");
 * if (error instanceof LifeguardError && error.retryable) console.log("try again");
 * ```
 */
export abstract class LifeguardError extends Error {
  /** The kind of error; the heading to read in `docs/errors.md`. */
  abstract readonly code: ErrorCode;
  /** Whether the same call may succeed when it is made again. */
  readonly retryable: boolean;

  /** Creates the error; see {@link LifeguardErrorOptions}. */
  constructor(message: string, options: LifeguardErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.retryable = options.retryable ?? false;
  }
}

/** A setting that cannot be used: the message names the key, where its value came from, and what is allowed. */
export class ConfigError extends LifeguardError {
  /** "CONFIG": the heading to read in `docs/errors.md`. */
  readonly code = "CONFIG";
  /** The setting's name, for example `"sslmode"`. */
  readonly key: string;
  /** Where the value came from, for example `"URL"`, `"PGPORT"`, `"options"`. */
  readonly source: string;

  /**
   * Creates the error.
   *
   * @param key The setting's name.
   * @param problem The rest of the sentence: what was given, what is allowed, what to change.
   * @param source Where the value came from. Default `"options"`.
   */
  constructor(key: string, problem: string, source = "options", options: LifeguardErrorOptions = {}) {
    super(`Cannot use setting "${key}" from ${source}: ${problem}`, options);
    this.key = key;
    this.source = source;
    // Thrown at once where the setting was written, so its reader wants that line first.
    showCaller(this, new.target);
  }
}

/** What is known of a failed connection. */
export interface ConnectionErrorOptions extends LifeguardErrorOptions {
  /** Whether a statement that may have written was on its way, so that its effect is unknown. Default false. */
  readonly outcomeUnknown?: boolean;
  /** Whether the request provably never left this process. Default false. */
  readonly neverSent?: boolean;
  /** The SQLSTATE the server gave, or the one that fits. Default `"08006"`, connection failure. */
  readonly sqlState?: string;
}

/** The connection could not be made, or was lost. */
export class ConnectionError extends LifeguardError {
  /** "CONNECTION": the heading to read in `docs/errors.md`. */
  readonly code = "CONNECTION";
  /** True when a statement that may have written was sent and its answer was lost: it may have taken effect. */
  readonly outcomeUnknown: boolean;
  /** True when the request provably never left this process. */
  readonly neverSent: boolean;
  /** The SQLSTATE the server gave, for example `"57P01"` when it shuts down; otherwise `"08006"`. */
  readonly sqlState: string;

  /** Creates the error; see {@link ConnectionErrorOptions}. */
  constructor(message: string, options: ConnectionErrorOptions = {}) {
    super(message, { retryable: options.outcomeUnknown !== true, ...options });
    this.outcomeUnknown = options.outcomeUnknown ?? false;
    this.neverSent = options.neverSent ?? false;
    this.sqlState = options.sqlState ?? "08006";
  }
}

/** The server sent bytes that break the protocol; the connection was closed. */
export class ProtocolError extends LifeguardError {
  /** "PROTOCOL": the heading to read in `docs/errors.md`. */
  readonly code = "PROTOCOL";
  /** The protocol's name of the message, for example `"DataRow"`. */
  readonly messageName: string;

  /**
   * Creates the error.
   *
   * @param messageName The protocol's name of the offending message.
   * @param problem What is wrong with it.
   */
  constructor(messageName: string, problem: string, options: LifeguardErrorOptions = {}) {
    super(
      `Cannot read ${messageName} from the server: ${problem}; the connection was closed. Check that the address is a PostgreSQL server`,
      options,
    );
    this.messageName = messageName;
  }
}

/** A value from the server that cannot be represented as asked. */
export class DecodeError extends LifeguardError {
  /** "DECODE": the heading to read in `docs/errors.md`. */
  readonly code = "DECODE";
  /** The column's name, where the value was a column's. */
  readonly column: string | undefined;
  /** The PostgreSQL type's name. */
  readonly type: string;

  /**
   * Creates the error.
   *
   * @param type The PostgreSQL type's name.
   * @param problem What is wrong, without the value where it may be a secret, and what to change.
   * @param column The column's name, if known.
   */
  constructor(type: string, problem: string, column?: string, options: LifeguardErrorOptions = {}) {
    super(
      `Cannot decode ${column === undefined ? "a value" : `column "${column}"`} of type ${type}: ${problem}`,
      options,
    );
    this.type = type;
    this.column = column;
  }
}

/** A value, an argument or a call that was refused before anything was sent. */
export class ValidationError extends LifeguardError {
  /** "VALIDATION": the heading to read in `docs/errors.md`. */
  readonly code = "VALIDATION";
  /** What was refused, for example `"parameter $2"` or `"column email"`. */
  readonly subject: string;
  /** What is wrong with it and what to change: the message without its beginning. */
  readonly problem: string;

  /**
   * Creates the error.
   *
   * @param subject What was refused.
   * @param problem What was given (its type, never its value), what is allowed, and what to change.
   */
  constructor(subject: string, problem: string, options: LifeguardErrorOptions = {}) {
    super(`Cannot use ${subject}: ${problem}`, options);
    this.subject = subject;
    this.problem = problem;
    showCaller(this, new.target);
  }
}

/** A query did not finish within its timeout; the server was asked to cancel it. */
export class QueryTimeoutError extends LifeguardError {
  /** "QUERY_TIMEOUT": the heading to read in `docs/errors.md`. */
  readonly code = "QUERY_TIMEOUT";
  /** The timeout in milliseconds. */
  readonly timeout: number;
  /** True when the server did not confirm the cancellation, so that a write may have taken effect. */
  readonly outcomeUnknown: boolean;

  /**
   * Creates the error.
   *
   * @param timeout The timeout in milliseconds.
   * @param confirmed Whether the server confirmed that the statement was cancelled.
   */
  constructor(timeout: number, confirmed: boolean, options: LifeguardErrorOptions = {}) {
    super(
      `Cannot finish the query within ${timeout} ms: ${
        confirmed
          ? "the server cancelled it"
          : "the server has not confirmed its cancellation, so it may still take effect"
      }; give it a longer "timeout" or make it faster`,
      options,
    );
    this.timeout = timeout;
    this.outcomeUnknown = !confirmed;
  }
}
