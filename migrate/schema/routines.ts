/**
 * Functions, triggers and policies: from what a migration gives to objects of a catalog.
 *
 * @module
 */
import { quoteLiteral } from "../../orm/building/inlined.ts";
import { list, writeName } from "../../orm/compiling/ddl/write_table.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { FunctionObject, PolicyObject, TableName, TriggerObject } from "../catalog/objects.ts";
import { words } from "../steps/statement.ts";
import { bodyOf, checkName, checkOptions, type Name, nameOf, oneOf, textOf } from "./name.ts";

/** What a function is. */
export interface FunctionOptions {
  /** Its arguments as SQL: `a integer, b integer default 0`. Default: none. */
  readonly arguments?: string;
  /** What it returns as SQL: `integer`, `table (a integer)`, `trigger`. A procedure returns nothing. */
  readonly returns?: string;
  /** Its language. Default `"sql"`. */
  readonly language?: string;
  /** Its body. */
  readonly body: string | Sql;
  /** Whether it is called with `call`. Default false. */
  readonly procedure?: boolean;
  /** What it depends on. Default `"volatile"`. */
  readonly volatility?: "volatile" | "stable" | "immutable";
  /** Whether it is null where an argument is. Default false. */
  readonly strict?: boolean;
  /** Whose rights it has. Default `"invoker"`. */
  readonly security?: "invoker" | "definer";
  /** Whether it can run in parallel. Default `"unsafe"`. */
  readonly parallel?: "unsafe" | "restricted" | "safe";
  /** Settings while it runs: `{ search_path: "" }`. */
  readonly set?: Readonly<Record<string, string>>;
  /** Puts it in the place of one that is there. It cannot be reverted then, unless `was` is given. Default false. */
  readonly replace?: boolean;
  /** What it was, where it is replaced, so that the migration can be reverted. */
  readonly was?: FunctionOptions;
}

/** What a trigger is. */
export interface TriggerOptions {
  /** The table or view it is on. */
  readonly table: Name;
  /** When it fires. */
  readonly when: "before" | "after" | "instead of";
  /** On what: `"insert"`, `"update"`, `"delete"`, `"truncate"`, or updates of columns: `{ update: ["email"] }`. */
  readonly on:
    readonly ("insert" | "update" | "delete" | "truncate" | { readonly update: readonly string[] })[];
  /** How often it fires. Default `"row"`. */
  readonly each?: "row" | "statement";
  /** Which rows it fires for, about `old` and `new`. */
  readonly condition?: Sql;
  /** What the rows before and after the statement are called. */
  readonly referencing?: { readonly old?: string; readonly new?: string };
  /** The function it calls, which returns `trigger`. */
  readonly function: Name;
  /** The function's arguments, as texts. */
  readonly arguments?: readonly string[];
  /** Makes it a constraint trigger that fires at the end of the statement or of the transaction. */
  readonly deferrable?: "immediate" | "deferred";
}

/** What a policy is. */
export interface PolicyOptions {
  /** The table. */
  readonly table: Name;
  /** What it is about. Default `"all"`. */
  readonly command?: "all" | "select" | "insert" | "update" | "delete";
  /** Whom it is about. Default: everybody. */
  readonly roles?: readonly string[];
  /** Which rows are seen, updated and deleted. */
  readonly using?: Sql;
  /** Which rows can be written. Default: those of `using`. */
  readonly check?: Sql;
  /** Whether it takes rows away instead of adding some. Default false. */
  readonly restrictive?: boolean;
}

const FUNCTION_OPTIONS: readonly string[] = [
  "arguments",
  "returns",
  "language",
  "body",
  "procedure",
  "volatility",
  "strict",
  "security",
  "parallel",
  "set",
  "replace",
  "was",
] satisfies (keyof FunctionOptions)[];

/** A function. */
export function functionOf(given: Name, options: FunctionOptions): FunctionObject {
  const name = nameOf(given, "createFunction()");
  const subject = `function "${name.name}"`;
  checkOptions(options, FUNCTION_OPTIONS, subject);
  const { arguments: args = "", returns, language = "sql", procedure = false, set = {} } = options;
  if (!procedure && returns === undefined) {
    throw new ValidationError(subject, 'it returns nothing; give returns: "void", or procedure: true');
  }
  if (procedure && returns !== undefined) {
    throw new ValidationError(subject, "a procedure returns nothing; leave returns out");
  }
  const { volatility, strict, security, parallel } = options;
  if (volatility !== undefined) {
    oneOf(volatility, ["volatile", "stable", "immutable"], `the volatility of ${subject}`);
  }
  if (security !== undefined) oneOf(security, ["invoker", "definer"], `the security of ${subject}`);
  if (parallel !== undefined) {
    oneOf(parallel, ["unsafe", "restricted", "safe"], `the option "parallel" of ${subject}`);
  }
  const lines = [
    `create or replace ${procedure ? "procedure" : "function"} ${writeName(name)}(${args})`,
    returns === undefined ? "" : `returns ${returns}`,
    `language ${quoteIdentifier(language)}`,
    words(
      volatility,
      strict === true ? "strict" : "",
      security === undefined ? "" : `security ${security}`,
      parallel === undefined ? "" : `parallel ${parallel}`,
    ),
    ...Object.entries(set).map(([setting, value]) =>
      `set ${quoteIdentifier(setting)} to ${quoteLiteral(value)}`
    ),
    `as ${dollarQuoted(bodyOf(options.body, `the body of ${subject}`))}`,
  ];
  const definition = lines.filter((line) => line !== "").join("\n");
  return {
    kind: "function",
    ...name,
    dependsOn: [],
    isProcedure: procedure,
    identity: identityOf(args),
    arguments: args,
    ...(returns === undefined ? {} : { returns }),
    language,
    // A function is created where there is none, and replaced where the step says so.
    definition: options.replace === true ? definition : definition.replace("create or replace", "create"),
  };
}

