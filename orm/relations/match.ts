/**
 * Conditions that columns equal a key, or one of many.
 *
 * @module
 */
import type { AnyColumn } from "../building/column.ts";
import { type Composition, list, template } from "../building/composition.ts";
import { type Condition, Expression } from "../building/expression.ts";
import { unboundedType } from "../definition/unbounded_type.ts";

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
 * @param from The columns the keys are of, whose types may differ.
 * @param keys For each of them the values: an array of the first's values, one of the second's, …
 */
export function equalAny(
  columns: readonly AnyColumn[],
  from: readonly AnyColumn[],
  keys: readonly (readonly unknown[])[],
): Condition {
  if (columns.length > 1) {
    const row = new Expression(ROW.of(columns));
    return new Expression(IN_ROWS.of([row, unnested(columns, from, keys)]));
  }
  const type = differingType(columns[0], from[0]);
  const any = type === undefined ? ANY : composed(`any ${type}`, () => ["", ` = any(`, `::${type}[])`]);
  return new Expression(any.of([columns[0], keys[0]]));
}

/** `unnest($1::integer[], $2::text[])`: keys as rows. */
export function unnested(
  columns: readonly AnyColumn[],
  from: readonly AnyColumn[],
  keys: readonly (readonly unknown[])[],
): Expression<unknown, unknown> {
  const types = columns.map((column, index) =>
    differingType(column, from[index]) ?? unboundedType(column.settings.type)
  );
  const casts = types.map((type) => `::${type}[]`);
  const unnest = composed(
    casts.join(", "),
    () => ["unnest(", ...casts.slice(0, -1).map((cast) => `${cast}, `), `${casts.at(-1)})`],
  );
  return new Expression(unnest.of(keys));
}

/**
 * A key to compare a column with: a value of the column it is of, where that has another type, since not every `bigint` is
 * an `integer`.
 */
export function keyFor(column: AnyColumn, from: AnyColumn, value: unknown): unknown {
  const type = differingType(column, from);
  if (type === undefined) return value;
  return new Expression(composed(`value ${type}`, () => ["", `::${type}`]).of([value]));
}

/** Types whose values are all texts, which PostgreSQL compares with each other as they are. */
const TEXTS: ReadonlySet<string> = new Set(["text", "varchar", "bpchar", "citext", "name"]);

/** The type of a key where PostgreSQL would take it for another: that of the column it is compared with. */
function differingType({ settings: { type } }: AnyColumn, { settings }: AnyColumn): string | undefined {
  const from = settings.type;
  if (type.base === from.base || type.declared !== undefined || from.declared !== undefined) return undefined;
  return TEXTS.has(type.base) && TEXTS.has(from.base) ? undefined : unboundedType(from);
}

const COMPOSED = new Map<string, Composition>();

/** The composition of a name: as many as there are types in a program's keys. */
function composed(name: string, glue: () => readonly string[]): Composition {
  let composition = COMPOSED.get(name);
  if (composition === undefined) COMPOSED.set(name, composition = template(...glue()));
  return composition;
}
