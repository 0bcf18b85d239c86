/**
 * One value of all of a query's rows.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { Expression } from "../building/expression.ts";
import { fn } from "../building/functions/fn.ts";
import type { SelectQuery } from "../building/select_query.ts";
import type { ValueRow } from "../building/functions/sources.ts";
import type { DerivedSource } from "../building/source.ts";
import type { Clause } from "../compiling/shape.ts";

/** What rows are reduced to. */
export type Reduction = "sum" | "avg" | "min" | "max";

const REDUCTIONS: Readonly<Record<Reduction, (expression: Expression<number>) => Sql>> = {
  sum: fn.sum,
  avg: fn.avg,
  min: fn.min,
  max: fn.max,
};
const WHOLE: readonly Clause[] = ["distinct", "groupBy", "having", "combine"];

/**
 * The query of a sum, an average, or the least or greatest value of an expression over the rows of a query.
 *
 * @throws {ValidationError} When the query's rows are not its tables' rows.
 */
export function reducedQuery(query: SelectQuery, reduction: Reduction, expression: unknown): SelectQuery {
  const subject = `${reduction}() of ${query.subject}`;
  if (!(expression instanceof Expression)) {
    throw new ValidationError(subject, "what it is of is no column and no expression; give one");
  }
  const { parts } = query.shape;
  const whole = parts.find(({ clause }) => WHOLE.includes(clause));
  if (whole !== undefined) {
    throw new ValidationError(
      subject,
      `the query has ${whole.clause}, after which its rows are others; select fn.${reduction}(…), or name the query and select from it`,
    );
  }
  if (!parts.some(({ clause }) => clause === "limit" || clause === "offset")) {
    return query.dropping(["orderBy", "select", "only", "add", "lock"])
      .select({ value: REDUCTIONS[reduction](expression as Expression<number>) });
  }
  const rows = query.dropping(["select", "only", "add"]).select({ value: expression });
  const source = rows.as("rows") as DerivedSource<ValueRow<number>, "rows">;
  return query.fromDerived(source).select({ value: REDUCTIONS[reduction](source.value) });
}
