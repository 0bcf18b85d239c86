/**
 * Models of materialized views.
 *
 * @module
 */
import type { ColumnDefinitions } from "./definition/row_types.ts";
import type { ModelOptions } from "./definition/model_options.ts";
import type { Unbound } from "./executing/executor_argument.ts";
import type { Refreshing } from "./executing/refresh.ts";
import { model } from "./model.ts";
import type { ExtendedModel, ReservedProperties } from "./model_types.ts";

/** A materialized view: a model that can be refreshed, see {@link materializedView}. */
export type MaterializedView<
  Name extends string,
  Columns extends ColumnDefinitions,
  Args extends readonly unknown[] = Unbound,
> = ExtendedModel<Name, Columns, Args, Refreshing>;

/**
 * Declares a materialized view: a model of a query's rows that are kept until it is refreshed. It is a model in all else,
 * and `createTables()` creates it after what its query is made of.
 *
 * @param name The view's name, without its schema.
 * @param columns The columns by property.
 * @param options The query, indexes, schema, comment.
 * @returns The model, with `refresh()`.
 * @throws {ValidationError} When a name or a column cannot be used.
 *
 * @example
 * ```ts
 * import { column, createTables, index, materializedView, model, Pool, sql } from "@lifeguard/core";
 * const Sale = model("sales", { shop: column.text(), cents: column.integer() });
 * const ShopTotal = materializedView("shop_totals", { shop: column.text(), cents: column.bigint() }, {
 *   query: sql`select shop, sum(cents) as cents from ${Sale} group by shop`,
 *   indexes: (t) => [index(t.shop).unique()],
 * });
 * await using pool = new Pool("pglite:");
 * await createTables([ShopTotal, Sale], pool);
 * await Sale.insert({ shop: "Kiel", cents: 250 }, pool);
 * console.assert(await ShopTotal.find().count(pool) === 0);
 * await ShopTotal.refresh(pool, { concurrently: true });
 * console.assert((await ShopTotal.find().first(pool))?.cents === 250n);
 * ```
 */
export function materializedView<const Name extends string, Columns extends ColumnDefinitions>(
  name: Name,
  columns: Columns & ReservedProperties,
  options: Omit<ModelOptions<NoInfer<Columns>, NoInfer<Name>>, "view"> = {},
): MaterializedView<Name, Columns> {
  const view = model(name, columns as never, { ...options as object, view: "materialized view" });
  return view as unknown as MaterializedView<Name, Columns>;
}
