/**
 * Errors the server reported, as classes by SQLSTATE.
 * Source of the codes: https://www.postgresql.org/docs/18/errcodes-appendix.html
 *
 * What may repeat a value of the caller's (detail, hint, context, the internal query) is kept behind accessors, so
 * that printing or serialising an error shows none of it.
 *
 * @module
 */
import { LifeguardError } from "./errors.ts";
import type { ErrorFields } from "./message/backend.ts";

/** SQLSTATEs the wire client and the pool act on. */
export const SQLSTATE = {
  cannotCompleteCachedPlan: "0A000",
  invalidStatementName: "26000",
  readOnlyTransaction: "25006",
  failedTransaction: "25P02",
  noActiveTransaction: "25P01",
  groupingError: "42803",
  insufficientPrivilege: "42501",
  undefinedFunction: "42883",
  invalidSchemaName: "3F000",
  queryCanceled: "57014",
  adminShutdown: "57P01",
  crashShutdown: "57P02",
  cannotConnectNow: "57P03",
  serializationFailure: "40001",
  deadlockDetected: "40P01",
  invalidPassword: "28P01",
  invalidAuthorization: "28000",
  invalidCatalogName: "3D000",
  tooManyConnections: "53300",
  notNullViolation: "23502",
  foreignKeyViolation: "23503",
  uniqueViolation: "23505",
  checkViolation: "23514",
  exclusionViolation: "23P01",
} as const;

/**
 * An error the server reported.
 *
 * @example
 * ```ts
 * import { Pool, PostgresError, sql } from "@lifeguard/core";
 * await using pool = new Pool("pglite:");
 * try {
 *   await pool.query(sql`select 1 / ${0}::int`);
 * } catch (error) {
 *   if (!(error instanceof PostgresError) || error.sqlState !== "22012") throw error;
 * }
 * ```
 */
export class PostgresError extends LifeguardError {
  /** "POSTGRES": the heading to read in `docs/errors.md`. */
  readonly code = "POSTGRES";
  /** The five-character SQLSTATE, for example `"23505"`. */
  readonly sqlState: string;
  /** ERROR, FATAL, PANIC, never translated. */
  readonly severity: string;
  /** The schema concerned, if any. */
  readonly schema: string | undefined;
  /** The table concerned, if any. */
  readonly table: string | undefined;
  /** The column concerned, if any. */
  readonly column: string | undefined;
  /** The data type concerned, if any. */
  readonly dataType: string | undefined;
  /** The constraint concerned, if any. */
  readonly constraint: string | undefined;
  /** Where in the query's text the error is, in characters from 1, if known. */
  readonly position: number | undefined;
  /** The statement's text with its placeholders. No values. */
  query: string | undefined;
  readonly #fields: ErrorFields;

  /**
   * Creates the error.
   *
   * @param fields The fields of ErrorResponse.
   * @param query The statement's text, if one was running.
   * @param message The message without values; default the server's.
   */
  constructor(fields: ErrorFields, query?: string, message: string = fields.get("M") ?? "no message") {
    const state = fields.get("C") ?? "XX000";
    super(`${message} (SQLSTATE ${state})`, { retryable: isRetryable(state) });
    this.sqlState = state;
    this.severity = fields.get("V") ?? fields.get("S") ?? "ERROR";
    this.schema = fields.get("s");
    this.table = fields.get("t");
    this.column = fields.get("c");
    this.dataType = fields.get("d");
    this.constraint = fields.get("n");
    const position = fields.get("P");
    this.position = position === undefined ? undefined : Number(position);
    this.query = query;
    this.#fields = fields;
  }

  /** The server's detail, which may repeat values; not printed with the error. */
  get detail(): string | undefined {
    return this.#fields.get("D");
  }

  /** The server's hint; not printed with the error. */
  get hint(): string | undefined {
    return this.#fields.get("H");
  }

  /** The server's context (`WHERE`), which may repeat values; not printed with the error. */
  get context(): string | undefined {
    return this.#fields.get("W");
  }

  /** The text of the failed command that a function generated; not printed with the error. */
  get internalQuery(): string | undefined {
    return this.#fields.get("q");
  }

  /** Where in {@link PostgresError.internalQuery} the error is, in characters from 1. */
  get internalPosition(): number | undefined {
    const position = this.#fields.get("p");
    return position === undefined ? undefined : Number(position);
  }

  /** The server routine that reported the error; not printed with the error. */
  get routine(): string | undefined {
    return this.#fields.get("R");
  }

  /** The server source file that reported the error. */
  get file(): string | undefined {
    return this.#fields.get("F");
  }

  /** The line in {@link PostgresError.file}. */
  get line(): number | undefined {
    const line = this.#fields.get("L");
    return line === undefined ? undefined : Number(line);
  }
}

