/**
 * PostgreSQL's functions by name.
 *
 * @module
 */
import { type AggregateFunctions, AGGREGATES } from "./aggregates.ts";
import { ARRAY, type ArrayFunctions } from "./array.ts";
import { JSONB, type JsonFunctions } from "./json.ts";
import { MATH, type MathFunctions } from "./math.ts";
import { RANGE, type RangeFunctions } from "./range.ts";
import { SEARCH, type SearchFunctions } from "./search.ts";
import { TEXT, type TextFunctions } from "./text.ts";
import { TIME, type TimeFunctions } from "./time.ts";
import { type WindowFunctions, WINDOWS } from "./windows.ts";

/** Every function: see {@link fn}. */
export interface Functions
  extends
    TextFunctions,
    MathFunctions,
    TimeFunctions,
    ArrayFunctions,
    JsonFunctions,
    RangeFunctions,
    SearchFunctions,
    AggregateFunctions,
    WindowFunctions {}

/**
 * PostgreSQL's functions. Each takes columns, expressions, values and fragments, and makes an expression whose type says
 * when it is null.
 *
 * @example
 * ```ts
 * import { column, fn, model } from "@lifeguard/core";
 * const User = model("users", { id: column.integer().primaryKey(), email: column.text(), joined: column.timestamptz() });
 * const query = User.find()
 *   .select({ month: fn.dateTrunc("month", User.joined), users: fn.count() })
 *   .where(fn.lower(User.email).like("%@example.org"))
 *   .groupBy(fn.dateTrunc("month", User.joined));
 * console.assert(query.toSQL().text === `select date_trunc('month', "users"."joined") as "month", count(*) as "users" ` +
 *   `from "users" where lower("users"."email") like $1 group by date_trunc('month', "users"."joined")`);
 * ```
 */
export const fn: Functions = Object.freeze({
  ...TEXT,
  ...MATH,
  ...TIME,
  ...ARRAY,
  ...JSONB,
  ...RANGE,
  ...SEARCH,
  ...AGGREGATES,
  ...WINDOWS,
});
