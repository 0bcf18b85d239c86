/**
 * The `sql` tag: SQL text and its values, kept apart. Built on the `Sql` class of `sql-template-tag`, so that fragments of
 * either kind nest in each other; what is added is laziness, checks, and texts that are found again.
 *
 * Invariants of a {@link Sql}: `strings.length === values.length + 1`; no value is a fragment, `undefined`, a
 * function, a symbol or a promise; neither array changes after construction. The text of a template without nested
 * fragments is built once for the template and is the same string each time, so that everything below may look
 * plans up by it.
 *
 * @module
 */
import { Sql as BaseSql } from "sql-template-tag";
import type { UnknownRow } from "../executor.ts";
import { quoteIdentifier } from "./identifier.ts";
import { splitPlaceholders } from "./placeholders.ts";
import { ValidationError } from "../wire/errors.ts";

/** The protocol counts parameters in 16 bits: https://www.postgresql.org/docs/18/protocol-message-formats.html */
const MAX_PARAMETERS = 65_535;

/**
 * The property under which something that is not an {@link Sql} itself offers one to stand for it in a template: a
 * model, whose other properties are named by its columns, or a query. A symbol, so that data can never carry it.
 */
export const FRAGMENT: unique symbol = Symbol("lifeguard.fragment");

/** What may stand in a `sql` template: a fragment, or a value bound as one parameter. `undefined` may not. */
export type SqlValue = string | number | bigint | boolean | object | null;

/** Texts of templates without nested fragments, by the template's identity. */
const TEXTS = new WeakMap<readonly string[], string>();

/**
 * An SQL statement or fragment: text with placeholders, and the values bound to them. Made by {@link sql}; `Row` is
 * the type of the rows it returns and has no value at run time.
 *
 * @example
 * ```ts
 * import { sql } from "@lifeguard/core";
 * const adults = sql`age >= ${18}`;
 * const query = sql`select id from users where ${adults} and name = ${"Ada"}`;
 * console.assert(query.text === "select id from users where age >= $1 and name = $2");
 * console.assert(query.values.length === 2);
 * ```
 */
export class Sql<Row = unknown> {
  /** The type of the statement's rows; never set. */
  declare readonly rowType?: Row;
  /** The text around the placeholders: one more than there are values. */
  readonly strings: readonly string[];
  /** The values bound to `$1`, `$2`, …; an array is bound as one PostgreSQL array. */
  readonly values: readonly unknown[];
  #text: string | undefined;

  /**
   * Creates a statement from parts that are already flat; user code writes {@link sql} or `sql.unsafe` instead.
   *
   * @param strings The text around the placeholders; kept, and not to be changed later.
   * @param values One value fewer than there are strings; kept, and not to be changed later.
   * @param text The text with placeholders where the caller has it already.
   * @throws {ValidationError} When there are more than 65,535 values, or not one fewer than strings.
   */
  constructor(strings: readonly string[], values: readonly unknown[], text?: string) {
    if (strings.length !== values.length + 1) {
      throw new ValidationError(
        "sql",
        `it has ${strings.length} strings for ${values.length} values; give one string more than values`,
      );
    }
    if (values.length > MAX_PARAMETERS) {
      throw new ValidationError(
        "sql",
        `it has ${values.length} values, the protocol allows 65,535; bind arrays and use unnest($1) or = any($1)`,
      );
    }
    this.strings = strings;
    this.values = values;
    this.#text = text;
  }

  /** The statement as PostgreSQL takes it, with `$1`, `$2`, … for the values. */
  get text(): string {
    return this.#text ??= textOf(this.strings);
  }

  /** What is printed and serialized: the text and the number of values, never a value. */
  toJSON(): { readonly text: string; readonly parameters: number } {
    return { text: this.text, parameters: this.values.length };
  }
}

// Below sql-template-tag's class without its constructor, which copies both arrays for each statement: a template's
// own arrays are kept, and its `instanceof` holds, so that its fragments take ours in.
Object.setPrototypeOf(Sql.prototype, BaseSql.prototype);

