/**
 * Calls of functions the ORM does not know.
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import { Expression } from "../expression.ts";
import { given, invocation } from "./invocation.ts";

/** How a function is called. */
export interface CallOptions {
  /** Whether it provably writes nothing and takes no lock, so that the query may be sent as a read. Default false. */
  readonly pure?: boolean;
  /** The schema it is in. Default: the search path decides. */
  readonly schema?: string;
}

/**
 * Calls a function of the database's own. A query that holds one is not sent as a read, since it may write, unless it is
 * said to be pure.
 *
 * @param name Its name.
 * @param args Its arguments: values and expressions.
 * @param options Its schema, and whether it is pure.
 *
 * @example
 * ```ts
 * import { call, column, model } from "@lifeguard/core";
 * const User = model("users", { id: column.integer().primaryKey(), email: column.text() });
 * const score = call<number>("score_of", [User.email, 3], { pure: true });
 * console.assert(score.text === '"score_of"("users"."email", $1)');
 * ```
 */
export function call<Value, Null = never>(
  name: string,
  args: readonly unknown[] = [],
  { pure = false, schema }: CallOptions = {},
): Expression<Value, Null> {
  const composed = invocation(qualifiedName(name, schema)).of(given(name, args));
  return new Expression({ ...composed, pure: pure && composed.pure });
}

/** A function's name, quoted. */
export function qualifiedName(name: string, schema: string | undefined): string {
  return schema === undefined ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}
