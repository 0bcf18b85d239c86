/**
 * Output columns by name.
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import { Expression, Order, type OrderOptions } from "../expression.ts";
import { constantStrings } from "../operators/constant.ts";

/** An output column of a query. */
export class Output<Value, Name extends string> extends Expression<Value, never, never> {
  /** The property it is ordered by; never set. */
  declare readonly "~ordered": Name;
  /** Its name. */
  readonly property: Name;

  /** Names a column; {@link output} does. */
  constructor(name: Name) {
    super(constantStrings(quoteIdentifier(name)));
    this.property = name;
  }

  /** The order from the least to the greatest. */
  override asc(options?: OrderOptions): Order<Name> {
    return new Order(this, "asc", options) as Order<Name>;
  }

  /** The order from the greatest to the least. */
  override desc(options?: OrderOptions): Order<Name> {
    return new Order(this, "desc", options) as Order<Name>;
  }
}

/**
 * A column of the query's own output, by the name it is selected under. It can be ordered and grouped by, which is the
 * only way after a `union`.
 *
 * @param name The name.
 *
 * @example
 * ```ts
 * import { column, fn, model, output } from "@lifeguard/core";
 * const Sale = model("sales", { id: column.identity().primaryKey(), shop: column.text(), total: column.integer() });
 * const query = Sale.find().select({ shop: Sale.shop, sum: fn.sum(Sale.total) }).groupBy(Sale.shop);
 * console.assert(query.orderBy(output("sum").desc()).toSQL().text.endsWith('order by "sum" desc'));
 * ```
 */
export function output<Value = unknown, const Name extends string = string>(name: Name): Output<Value, Name> {
  return new Output(name);
}
