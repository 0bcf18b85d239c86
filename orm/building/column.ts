/**
 * A column of a model as queries use it: a fragment of `sql`, with the operators that make conditions and orders.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { Sql, sql, type SqlValue } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { ColumnSettings } from "../definition/column_definition.ts";
import { compose, type Condition, Expression } from "./expression.ts";

/** What a column is compared with: a value, or an expression such as another column. Never null or undefined. */
export type Operand<Value> = Value | Sql;

/** How a column is ordered by. */
export interface OrderOptions {
  /** Where nulls stand. Default: last when ascending, first when descending, as in PostgreSQL. */
  readonly nulls?: "first" | "last";
}

/** Any column, whatever its type. */
export type AnyColumn = Column<unknown, unknown>;

/**
 * A column of a model. `Value` is its type where it is not null; `Null` is `null` when it may be.
 *
 * @example
 * ```ts
 * import { column, model, sql } from "@lifeguard/core";
 * const User = model("users", { id: column.integer().primaryKey(), email: column.text() });
 * console.assert(User.email.eq("ada@example.org").text === '"users"."email" = $1');
 * console.assert(sql`lower(${User.email}) = ${"x"}`.text === 'lower("users"."email") = $1');
 * ```
 */
export class Column<Value, Null = never> extends Expression<Value | Null> {
  /** The model's table, as it is known inside a query. */
  readonly table: string;
  /** Its property's name in the model. */
  readonly property: string;
  /** Its name in the database. */
  readonly columnName: string;
  /** What its definition says. */
  readonly settings: ColumnSettings;
  readonly #strings = new Map<string, readonly string[]>();

  /** Creates a column; `model()` does. */
  constructor(table: string, property: string, columnName: string, settings: ColumnSettings) {
    super([`${quoteIdentifier(table)}.${quoteIdentifier(columnName)}`], [], true, true);
    this.table = table;
    this.property = property;
    this.columnName = columnName;
    this.settings = settings;
  }

  /** Equal. Null is never equal: see {@link isNull}. */
  eq(value: Operand<Value>): Condition {
    return this.#compare(" = ", value, "");
  }

  /** Not equal. Null is never unequal: see {@link isNull}. */
  ne(value: Operand<Value>): Condition {
    return this.#compare(" <> ", value, "");
  }

  /** Greater than. */
  gt(value: Operand<Value>): Condition {
    return this.#compare(" > ", value, "");
  }

  /** Greater than or equal to. */
  gte(value: Operand<Value>): Condition {
    return this.#compare(" >= ", value, "");
  }

  /** Less than. */
  lt(value: Operand<Value>): Condition {
    return this.#compare(" < ", value, "");
  }

  /** Less than or equal to. */
  lte(value: Operand<Value>): Condition {
    return this.#compare(" <= ", value, "");
  }

  /** Not less than `low` and not greater than `high`. */
  between(low: Operand<Value>, high: Operand<Value>): Condition {
    this.#check(low);
    this.#check(high);
    if (low instanceof Sql || high instanceof Sql) {
      const [from, to] = [low as SqlValue, high as SqlValue];
      return compose(sql`${this} between ${from} and ${to}`, from, to);
    }
    return new Expression(this.#shape(" between ", " and ", ""), [low, high], true, true);
  }

  /** Equal to one of the values, which are bound as one array; of none, false. */
  in(values: readonly Value[]): Condition {
    return this.#any(" = any(", values);
  }

  /** Equal to none of the values, which are bound as one array; of none, true. */
  notIn(values: readonly Value[]): Condition {
    return this.#any(" <> all(", values);
  }

  /** Null. */
  isNull(): Condition {
    return new Expression(this.#shape(" is null"), [], true, true);
  }

  /** Not null. */
  isNotNull(): Condition {
    return new Expression(this.#shape(" is not null"), [], true, true);
  }

  /** Matches a pattern, in which `%` stands for any characters and `_` for one. */
  like(this: Column<string, unknown>, pattern: Operand<string>): Condition {
    return this.#match(" like ", pattern);
  }

  /** Matches a pattern, in whatever case. */
  ilike(this: Column<string, unknown>, pattern: Operand<string>): Condition {
    return this.#match(" ilike ", pattern);
  }

  /** The order from the least to the greatest. */
  asc(options: OrderOptions = {}): Expression<never> {
    return this.#order(" asc", options);
  }

  /** The order from the greatest to the least. */
  desc(options: OrderOptions = {}): Expression<never> {
    return this.#order(" desc", options);
  }

  /**
   * Checks a value, neither null nor undefined, that is to be written to the column or compared with it.
   *
   * @param value The value.
   * @returns The error to throw when it is of the wrong kind, naming the column and what is allowed.
   */
  refuse(value: unknown): ValidationError | undefined {
    const { type } = this.settings;
    if (type.accepts === undefined || type.accepts(value)) return undefined;
    return new ValidationError(
      this.subject,
      `its type is ${type.sql}${"[]".repeat(type.dimensions)} and ${
        kindOf(value)
      } was given; give ${type.expected}`,
    );
  }

  /** What errors call it. */
  get subject(): string {
    return `column "${this.property}" of model "${this.table}"`;
  }

  #compare(operator: string, value: Operand<Value>, end: string): Condition {
    this.#check(value);
    if (value instanceof Sql) return compose(sql`${this}${new Sql([operator], [])}${value}`, value);
    return new Expression(this.#shape(operator, end), [value], true, true);
  }

  #match(operator: string, pattern: Operand<string>): Condition {
    if (pattern instanceof Sql) return compose(sql`${this}${new Sql([operator], [])}${pattern}`, pattern);
    if (typeof pattern === "string") return new Expression(this.#shape(operator, ""), [pattern], true, true);
    throw new ValidationError(
      this.subject,
      `its pattern for${operator}is ${kindOf(pattern)}; give a string`,
    );
  }

  #any(operator: string, values: readonly Value[]): Condition {
    if (!Array.isArray(values)) {
      throw new ValidationError(
        this.subject,
        `it is looked for in ${kindOf(values)}; give an array of values`,
      );
    }
    if (this.settings.type.dimensions > 0) {
      throw new ValidationError(
        this.subject,
        "it is an array, and PostgreSQL has no list of arrays; combine conditions with or()",
      );
    }
    for (const value of values) this.#check(value);
    return new Expression(this.#shape(operator, ")"), [values], true, true);
  }

  #order(direction: string, options: OrderOptions): Expression<never> {
    const { nulls } = options;
    if (nulls !== undefined && nulls !== "first" && nulls !== "last") {
      throw new ValidationError(this.subject, 'it is ordered with unknown "nulls"; use "first" or "last"');
    }
    return new Expression(
      this.#shape(nulls === undefined ? direction : `${direction} nulls ${nulls}`),
      [],
      true,
      true,
    );
  }

  #check(value: unknown): void {
    if (value === undefined || value === null) {
      throw new ValidationError(
        this.subject,
        `it is compared with ${value}; leave the condition out, or use isNull() or isNotNull()`,
      );
    }
    if (value instanceof Sql) return;
    const refusal = this.refuse(value);
    if (refusal !== undefined) throw refusal;
  }

  /** The column followed by text around placeholders: the same array each time. */
  #shape(first: string, ...rest: readonly string[]): readonly string[] {
    let strings = this.#strings.get(first);
    if (strings === undefined) this.#strings.set(first, strings = [this.strings[0] + first, ...rest]);
    return strings;
  }
}
