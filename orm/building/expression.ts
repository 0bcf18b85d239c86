/**
 * SQL expressions the ORM makes itself. What it knows of them: that they are pure, so that a query made of nothing
 * else may be sent as a read; and that their strings are the same array each time, so that the query's text is
 * found by them.
 *
 * @module
 */
import { Sql, type SqlValue } from "../../pool/sql/sql.ts";

/**
 * An SQL expression of a value's type: a column, a condition, an order. It is a fragment of `sql` like any other.
 */
export class Expression<Value> extends Sql implements Traits {
  /** The type of its value; never set. */
  declare readonly valueType?: Value;
  /** Whether it provably writes nothing and takes no lock. */
  readonly pure: boolean;
  /** Whether its strings are the same array whenever its shape is the same. */
  readonly stable: boolean;

  /** Creates an expression from flat parts; user code gets one from a column. */
  constructor(strings: readonly string[], values: readonly unknown[], pure: boolean, stable: boolean) {
    super(strings, values);
    this.pure = pure;
    this.stable = stable;
  }
}

/** A condition: an expression that is true, false or null. */
export type Condition = Expression<boolean>;

/** What the ORM knows of a fragment. */
export interface Traits {
  /** Whether it provably writes nothing and takes no lock. */
  readonly pure: boolean;
  /** Whether its strings are the same array whenever its shape is the same. */
  readonly stable: boolean;
}

const TEMPLATE: Traits = { pure: false, stable: true };
const UNKNOWN: Traits = { pure: false, stable: false };

/** What is known of a fragment: ours say it themselves; a template's strings are the same each time. */
export function traitsOf(fragment: Sql): Traits {
  if (fragment instanceof Expression) return fragment;
  return (fragment.strings as Partial<TemplateStringsArray>).raw === undefined ? UNKNOWN : TEMPLATE;
}

/** An expression around fragments, whose strings are made anew. */
export function compose<Value>(fragment: Sql, ...parts: readonly SqlValue[]): Expression<Value> {
  const pure = parts.every((part) => !(part instanceof Sql) || traitsOf(part).pure);
  return new Expression(fragment.strings, fragment.values, pure, false);
}
