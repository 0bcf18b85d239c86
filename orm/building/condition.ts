/**
 * Conditions made of conditions.
 *
 * Invariant: the same operator over the same stable strings gives the same strings array, up to a limit on how
 * many are remembered; beyond it the result is the same but its text is built again.
 *
 * @module
 */
import { assertSql, type Sql } from "../../pool/sql/sql.ts";
import { type Condition, Expression, traitsOf } from "./expression.ts";

/** How many different combinations are remembered. */
const MAX_COMBINATIONS = 10_000;
/** How many placeholders a remembered combination has at most. */
const MAX_PARTS = 64;

let remembered = 0;

/** A combination's beginning; the next condition leads to the next. */
class Combination {
  strings: readonly string[] | undefined;
  readonly #next = new WeakMap<readonly string[], Combination>();

  /** The combination with one more condition, or undefined when it is not to be remembered. */
  with(strings: readonly string[]): Combination | undefined {
    let next = this.#next.get(strings);
    if (next === undefined) {
      if (remembered >= MAX_COMBINATIONS) return undefined;
      remembered++;
      this.#next.set(strings, next = new Combination());
    }
    return next;
  }
}

const AND = new Combination();
const OR = new Combination();
const NOT = new Combination();
const TRUE: Condition = new Expression(["true"], [], true, true);
const FALSE: Condition = new Expression(["false"], [], true, true);

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
export function and(...conditions: readonly Sql[]): Condition {
  return combine(AND, "(", " and ", ")", conditions, TRUE);
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
export function or(...conditions: readonly Sql[]): Condition {
  return combine(OR, "(", " or ", ")", conditions, FALSE);
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
export function not(condition: Sql): Condition {
  assertSql(condition, "the condition of not()");
  return build(NOT, "not (", "", ")", [condition]);
}

function combine(
  root: Combination,
  open: string,
  between: string,
  close: string,
  conditions: readonly Sql[],
  none: Condition,
): Condition {
  for (const condition of conditions) assertSql(condition, `a condition of ${between.trim()}()`);
  if (conditions.length === 0) return none;
  return build(
    root,
    conditions.length === 1 ? "" : open,
    between,
    conditions.length === 1 ? "" : close,
    conditions,
  );
}

function build(
  root: Combination,
  open: string,
  between: string,
  close: string,
  conditions: readonly Sql[],
): Condition {
  const values: unknown[] = [];
  let pure = true;
  let known: Combination | undefined = root;
  for (const condition of conditions) {
    const traits = traitsOf(condition);
    pure &&= traits.pure;
    known = traits.stable ? known?.with(condition.strings) : undefined;
    for (const value of condition.values) values.push(value);
  }
  if (known === undefined || values.length > MAX_PARTS) {
    return new Expression(join(open, between, close, conditions), values, pure, false);
  }
  known.strings ??= join(open, between, close, conditions);
  return new Expression(known.strings, values, pure, true);
}

function join(open: string, between: string, close: string, conditions: readonly Sql[]): string[] {
  const strings: string[] = [];
  let pending = open;
  conditions.forEach((condition, index) => {
    if (index > 0) pending += between;
    pending += condition.strings[0];
    for (let i = 1; i < condition.strings.length; i++) {
      strings.push(pending);
      pending = condition.strings[i];
    }
  });
  strings.push(pending + close);
  return strings;
}
