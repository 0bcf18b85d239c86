/**
 * Queries as conditions and as values.
 *
 * @module
 */
import { assertSql, FRAGMENT, type Sql } from "../../../pool/sql/sql.ts";
import { SelectQuery } from "../select_query.ts";
import { outputsOf } from "../../compiling/select.ts";
import { operator, template } from "../composition.ts";
import { type Condition, Expression } from "../expression.ts";

/** A query, as far as it is a part of another. */
export interface Selects<Row> {
  /** The query's rows; no value at run time. */
  readonly "~row"?: Row;
  /** The query as a fragment. */
  readonly [FRAGMENT]: Sql;
}

const EXISTS = template("exists (", ")");
const NOT_EXISTS = operator("not exists (", ")");
const SCALAR = template("(", ")");

/**
 * True where a query has a row. The query may use the columns of the one around it.
 *
 * @param query The query.
 *
 * @example
 * ```ts
 * import { column, exists, model } from "@lifeguard/core";
 * const User = model("users", { id: column.integer().primaryKey() });
 * const Order = model("orders", { id: column.integer().primaryKey(), userId: column.integer() });
 * const buyers = User.find().where(exists(Order.find().where(Order.userId.eq(User.id)).select({ id: Order.id })));
 * console.assert(buyers.toSQL().text ===
 *   'select "users"."id" from "users" where exists (select "orders"."id" from "orders" where "orders"."user_id" = "users"."id")');
 * ```
 */
export function exists(query: Selects<unknown>): Condition<never, never> {
  return new Expression(EXISTS.of([fragmentOfQuery(query, "exists()")]));
}

/**
 * True where a query has no row.
 *
 * @param query The query.
 */
export function notExists(query: Selects<unknown>): Condition<never, never> {
  return new Expression(NOT_EXISTS.of([fragmentOfQuery(query, "notExists()")]));
}

/**
 * The value of a query of one column and at most one row; null where it has none.
 *
 * @param query The query.
 *
 * @example
 * ```ts
 * import { column, fn, model, scalar } from "@lifeguard/core";
 * const Track = model("tracks", { id: column.integer().primaryKey(), length: column.integer() });
 * const average = scalar(Track.as("all").find().select({ value: fn.avg(Track.as("all").length) }));
 * console.assert(Track.length.gt(average).text === '"tracks"."length" > ' +
 *   '(select avg(("all"."length")::double precision) as "value" from "tracks" as "all")');
 * ```
 */
export function scalar<Row>(
  query: Selects<Row>,
): Expression<NonNullable<Row[keyof Row]>, null, never> {
  const fragment = fragmentOfQuery(query, "scalar()");
  const conversion = query instanceof SelectQuery ? outputsOf(query.shape)[0].conversion : undefined;
  return new Expression(SCALAR.of([fragment]), conversion === undefined ? {} : { conversion });
}

function fragmentOfQuery(query: Selects<unknown>, subject: string): Sql {
  const fragment = (query as Partial<Selects<unknown>> | undefined)?.[FRAGMENT];
  assertSql(fragment, `the query of ${subject}`);
  return fragment;
}
