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

/** The roots of what queries select from, by the identity of its text. */
const ROOTS = new WeakMap<readonly string[], Shape>();

function rootOf(source: Source): Shape {
  let root = ROOTS.get(source.from.strings);
  if (root === undefined) {
    root = Shape.root(source);
    if (source.from.stable) ROOTS.set(source.from.strings, root);
  }
  return root;
}