/** Arguments without their defaults, as `drop function` takes them. */
export function identityOf(args: string): string {
  const parts: string[] = [""];
  let depth = 0;
  let quote = "";
  for (const character of args) {
    if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (character === "(" || character === "[") depth++;
    else if (character === ")" || character === "]") depth--;
    if (character === "," && depth === 0 && quote === "") parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.replace(/\s+default\s[^]*$|\s*:?=[^]*$/i, "").trim()).filter((part) =>
    part !== ""
  )
    .join(", ");
}

function dollarQuoted(body: string): string {
  let tag = "$$";
  for (let count = 0; body.includes(tag) || body.endsWith("$"); count++) {
    tag = `$body${count === 0 ? "" : count}$`;
    if (!body.includes(tag)) break;
  }
  return `${tag}${body}${tag}`;
}

/** A trigger. */
export function triggerOf(name: string, options: TriggerOptions): TriggerObject {
  checkName(name, "createTrigger()");
  const subject = `trigger "${name}"`;
  checkOptions(options, TRIGGER_OPTIONS, subject);
  const { on, each = "row", condition, referencing, arguments: args = [], deferrable } = options;
  const when = oneOf(options.when, ["before", "after", "instead of"], `the option "when" of ${subject}`);
  oneOf(each, ["row", "statement"], `the option "each" of ${subject}`);
  const table = nameOf(options.table, `the table of ${subject}`);
  if (!Array.isArray(on) || on.length === 0) {
    throw new ValidationError(`the option "on" of ${subject}`, 'it is no list; give ["insert", "update"]');
  }
  if (deferrable !== undefined && (when !== "after" || each !== "row")) {
    throw new ValidationError(
      subject,
      'only one that fires after each row can be deferrable; use when: "after"',
    );
  }
  if (referencing !== undefined) checkOptions(referencing, ["old", "new"], `referencing of ${subject}`);
  const { old: oldRows, new: newRows } = referencing ?? {};
  const definition = words(
    deferrable === undefined ? "create trigger" : "create constraint trigger",
    quoteIdentifier(name),
    when,
    on.map((event) => eventText(event, subject)).join(" or "),
    `on ${writeName(table)}`,
    deferrable === undefined ? "" : `deferrable initially ${deferrable}`,
    referencing === undefined ? "" : "referencing",
    oldRows === undefined ? "" : `old table as ${quoteIdentifier(oldRows)}`,
    newRows === undefined ? "" : `new table as ${quoteIdentifier(newRows)}`,
    `for each ${each}`,
    condition === undefined ? "" : `when (${textOf(condition, `the condition of ${subject}`)})`,
    `execute function ${writeName(nameOf(options.function, `the function of ${subject}`))}`,
  );
  return {
    kind: "trigger",
    name,
    ...placeOf(table),
    dependsOn: [],
    definition: `${definition}(${args.map(quoteLiteral).join(", ")})`,
    enabled: "origin",
  };
}

const TRIGGER_OPTIONS: readonly string[] = [
  "table",
  "when",
  "on",
  "each",
  "condition",
  "referencing",
  "function",
  "arguments",
  "deferrable",
] satisfies (keyof TriggerOptions)[];

function eventText(event: TriggerOptions["on"][number], subject: string): string {
  if (typeof event === "string") {
    return oneOf(event, ["insert", "update", "delete", "truncate"], `an event of ${subject}`);
  }
  if (Array.isArray(event?.update) && event.update.length > 0) return `update of ${list(event.update)}`;
  throw new ValidationError(
    `an event of ${subject}`,
    `it is ${kindOf(event)}; give "update", or { update: ["email"] }`,
  );
}

/** A policy. */
export function policyOf(name: string, options: PolicyOptions): PolicyObject {
  checkName(name, "createPolicy()");
  const subject = `policy "${name}"`;
  checkOptions(options, ["table", "command", "roles", "using", "check", "restrictive"], subject);
  const { command = "all", roles = ["public"], using, check, restrictive = false } = options;
  oneOf(command, ["all", "select", "insert", "update", "delete"], `the command of ${subject}`);
  if (command === "insert" && using !== undefined) {
    throw new ValidationError(subject, "rows that are inserted are judged by check; give check, not using");
  }
  if ((command === "select" || command === "delete") && check !== undefined) {
    throw new ValidationError(subject, `one for ${command} writes nothing; give using, not check`);
  }
  if (!Array.isArray(roles) || roles.length === 0) {
    throw new ValidationError(
      `the roles of ${subject}`,
      'there are none; give names, or leave it out for "public"',
    );
  }
  return {
    kind: "policy",
    name,
    ...placeOf(nameOf(options.table, `the table of ${subject}`)),
    dependsOn: [],
    permissive: !restrictive,
    command,
    roles,
    ...(using === undefined ? {} : { using: textOf(using, `the option "using" of ${subject}`) }),
    ...(check === undefined ? {} : { check: textOf(check, `the option "check" of ${subject}`) }),
  };
}

/** The table that a part of one belongs to, as its record has it. */
export function placeOf({ name, schema }: TableName): { readonly table: string; readonly schema?: string } {
  return schema === undefined ? { table: name } : { table: name, schema };
}