for (const name of ["nodejs.util.inspect.custom", "Deno.customInspect"]) {
  Object.defineProperty(Sql.prototype, Symbol.for(name), {
    value(this: Sql): string {
      return `Sql { text: ${JSON.stringify(this.text)}, parameters: ${this.values.length} }`;
    },
  });
}

/** The {@link sql} tag and what belongs to it. */
export interface SqlTag {
  /** Makes a statement or a fragment; `Row` is the type of its rows. */
  <Row = UnknownRow>(strings: TemplateStringsArray, ...values: SqlValue[]): Sql<Row>;
  /** The fragment without text, for a part that is left out. */
  readonly empty: Sql;
  /**
   * Puts fragments or values one after the other.
   *
   * @param items At least one fragment or value.
   * @param separator What stands between them. Default `, `.
   * @throws {ValidationError} When there are no items.
   */
  join(items: readonly SqlValue[], separator?: Sql): Sql;
  /**
   * Quotes a name; several parts are joined by dots.
   *
   * @param parts For example a schema, a table and a column.
   * @throws {ValidationError} When a part is empty, holds a NUL, or is longer than 63 bytes.
   */
  identifier(...parts: readonly [string, ...string[]]): Sql;
  /**
   * Takes a plain string as SQL. Whatever is in it is run: never put input from outside into it.
   *
   * @param text SQL; `$1`, `$2`, … stand for the values.
   * @param values The values, when there are any.
   * @throws {ValidationError} When the placeholders do not match the values.
   */
  unsafe<Row = UnknownRow>(text: string, values?: readonly SqlValue[]): Sql<Row>;
}

/** The fragment without text. */
const EMPTY: Sql = new Sql([""], []);
const COMMA: Sql = new Sql([", "], []);

function tag<Row>(strings: TemplateStringsArray, ...values: unknown[]): Sql<Row> {
  if (strings?.raw === undefined) {
    throw new ValidationError(
      "sql",
      "it was called as a function; write sql`…`, or sql.unsafe(text) for text that is known to be safe",
    );
  }
  return hasFragment(values) ? flatten(strings, values) : new Sql<Row>(strings, values);
}

/**
 * Makes a statement whose text is a tagged template. Values are bound as parameters and never become text;
 * fragments, columns and models nest.
 *
 * @example
 * ```ts
 * import { sql } from "@lifeguard/core";
 * const ids = [1, 2, 3];
 * const query = sql<{ id: number }>`select id from ${sql.identifier("public", "users")} where id = any(${ids})`;
 * console.assert(query.text === 'select id from "public"."users" where id = any($1)');
 * ```
 */
export const sql: SqlTag = Object.assign(tag, {
  empty: EMPTY,
  join(items: readonly SqlValue[], separator: Sql = COMMA): Sql {
    if (items.length === 0) {
      throw new ValidationError(
        "sql.join",
        "there are no items to join; leave the part out with sql.empty, or use = any($1) with an array",
      );
    }
    assertSql(separator, "the separator of sql.join");
    const parts: unknown[] = [items[0]];
    for (let i = 1; i < items.length; i++) parts.push(separator, items[i]);
    hasFragment(parts);
    return flatten(new Array<string>(parts.length + 1).fill(""), parts);
  },
  identifier(...parts: readonly [string, ...string[]]): Sql {
    return new Sql([parts.length === 1 ? quoteIdentifier(parts[0]) : quoteParts(parts)], []);
  },
  unsafe<Row = UnknownRow>(text: string, values: readonly SqlValue[] = []): Sql<Row> {
    if (typeof text !== "string") {
      throw new ValidationError("sql.unsafe", `the text is ${describe(text)}; give a string`);
    }
    if (text.includes("\0")) throw new ValidationError("sql.unsafe", "the text holds a NUL; remove it");
    if (values.length === 0) return new Sql<Row>([text], []);
    const { strings, order } = splitPlaceholders(text, values.length);
    const bound = order.map((index) => values[index]);
    return hasFragment(bound) ? flatten(strings, bound) : new Sql<Row>(strings, bound);
  },
});

