/**
 * Conditions made of conditions.
 *
 * @module
 */
import { assertSql, Sql } from "../../pool/sql/sql.ts";
import type { Advice, WriteSql } from "./advice.ts";
import { type Composition, list, operator, template } from "./composition.ts";
import { type Condition, Expression } from "./expression.ts";

const AND = list("(", " and ", ")", { bare: true });
const OR = list("(", " or ", ")", { bare: true });
const NOT = operator("not (", ")");
const OR_WORD = /\bor\b/i;
const ENCLOSED = template("(", ")");
const TRUE: Condition<never, never> = new Expression({
  strings: ["true"],
  values: [],
  pure: true,
  stable: true,
  grouped: false,
});
const FALSE: Condition<never, never> = new Expression({
  strings: ["false"],
  values: [],
  pure: true,
  stable: true,
  grouped: false,
});

/**
 * True when every condition is; of none, true.
 *
 * @example
 * ```ts
 * import { and, column, model } from "@lifeguard/core";
 * const User = model("users", { id: column.integer().primaryKey(), age: column.integer() });
 * const adult = and(User.age.gte(18), User.age.lt(120));
 * console.assert(adult.text === '("users"."age" >= $1 and "users"."age" < $2)');
 * ```
 */
export function and(...conditions: readonly (Sql | Advice<WriteSql>)[]): Condition {
  return combine(AND, "and", conditions, TRUE);
}

/**
 * True when at least one condition is; of none, false.
 *
 * @example
 * ```ts
 * import { column, model, or } from "@lifeguard/core";
 * const User = model("users", { id: column.integer().primaryKey(), age: column.integer().nullable() });
 * const query = User.find().where(or(User.age.isNull(), User.age.lt(18))).toSQL();
 * console.assert(query.text.endsWith('where ("users"."age" is null or "users"."age" < $1)'));
 * ```
 */
export function or(...conditions: readonly (Sql | Advice<WriteSql>)[]): Condition {
  return combine(OR, "or", conditions, FALSE);
}

/**
 * True when the condition is false; null when it is null.
 *
 * @example
 * ```ts
 * import { column, model, not } from "@lifeguard/core";
 * const User = model("users", { id: column.integer().primaryKey(), email: column.text() });
 * console.assert(not(User.email.like("%@example.org")).text === 'not ("users"."email" like $1)');
 * ```
 */
export function not(condition: Sql | Advice<WriteSql>): Condition {
  assertSql(condition, "the condition of not()");
  return new Expression(NOT.of([condition]));
}

function combine(
  composition: Composition,
  name: string,
  conditions: readonly (Sql | Advice<WriteSql>)[],
  none: Condition,
): Condition {
  const terms = conditions.map((condition) => {
    if (!(condition instanceof Sql)) assertSql(condition, `a condition of ${name}()`);
    return term(condition);
  });
  return terms.length === 0 ? none : new Expression(composition.of(terms));
}

/**
 * A condition that others are joined to by `and`: a fragment of the caller's own that may hold an `or` is put in
 * parentheses.
 *
 * @param condition The condition.
 */
export function term(condition: Sql): Sql {
  if (condition instanceof Expression || !condition.strings.some((text) => OR_WORD.test(text))) {
    return condition;
  }
  return new Expression(ENCLOSED.of([condition]));
}