/** A constraint was violated; the fields `table`, `column` and `constraint` tell which. SQLSTATE class 23. */
export class ConstraintViolationError extends PostgresError {}
/** A value would stand twice under a unique constraint. SQLSTATE 23505. */
export class UniqueViolationError extends ConstraintViolationError {}
/** A referenced row is missing, or a row is still referenced. SQLSTATE 23503. */
export class ForeignKeyViolationError extends ConstraintViolationError {}
/** A null stands where none may. SQLSTATE 23502. */
export class NotNullViolationError extends ConstraintViolationError {}
/** A check constraint is false. SQLSTATE 23514. */
export class CheckViolationError extends ConstraintViolationError {}
/** A row conflicts under an exclusion constraint. SQLSTATE 23P01. */
export class ExclusionViolationError extends ConstraintViolationError {}
/** The transaction could not be serialised; run it again. SQLSTATE 40001. */
export class SerializationError extends PostgresError {}
/** The transaction was chosen to end a deadlock; run it again. SQLSTATE 40P01. */
export class DeadlockError extends PostgresError {}
/** The statement was cancelled, by a request or by `statement_timeout`. SQLSTATE 57014. */
export class QueryCanceledError extends PostgresError {}

const CLASSES: Readonly<Record<string, typeof PostgresError>> = {
  [SQLSTATE.uniqueViolation]: UniqueViolationError,
  [SQLSTATE.foreignKeyViolation]: ForeignKeyViolationError,
  [SQLSTATE.notNullViolation]: NotNullViolationError,
  [SQLSTATE.checkViolation]: CheckViolationError,
  [SQLSTATE.exclusionViolation]: ExclusionViolationError,
  [SQLSTATE.serializationFailure]: SerializationError,
  [SQLSTATE.deadlockDetected]: DeadlockError,
  [SQLSTATE.queryCanceled]: QueryCanceledError,
};

/** Makes the error of the class its SQLSTATE has; values of `parameters` in the message become `$1`, `$2` … */
export function postgresError(
  fields: ErrorFields,
  query?: string,
  parameters: readonly unknown[] = [],
): PostgresError {
  const state = fields.get("C") ?? "";
  const Class = CLASSES[state] ?? (state.startsWith("23") ? ConstraintViolationError : PostgresError);
  return new Class(fields, query, `${withoutValues(fields, parameters)}${advice(state, fields, query)}`);
}

/** What to change, where PostgreSQL's own words leave a user of placeholders puzzled. */
function advice(state: string, fields: ErrorFields, query = ""): string {
  if (state === SQLSTATE.groupingError && /\$\d/.test(query)) {
    return "; an expression with placeholders is another each time it is written, so group and order by its name or its place in the select list";
  }
  if (state !== "42601") return "";
  const message = fields.get("M") ?? "";
  if (/"\$\d+"/.test(message)) {
    return "; a placeholder can stand for a value only, so write names by sql.identifier()";
  }
  if (fields.get("R") === "exec_parse_message") return "; run them one by one, or by batch()";
  return "";
}

/** Whether running the same thing again may succeed: a conflict with others, or a server that is coming or going. */
function isRetryable(state: string): boolean {
  return state === SQLSTATE.serializationFailure || state === SQLSTATE.deadlockDetected ||
    state.startsWith("08") || state === SQLSTATE.tooManyConnections ||
    state === SQLSTATE.adminShutdown || state === SQLSTATE.crashShutdown ||
    state === SQLSTATE.cannotConnectNow;
}

/** What data exceptions (class 22) quote is data, in whatever language; the name of a setting excepted. */
const QUOTED = /(?<!parameter )["«»„“”].*["«»„“”]/s;

/**
 * The server repeats a value in quotes in some messages ("invalid input syntax …"); its placeholder is put instead. The
 * names of what the error is about stay. Messages that functions raise may have values anywhere.
 */
function withoutValues(fields: ErrorFields, parameters: readonly unknown[]): string {
  const state = fields.get("C") ?? "";
  const isRaised = state.startsWith("P0") || fields.get("R") === "exec_stmt_raise";
  const names = NAME_FIELDS.map((code) => fields.get(code));
  let message = fields.get("M") ?? "no message";
  const replace = (text: string, index: number): void => {
    if (text === "" || names.includes(text)) return;
    message = message.replaceAll(`"${text}"`, `$${index + 1}`);
    if (text.length >= 4 && isRaised) message = message.replaceAll(text, `$${index + 1}`);
  };
  parameters.forEach((value, index) => {
    if (Array.isArray(value)) { for (const text of leaves(value)) replace(text, index); }
    else if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") {
      replace(String(value), index);
    }
  });
  // The value may also be a part of a parameter, or computed from one.
  return state.startsWith("22") ? message.replace(QUOTED, '"…"') : message;
}

/** The codes of the fields that name things: schema, table, column, data type, constraint. */
const NAME_FIELDS: readonly string[] = ["s", "t", "c", "d", "n"];
/** The texts in an array of any dimensions; as many as can be looked for in passing. */
function leaves(value: readonly unknown[]): string[] {
  return value.flat(6).filter((leaf) => typeof leaf === "string").slice(0, 100_000);
}
