/**
 * What a query is ordered by, and how its order is made one in which no two rows are equal.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";
import { type AnyColumn, Column } from "../building/column.ts";
import { type Expression, Order } from "../building/expression.ts";
import type { SelectQuery } from "../building/select_query.ts";
import { isOuterJoined } from "../compiling/select.ts";
import type { Clause } from "../compiling/shape.ts";
import type { Table } from "../definition/table.ts";
import { COMPUTED } from "../definition/column_type.ts";

/** One of a query's orders. */
export interface RowOrder {
  /** What is ordered by; its values are the query's. */
  readonly expression: Expression<unknown, unknown>;
  /** The direction. */
  readonly direction: "asc" | "desc";
  /** Where nulls stand. */
  readonly nulls: "first" | "last";
  /** Whether it may be null. */
  readonly nullable: boolean;
  /** The property it is known by, where it is a column. */
  readonly property: string | undefined;
}

const REGROUPED: readonly Clause[] = ["distinct", "groupBy", "having", "combine"];

/** A query's orders, or undefined where one is not known to the ORM. */
export function ordersOf(query: SelectQuery): readonly RowOrder[] | undefined {
  const orders: RowOrder[] = [];
  for (const fragment of query.running.orders ?? []) {
    const order = fragment instanceof Order ? fragment : undefined;
    const expression = order?.expression ?? fragment as Expression<unknown, unknown>;
    if (!isExpression(expression)) return undefined;
    const direction = order?.direction ?? "asc";
    orders.push({
      expression,
      direction,
      nulls: order?.nulls ?? (direction === "asc" ? "last" : "first"),
      nullable: mayBeNull(query, expression),
      property: (expression as { readonly property?: string }).property,
    });
  }
  return orders;
}

function isExpression(fragment: unknown): fragment is Expression<unknown, unknown> {
  return typeof (fragment as { asc?: unknown }).asc === "function";
}

function mayBeNull(query: SelectQuery, expression: Expression<unknown, unknown>): boolean {
  if (!(expression instanceof Column) || expression.settings.nullable === true) return true;
  if (expression.settings.primaryKey !== true && expression.settings.type.base === COMPUTED) {
    return true;
  }
  return isOuterJoined(query.shape);
}

/** The columns that tell the rows of what a query is of apart; none where it is of no table. */
export function keyColumns(query: SelectQuery): readonly AnyColumn[] {
  return (query.shape.source as Partial<Table>).key ?? [];
}

/** The query with the primary key as its last orders, where they are missing and its rows are its tables'. */
export function uniqueOrder(query: SelectQuery): SelectQuery {
  const { parts } = query.shape;
  if (parts.some(({ clause }) => REGROUPED.includes(clause)) || isReduced(query)) return query;
  const orders = ordersOf(query);
  if (orders === undefined) return query;
  const missing = keyColumns(query).filter((column) =>
    !orders.some(({ expression }) => expression.strings === column.strings)
  );
  return missing.length === 0 ? query : query.orderBy(...missing);
}

function isReduced({ shape }: SelectQuery): boolean {
  const select = shape.parts.findLast(({ clause }) => clause === "select");
  return select?.selection?.outputs.some(({ grouped }) => grouped === true) ?? false;
}

/** The error for a query whose orders are not known. */
export function unknownOrder(subject: string): ValidationError {
  return new ValidationError(
    subject,
    "it is ordered by a fragment whose direction is not known; order by columns and expressions: fn.lower(User.name).desc()",
  );
}
