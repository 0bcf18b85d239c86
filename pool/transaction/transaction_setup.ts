/**
 * What a transaction is told right after BEGIN: settings for its policies, and who it acts for.
 *
 * @module
 */
import { quoteIdentifier } from "../sql/identifier.ts";
import { type Sql, sql } from "../sql/sql.ts";
import { ConfigError, ValidationError } from "../wire/errors.ts";
import { PostgresError, SQLSTATE } from "../wire/postgres_error.ts";

/** A value that JSON can carry. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * Who a transaction acts for: whatever the application's own function in the database makes of it. The usual names are
 * given; any other may be added.
 */
export interface SessionContext {
  /** The tenant. */
  readonly tenant?: JsonValue;
  /** The user or service. */
  readonly subject?: JsonValue;
  /** The subject's roles. */
  readonly roles?: JsonValue;
  /** The subject's permissions. */
  readonly permissions?: JsonValue;
  /** Whatever else the function understands. */
  readonly [key: string]: JsonValue | undefined;
}

/** Settings by name; each is set for the transaction only. */
export type LocalSettings = Readonly<Record<string, string | number | boolean | bigint>>;

/** What a transaction is told before its first statement. */
export interface TransactionSetup {
  /** Settings for the transaction only, for example `{ "app.tenant": "42" }`. */
  readonly settings?: LocalSettings;
  /** The context handed to the function named by the pool's setting `sessionContextFunction`. */
  readonly context?: SessionContext;
}

/** A statement that sets a transaction up. */
export interface SetupStatement extends Pick<Sql<unknown>, "text" | "values"> {
  /** What its failure means to the caller. */
  explain(error: unknown): unknown;
}

/**
 * The statements that set a transaction up. Whatever could be refused here is refused before BEGIN is sent.
 *
 * @param setup What to set.
 * @param contextFunction The application's function.
 */
export function setupStatements(
  setup: TransactionSetup,
  contextFunction: string | undefined,
): SetupStatement[] {
  const statements: SetupStatement[] = [];
  if (setup.settings !== undefined) {
    const calls = Object.entries(setup.settings).map(([name, value]) =>
      sql`set_config(${settingName(name)}, ${settingValue(name, value)}, true)`
    );
    // Each has a column of its own, since two columns may not share a name.
    const columns = calls.map((call, index) => sql`${call} as ${sql.identifier(`s${index}`)}`);
    if (columns.length > 0) {
      const { text, values } = sql`select ${sql.join(columns)}`;
      statements.push({ text, values, explain: (error) => error });
    }
  }
  if (setup.context !== undefined) {
    if (contextFunction === undefined) {
      throw new ConfigError(
        "sessionContextFunction",
        'a session context was given but no function is configured to receive it; name one, for example "app.set_context"',
      );
    }
    const name = sql.unsafe(contextFunction.split(".").map((part) => quoteIdentifier(part)).join("."));
    const { text, values } = sql`select ${name}(${contextText(setup.context)}::text::jsonb) as context`;
    statements.push({ text, values, explain: (error) => explainContext(error, contextFunction) });
  }
  return statements;
}

/** Whether the function is missing, rather than something it uses: then the server tells where in it. */
function explainContext(error: unknown, contextFunction: string): unknown {
  if (!(error instanceof PostgresError) || error.context !== undefined) return error;
  if (error.sqlState !== SQLSTATE.undefinedFunction && error.sqlState !== SQLSTATE.invalidSchemaName) {
    return error;
  }
  return new ConfigError(
    "sessionContextFunction",
    `the database has no function "${contextFunction}(jsonb)" that this user can find; create it, or name another`,
    undefined,
    { cause: error },
  );
}

function settingName(name: string): string {
  if (!/^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)*$/.test(name)) {
    throw new ValidationError(
      `setting "${name.replaceAll("\0", "\\0")}"`,
      'its name must be words of letters, digits, "_" and "$" separated by dots, for example "app.tenant"',
    );
  }
  return name;
}

function settingValue(name: string, value: unknown): string {
  if (!["string", "number", "boolean", "bigint"].includes(typeof value)) {
    throw new ValidationError(
      `the value of setting "${name}"`,
      `${value === null ? "null" : typeof value} was given; give a string, number, bigint or boolean`,
    );
  }
  const text = String(value);
  if (text.includes("\0")) {
    throw new ValidationError(`the value of setting "${name}"`, "it contains a NUL character");
  }
  if (!text.isWellFormed()) {
    throw new ValidationError(
      `the value of setting "${name}"`,
      "it contains half of a surrogate pair without the other; give well-formed text",
    );
  }
  return text;
}

/** An escape, not a text that looks like one, of what JSON writes by escapes only and jsonb refuses. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

function contextText(context: SessionContext): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(context);
  } catch (cause) {
    throw new ValidationError("the session context", "it cannot be written as JSON; give plain data", {
      cause,
    });
  }
  if (text === undefined || typeof context !== "object" || context === null) {
    throw new ValidationError("the session context", "give an object of plain data");
  }
  if (UNSTORABLE.test(text)) {
    throw new ValidationError(
      "the session context",
      "a text in it contains a NUL character or half of a surrogate pair, which jsonb cannot hold",
    );
  }
  return text;
}