/**
 * Asserts that a value is a statement made by {@link sql}, so that a plain string never runs.
 *
 * @param value What the caller gave.
 * @param subject What it was given as. Default `"the statement"`.
 * @throws {ValidationError} When it is not.
 */
export function assertSql(value: unknown, subject = "the statement"): asserts value is Sql {
  if (value instanceof Sql) return;
  throw new ValidationError(
    subject,
    `it is ${describe(value)}; write it with the sql tag: sql\`…\`${
      typeof value === "string" ? ", or sql.unsafe(text) for text that is known to be safe" : ""
    }`,
  );
}

function textOf(strings: readonly string[]): string {
  if (strings.length === 1) return strings[0];
  if ((strings as TemplateStringsArray).raw === undefined) return numberPlaceholders(strings);
  let text = TEXTS.get(strings);
  if (text === undefined) TEXTS.set(strings, text = numberPlaceholders(strings));
  return text;
}

function numberPlaceholders(strings: readonly string[]): string {
  let text = strings[0];
  for (let i = 1; i < strings.length; i++) text += "$" + i + strings[i];
  return text;
}

/** Checks values, puts its fragment in the place of each that offers one, and tells whether any is a fragment. */
function hasFragment(values: unknown[]): boolean {
  let found = false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    switch (typeof value) {
      case "string":
      case "number":
      case "boolean":
      case "bigint":
        break;
      case "object":
        if (value === null) break;
        if (!(value instanceof BaseSql)) {
          const offered = (value as Partial<Record<typeof FRAGMENT, Sql>>)[FRAGMENT];
          if (offered === undefined) {
            refuseObject(value, values, i);
            break;
          }
          values[i] = offered;
        }
        found = true;
        break;
      default:
        throw refused(values, i, describe(value));
    }
  }
  return found;
}

function refuseObject(value: object, values: readonly unknown[], index: number): void {
  if (value instanceof Promise) throw refused(values, index, "a promise, not yet awaited");
  if (Array.isArray(value) && value[0] instanceof BaseSql) {
    throw refused(values, index, "an array of fragments, which sql.join puts into one");
  }
}

function refused(values: readonly unknown[], index: number, what: string): ValidationError {
  let position = 1;
  for (let i = 0; i < index; i++) {
    const value = values[i];
    position += value instanceof BaseSql ? value.values.length : 1;
  }
  return new ValidationError(
    `parameter $${position} of sql`,
    `it is ${what}; give null (PostgreSQL's NULL), a string, number, bigint, boolean, array, object or a sql fragment`,
  );
}

/** Puts the nested fragments' strings and values in line. */
function flatten<Row>(outer: readonly string[], inner: readonly unknown[]): Sql<Row> {
  const strings: string[] = [];
  const values: unknown[] = [];
  let pending = outer[0];
  for (let i = 0; i < inner.length; i++) {
    const child = inner[i];
    if (child instanceof BaseSql) {
      if (!(child instanceof Sql)) hasFragment([...(child as BaseSql).values]);
      pending += child.strings[0];
      for (let j = 0; j < child.values.length; j++) {
        strings.push(pending);
        values.push(child.values[j]);
        pending = child.strings[j + 1];
      }
    } else {
      strings.push(pending);
      values.push(child);
      pending = "";
    }
    pending += outer[i + 1];
  }
  strings.push(pending);
  return new Sql<Row>(strings, values);
}

function quoteParts(parts: readonly string[]): string {
  if (parts.length === 0) throw new ValidationError("sql.identifier", "it has no parts; give a name");
  return parts.map(quoteIdentifier).join(".");
}

function describe(value: unknown): string {
  if (value === undefined) return "undefined";
  if (value === null) return "null";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
