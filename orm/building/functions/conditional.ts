/**
 * Expressions that choose between values: https://www.postgresql.org/docs/18/functions-conditional.html.
 *
 * @module
 */
import { assertSql, type Sql } from "../../../pool/sql/sql.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { type Composition, template } from "../composition.ts";
import { Expression, type FromOf, type NullOf, type Operand } from "../expression.ts";
import { compositionFor, conversionOf, given, invoke, type TypedSql, type ValueOf } from "./invocation.ts";
import { TextCase } from "../text_case.ts";
import { alike } from "./literal.ts";

/** The last of some types. */
export type LastOf<Items> = Items extends readonly [...unknown[], infer Last] ? Last : unknown;

/**
 * The first that is not null. It is null in type where the last may be.
 *
 * @param first What may be null.
 * @param others What takes its place.
 *
 * @example
 * ```ts
 * import { coalesce, column, model } from "@lifeguard/core";
 * const User = model("users", { id: column.integer().primaryKey(), nick: column.text().nullable(), name: column.text() });
 * const shown = coalesce(User.nick, User.name);
 * console.assert(shown.text === 'coalesce("users"."nick", "users"."name")');
 * ```
 */
export function coalesce<A extends TypedSql, const Others extends readonly Operand<A["~types"]["value"]>[]>(
  first: A,
  ...others: Others
): Expression<A["~types"]["value"], NullOf<LastOf<Others>>, FromOf<LastOf<Others>>> {
  const parts = [first, ...others];
  return invoke("coalesce", parts, conversionOf(parts));
}

/**
 * Null where both are equal, else the first.
 *
 * @param value The value.
 * @param other What it is not to be.
 */
export function nullif<A extends TypedSql>(
  value: A,
  other: Operand<A["~types"]["value"]>,
): Expression<A["~types"]["value"], null, FromOf<A>> {
  return invoke("nullif", [value, other], conversionOf([value]));
}

/**
 * The greatest of some values; nulls are left out. It is null in type where all may be.
 *
 * @param first A column or an expression.
 * @param others What it is compared with.
 */
export function greatest<A extends TypedSql, const Others extends readonly Operand<A["~types"]["value"]>[]>(
  first: A,
  ...others: Others
): Expression<A["~types"]["value"], NullOf<A>, FromOf<A>> {
  const parts = [first, ...others];
  return invoke("greatest", parts, conversionOf(parts));
}

/**
 * The least of some values; nulls are left out. It is null in type where all may be.
 *
 * @param first A column or an expression.
 * @param others What it is compared with.
 */
export function least<A extends TypedSql, const Others extends readonly Operand<A["~types"]["value"]>[]>(
  first: A,
  ...others: Others
): Expression<A["~types"]["value"], NullOf<A>, FromOf<A>> {
  const parts = [first, ...others];
  return invoke("least", parts, conversionOf(parts));
}

/**
 * The same expression, whose type says that it may be null: a column under `rollup`, `cube` or `groupingSets`.
 *
 * @param expression The expression.
 */
export function nullable<A extends TypedSql>(
  expression: A,
): Expression<A["~types"]["value"], null, A["~types"]["from"]> {
  return new Expression(SAME.of([expression]), conversionOf([expression]));
}

const SAME = template("", "");

/** A value of a case: an operand, or null. */
export type CaseValue = Operand<unknown> | null;

/** Null where a value of a case may be. */
export type CaseNull<O> = O extends null ? null : NullOf<O>;

/** What a value of a case is where it is not null: of a string itself, so that a case can hold labels of an enum. */
export type CaseValueOf<O> = O extends null ? never : O extends string ? O : ValueOf<O>;

/** A `case` to which conditions are added; `else()` or `end()` makes an expression of it. */
export class Case<Value, Null, From extends string> {
  readonly #conditions: readonly Sql[];
  readonly #values: readonly unknown[];

  /** Keeps the branches; {@link caseWhen} makes it. */
  constructor(conditions: readonly Sql[], values: readonly unknown[]) {
    this.#conditions = conditions;
    this.#values = values;
  }

  /**
   * Adds what holds where no condition before was true and this one is.
   *
   * @param condition The condition.
   * @param value The value.
   */
  when<const O extends CaseValue>(
    condition: Sql,
    value: O,
  ): Case<Value | CaseValueOf<O>, Null | CaseNull<O>, From | FromOf<O>> {
    assertSql(condition, "a condition of caseWhen()");
    return new Case([...this.#conditions, condition], [...this.#values, value]);
  }

  /**
   * Adds what holds where no condition was true.
   *
   * @param value The value.
   */
  else<const O extends CaseValue>(
    value: O,
  ): Expression<Value | CaseValueOf<O>, Null | CaseNull<O>, From | FromOf<O>> {
    return this.#compose([...this.#values, value]);
  }

  /** Is null where no condition was true. */
  end(): Expression<Value, null, From> {
    return this.#compose(this.#values);
  }

  #compose<V, N, F extends string>(values: readonly unknown[]): Expression<V, N, F> {
    if (values.every((value) => value === null)) {
      throw new ValidationError("caseWhen()", "every value of it is null; give one that is not");
    }
    for (const value of values) if (value !== null) given("caseWhen", [value]);
    const parts = alike(values, "caseWhen()").map((value) => value === null ? NULL : value);
    const branches = this.#conditions.flatMap((condition, index) => [condition, parts[index]]);
    const rest = parts.slice(this.#conditions.length);
    const composed = caseOf(this.#conditions.length, rest.length).of([...branches, ...rest]);
    const isText = values.every((value) => value === null || typeof value === "string");
    return isText ? new TextCase<V, N, F>(composed) : new Expression(composed, conversionOf(values));
  }
}

const NULL: Sql = new Expression(template("null").of([]));

/** The composition of a `case` of so many branches. */
function caseOf(branches: number, rest: number): Composition {
  return compositionFor(`case ${branches} ${rest}`, () => {
    const glue = ["case when ", " then "];
    for (let i = 1; i < branches; i++) glue.push(" when ", " then ");
    return template(...glue, ...(rest === 1 ? [" else ", " end"] : [" end"]));
  });
}

/**
 * Begins a `case`: the value of the first condition that is true.
 *
 * @param condition The condition.
 * @param value The value where it is true.
 *
 * @example
 * ```ts
 * import { caseWhen, column, model } from "@lifeguard/core";
 * const User = model("users", { id: column.integer().primaryKey(), age: column.integer() });
 * const group = caseWhen(User.age.lt(13), "child").when(User.age.lt(18), "youth").else("adult");
 * console.assert(group.text ===
 *   'case when "users"."age" < $1 then $2::text when "users"."age" < $3 then $4::text else $5::text end');
 * ```
 */
export function caseWhen<const O extends CaseValue>(
  condition: Sql,
  value: O,
): Case<CaseValueOf<O>, CaseNull<O>, FromOf<O>> {
  assertSql(condition, "a condition of caseWhen()");
  return new Case([condition], [value]);
}
