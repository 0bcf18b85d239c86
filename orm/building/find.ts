/**
 * Where queries begin.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { Shape } from "../compiling/shape.ts";
import type { ColumnDefinitions } from "../definition/row_types.ts";
import type { Unbound } from "../executing/executor_argument.ts";
import type { Query } from "./query.ts";
import { SelectQuery } from "./select_query.ts";
import { type Joinable, type Source, sourceOf } from "./source.ts";

/**
 * A query of every row of a source that is not soft-deleted and in its default scope.
 *
 * @param shape The source's root.
 * @param executor What it runs on unless it is told otherwise.
 */
export function findIn(shape: Shape, executor: Executor | undefined): SelectQuery {
  const { present, scope } = shape.source;
  let query = new SelectQuery(shape, [], { executor });
  if (present !== undefined) query = query.withPart("where", present, "trashed");
  if (scope !== undefined) query = query.withPart("where", scope, "scope");
  return query;
}

/** The columns of a query that is of no model. */
export type NoColumns = ColumnDefinitions & Readonly<Record<never, never>>;

/**
 * A query of a subquery, a common table expression or an alias.
 *
 * @param source What to select from: `query.as("name")`, a `cte`, a model.
 *
 * @example
 * ```ts
 * import { column, from, model } from "@lifeguard/core";
 * const Sale = model("sales", { id: column.identity().primaryKey(), shop: column.text() });
 * const shops = Sale.find().distinct().select({ shop: Sale.shop }).as("shops");
 * console.assert(from(shops).select({ shop: shops.shop }).toSQL().text ===
 *   'select "shops"."shop" from (select distinct "sales"."shop" from "sales") as "shops"');
 * ```
 */
export function from<Name extends string, Row>(
  source: Joinable<Name> & { readonly "~types": { readonly row: Row } },
): Query<NoColumns, Row, Unbound, Name> {
  const known = sourceOf(source, "from()");
  let query = findIn(rootOf(known), undefined);
  if (known.cte !== undefined) query = query.withCte(source);
  if (known.from.values.length > 0) {
    query = query.add({ clause: "from", label: "", strings: known.from.strings }, known.from);
  }
  return query as unknown as Query<NoColumns, Row, Unbound, Name>;
}

/**
 * The roots of what queries select from, by the identity of its text. The same text can have other columns: a common
 * table expression's is its name alone.
 */
const ROOTS = new WeakMap<readonly string[], Shape[]>();
/** How many sources of the same text are remembered before all are forgotten. */
const MAX_ROOTS = 16;

function rootOf(source: Source): Shape {
  const { strings, stable } = source.from;
  const roots = ROOTS.get(strings) ?? [];
  const known = roots.find((root) => root.source === source || alike(root.source, source));
  if (known !== undefined) return known;
  const root = Shape.root(withoutValues(source));
  if (stable) ROOTS.set(strings, [...(roots.length < MAX_ROOTS ? roots : []), root]);
  return root;
}

/** A source as it is remembered: values are the query's. */
function withoutValues(source: Source): Source {
  if (source.cte === undefined && source.from.values.length === 0) return source;
  const { cte: _, ...rest } = source;
  return { ...rest, from: { ...source.from, values: [] } };
}

/** Whether queries of one source are as those of the other: neither is a model, and their columns are the same. */
function alike(one: Source, other: Source): boolean {
  for (const { present, trashed, scope } of [one, other]) {
    if ((present ?? trashed ?? scope) !== undefined) return false;
  }
  if (one.from.pure !== other.from.pure || one.columns.size !== other.columns.size) return false;
  const columns = [...other.columns.values()];
  return [...one.columns.values()].every(({ property, columnName, conversion, settings }, index) => {
    const column = columns[index];
    return property === column.property && columnName === column.columnName &&
      conversion === column.conversion && settings.skipped === column.settings.skipped &&
      settings.nullable === column.settings.nullable;
  });
}
