/**
 * Aggregates: functions of many rows, with what narrows, orders and windows them.
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import { assertSql, Sql } from "../../../pool/sql/sql.ts";
import { type Composed, list, template } from "../composition.ts";
import { Expression, type ExpressionOptions } from "../expression.ts";
import { OwnSql } from "../traits.ts";
import { compositionFor } from "./invocation.ts";
import { windowOf, type WindowOptions } from "./window_definition.ts";

/** What an aggregate's text is made of. */
export interface AggregateParts {
  /** The function's name. */
  readonly name: string;
  /** Its arguments. */
  readonly args: readonly unknown[];
  /** Whether it takes equal values once. */
  readonly distinct?: boolean;
  /** The order of the rows inside it. */
  readonly orders?: readonly Sql[];
  /** The order of the rows of an ordered-set aggregate: `within group`. */
  readonly within?: readonly Sql[];
  /** Which rows it takes. */
  readonly condition?: Sql;
}

const ORDERS = list("", ", ", "");
const FILTER = template("", " filter (where ", ")");
const WITHIN = template("", " within group (order by ", ")");
const OVER = template("", " over (", ")");

/** A function over a window: `over (…)` makes an expression of it. */
export class WindowFunction<Value, Null, From extends string> {
  readonly #call: Sql;
  readonly #options: ExpressionOptions;

  /** Keeps the call; `fn` makes it. */
  constructor(call: Sql, options: ExpressionOptions = {}) {
    this.#call = call;
    this.#options = options;
  }

  /**
   * Says which rows it is computed over.
   *
   * @param window The name of a window of the query, or a window. Default: all rows.
   */
  over(window: string | Sql | WindowOptions = {}): Expression<Value, Null, From> {
    return over(this.#call, window, this.#options);
  }
}

/**
 * An aggregate: one value of many rows. As it stands it groups; with {@link over} it is computed for each row.
 *
 * @example
 * ```ts
 * import { column, fn, model } from "@lifeguard/core";
 * const Sale = model("sales", { id: column.identity().primaryKey(), shop: column.text(), total: column.integer() });
 * const large = fn.count().filter(Sale.total.gte(100));
 * console.assert(large.text === 'count(*) filter (where "sales"."total" >= $1)');
 * const shops = fn.stringAgg(Sale.shop, ", ").distinct().orderBy(Sale.shop);
 * console.assert(shops.text === `string_agg(distinct "sales"."shop", ', ' order by "sales"."shop")`);
 * ```
 */
export class Aggregate<Value, Null = null, From extends string = string>
  extends Expression<Value, Null, From> {
  readonly #parts: AggregateParts;
  readonly #options: ExpressionOptions;

  /** Creates an aggregate; `fn` does. */
  constructor(parts: AggregateParts, options: ExpressionOptions = {}) {
    super(compose(parts), { ...options, grouped: true });
    this.#parts = parts;
    this.#options = options;
  }

  /** Takes equal values once. */
  distinct(): Aggregate<Value, Null, From> {
    return this.#with({ distinct: true });
  }

  /**
   * Orders the rows inside, for what depends on it: an array, a text.
   *
   * @param orders Columns, `asc()` and `desc()` of them, or fragments.
   */
  orderBy(...orders: readonly Sql[]): Aggregate<Value, Null, From> {
    for (const order of orders) assertSql(order, `an order of ${this.#parts.name}()`);
    return this.#with({ orders: [...this.#parts.orders ?? [], ...orders] });
  }

  /**
   * Takes only rows for which a condition is true.
   *
   * @param condition The condition.
   */
  filter(condition: Sql): Aggregate<Value, Null, From> {
    assertSql(condition, `the filter of ${this.#parts.name}()`);
    return this.#with({ condition });
  }

  /**
   * Computes it for each row, over a window of rows.
   *
   * @param window The name of a window of the query, or a window. Default: all rows.
   */
  over(window: string | Sql | WindowOptions = {}): Expression<Value, Null, From> {
    return over(this, window, { ...this.#options, grouped: this.#nested });
  }

  /** Whether an argument is an aggregate itself: `sum(count(*)) over ()` groups. */
  get #nested(): boolean {
    const { args, orders = [], condition } = this.#parts;
    return [...args, ...orders, condition].some((part) => part instanceof Expression && part.grouped);
  }

  #with(parts: Partial<AggregateParts>): Aggregate<Value, Null, From> {
    return new Aggregate({ ...this.#parts, ...parts }, this.#options);
  }
}

function over<Value, Null, From extends string>(
  call: Sql,
  window: string | Sql | WindowOptions,
  options: ExpressionOptions,
): Expression<Value, Null, From> {
  if (typeof window === "string") {
    const name = quoteIdentifier(window);
    return new Expression(
      compositionFor(`over ${name}`, () => template("", ` over ${name}`)).of([call]),
      options,
    );
  }
  return new Expression(OVER.of([call, window instanceof Sql ? window : windowOf(window)]), options);
}

function compose({ name, args, distinct = false, orders = [], within, condition }: AggregateParts): Composed {
  let call = callOf(name, args, distinct, orders);
  if (within !== undefined) call = WITHIN.of([own(call), own(ORDERS.of(within))]);
  return condition === undefined ? call : FILTER.of([own(call), condition]);
}

function callOf(name: string, args: readonly unknown[], distinct: boolean, orders: readonly Sql[]): Composed {
  const open = `${name}(${distinct ? "distinct " : ""}`;
  if (args.length === 0 && name === "count") {
    return compositionFor("count(*)", () => template("count(*)")).of([]);
  }
  if (orders.length === 0) return compositionFor(`${open},`, () => list(open, ", ", ")")).of(args);
  const ordered = compositionFor(`${open} order by`, () => template(open, " order by ", ")"));
  return ordered.of([own(ORDERS.of(args)), own(ORDERS.of(orders))]);
}

function own(composed: Composed): OwnSql {
  return new OwnSql(composed.strings, composed.values, composed);
}
