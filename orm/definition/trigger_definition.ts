/**
 * Triggers as a model declares them.
 *
 * @module
 */
import { assertSql, Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { type AnyColumn, Column } from "../building/column.ts";

/** What a trigger fires on. */
export type TriggerEvent = "insert" | "update" | "delete" | "truncate";

const EVENTS: readonly TriggerEvent[] = ["insert", "update", "delete", "truncate"];

/** When a trigger fires, and what it runs. Either `body` or `call`. */
export interface TriggerOptions {
  /** When. `"instead of"` is for views. Default `"before"`. */
  readonly when?: "before" | "after" | "instead of";
  /** What it fires on. */
  readonly on: TriggerEvent | readonly TriggerEvent[];
  /** The columns of which one must be set by an update. */
  readonly of?: readonly AnyColumn[];
  /** Whether it fires for each row or once for a statement. Default `"row"`. */
  readonly each?: "row" | "statement";
  /** Which rows it fires for, of `old` and `new`: `` sql`new.price is distinct from old.price` ``. */
  readonly where?: Sql;
  /**
   * The body of a function in PL/pgSQL, which is created with the table and dropped with it:
   * `` sql`begin new.seen := now(); return new; end` ``. It holds no values.
   */
  readonly body?: Sql;
  /** A function that is there already, and the texts it is called with: `{ function: "touch", arguments: ["x"] }`. */
  readonly call?: TriggerCall;
}

/** The function of a trigger. */
export interface TriggerCall {
  /** Its name. */
  readonly function: string;
  /** Its schema. Default: the search path decides. */
  readonly schema?: string;
  /** What it is called with (`TG_ARGV`). */
  readonly arguments?: readonly string[];
}

/** A trigger; made by {@link trigger}. */
export class TriggerDefinition {
  /** Its name. */
  readonly name: string;
  /** What it does. */
  readonly options: TriggerOptions;

  /** Creates it; user code calls {@link trigger}. */
  constructor(name: string, options: TriggerOptions) {
    this.name = name;
    this.options = options;
  }
}

const OPTIONS: readonly string[] = [
  "when",
  "on",
  "of",
  "each",
  "where",
  "body",
  "call",
] satisfies (keyof TriggerOptions)[];

/**
 * Declares a trigger, in the option `triggers` of a model.
 *
 * @param name Its name; a table has it once.
 * @param options See {@link TriggerOptions}.
 * @throws {ValidationError} When an option is unknown or of the wrong kind.
 *
 * @example
 * ```ts
 * import { column, createTables, model, Pool, sql, trigger } from "@lifeguard/core";
 * const Page = model("pages", { title: column.text(), slug: column.text().default("") }, {
 *   triggers: () => [
 *     trigger("slugged", {
 *       on: ["insert", "update"],
 *       body: sql`begin new.slug := lower(replace(new.title, ' ', '-')); return new; end`,
 *     }),
 *   ],
 * });
 * await using pool = new Pool("pglite:");
 * await createTables([Page], pool);
 * const page = await Page.insert({ title: "About us" }, pool);
 * console.assert(page.slug === "about-us");
 * ```
 */
export function trigger(name: string, options: TriggerOptions): TriggerDefinition {
  if (typeof name !== "string" || name === "") {
    throw new ValidationError("a trigger", "it has no name; give one");
  }
  const subject = `trigger "${name}"`;
  const refused = (problem: string): ValidationError => new ValidationError(subject, problem);
  for (const option of Object.keys(options ?? {})) {
    if (!OPTIONS.includes(option)) {
      throw new ValidationError(
        `option "${option}" of ${subject}`,
        `there is none; use ${OPTIONS.join(", ")}`,
      );
    }
  }
  const { when = "before", on, of = [], each = "row", where, body, call } = options ?? {};
  if (!["before", "after", "instead of"].includes(when)) {
    throw refused('it fires at an unknown time; use "before", "after" or "instead of"');
  }
  if (each !== "row" && each !== "statement") {
    throw refused('its "each" is unknown; use "row" or "statement"');
  }
  const events = eventsOf(on);
  if (events.length === 0 || events.some((event) => !EVENTS.includes(event))) {
    throw refused(`what it fires on is unknown; use ${EVENTS.join(", ")}`);
  }
  if (of.some((column) => !(column instanceof Column))) {
    throw refused("it fires on something that is no column; give columns of the model");
  }
  if (of.length > 0 && !events.includes("update")) throw refused('only an update has columns; add "update"');
  if (where !== undefined) assertSql(where, `the option "where" of ${subject}`);
  if ((body === undefined) === (call === undefined)) throw refused('give either "body" or "call"');
  if (body !== undefined && !(body instanceof Sql && body.values.length === 0)) {
    throw refused(`its body is ${kindOf(body)}; write it with sql and without values`);
  }
  if (call !== undefined && typeof call.function !== "string") {
    throw refused("it calls nothing; name a function");
  }
  return new TriggerDefinition(name, { ...options });
}

/** What a trigger fires on, as a list. */
export function eventsOf(on: TriggerOptions["on"]): readonly TriggerEvent[] {
  return Array.isArray(on) ? on : [on as TriggerEvent];
}
