/**
 * Groups of groups, as `groupBy()` takes them.
 *
 * @module
 */
import { assertSql, type Sql } from "../../../pool/sql/sql.ts";
import { type Composition, list } from "../composition.ts";
import { OwnSql } from "../traits.ts";

const SETS = list("grouping sets (", ", ", ")");
const ROLLUP = list("rollup (", ", ", ")");
const CUBE = list("cube (", ", ", ")");
const SET = list("(", ", ", ")");

/** One expression, or several that are one step. */
export type GroupingSet = Sql | readonly Sql[];

/**
 * Groups by each of several sets of expressions; an empty one is all rows together.
 *
 * @param sets The sets.
 *
 * @example
 * ```ts
 * import { column, fn, groupingSets, model, nullable } from "@lifeguard/core";
 * const Sale = model("sales", { id: column.identity().primaryKey(), shop: column.text(), total: column.integer() });
 * const query = Sale.find()
 *   .select({ shop: nullable(Sale.shop), total: fn.sum(Sale.total) })
 *   .groupBy(groupingSets([Sale.shop], []));
 * console.assert(query.toSQL().text.endsWith('group by grouping sets (("sales"."shop"), ())'));
 * ```
 */
export function groupingSets(...sets: readonly GroupingSet[]): Sql {
  return grouping(SETS, "groupingSets()", sets);
}

/**
 * Groups by all the expressions, by all but the last, and so on to all rows together: subtotals and a total.
 *
 * @param steps The expressions, the coarsest first.
 */
export function rollup(...steps: readonly GroupingSet[]): Sql {
  return grouping(ROLLUP, "rollup()", steps);
}

/**
 * Groups by every subset of the expressions.
 *
 * @param steps The expressions.
 */
export function cube(...steps: readonly GroupingSet[]): Sql {
  return grouping(CUBE, "cube()", steps);
}

function grouping(composition: Composition, subject: string, sets: readonly GroupingSet[]): Sql {
  const parts = sets.map((set) => {
    if (!Array.isArray(set)) return set as Sql;
    for (const expression of set) assertSql(expression, `an expression of ${subject}`);
    const composed = SET.of(set);
    return new OwnSql(composed.strings, composed.values, composed);
  });
  for (const part of parts) assertSql(part, `an expression of ${subject}`);
  const composed = composition.of(parts);
  return new OwnSql(composed.strings, composed.values, composed);
}
