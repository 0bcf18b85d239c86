/**
 * Conditions that columns equal a key, or one of many.
 *
 * @module
 */
import type { AnyColumn } from "../building/column.ts";
import { type Composition, list, template } from "../building/composition.ts";
import { type Condition, Expression } from "../building/expression.ts";

const ANY = template("", " = any(", ")");
const EQUAL = template("", " = ", "");
const AND = list("", " and ", "");
const ROW = list("(", ", ", ")");
const IN_ROWS = template("", " in (select * from ", ")");

/** The condition that columns equal others, or values, one by one; each part is a condition of its own in SQL. */
export function equalParts(columns: readonly AnyColumn[], values: readonly unknown[]): Condition {
  return new Expression(
    AND.of(columns.map((column, index) => new Expression(EQUAL.of([column, values[index]])))),
  );
}

/**
 * The condition that columns equal one of many keys.
 *
 * @param columns The columns.
 * @param keys For each of them the values: an array of the first's values, one of the second's, …
 */
export function equalAny(columns: readonly AnyColumn[], keys: readonly (readonly unknown[])[]): Condition {
  if (columns.length === 1) return new Expression(ANY.of([columns[0], keys[0]]));
  const row = new Expression(ROW.of(columns));
  return new Expression(IN_ROWS.of([row, unnested(columns, keys)]));
}

const UNNESTS = new WeakMap<readonly AnyColumn[], Composition>();

/** `unnest($1::integer[], $2::text[])`: keys as rows. */
export function unnested(
  columns: readonly AnyColumn[],
  keys: readonly (readonly unknown[])[],
): Expression<unknown, unknown> {
  let composition = UNNESTS.get(columns);
  if (composition === undefined) {
    const casts = columns.map(({ settings: { type } }) => `::${type.sql}${"[]".repeat(type.dimensions + 1)}`);
    composition = template("unnest(", ...casts.slice(0, -1).map((cast) => `${cast}, `), `${casts.at(-1)})`);
    UNNESTS.set(columns, composition);
  }
  return new Expression(composition.of(keys));
}
