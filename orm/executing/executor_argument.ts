/**
 * What a model's calls run on: the executor given to the call, or the one the model is bound to.
 *
 * @module
 */
import type { Executor, QueryOptions } from "../../pool/executor.ts";
import { ValidationError } from "../../pool/wire/errors.ts";

/** The last arguments of a call on a model that is bound to no executor: one must be given. */
export type Unbound = readonly [executor: Executor];
/** The last arguments of a call on a model that is bound: another executor may be given, such as a transaction. */
export type Bound = readonly [executor?: Executor];

/** The options of reads in which nothing can write or lock. */
export const READ: QueryOptions = Object.freeze({ readOnly: true });

/**
 * Finds what a call runs on.
 *
 * @param table The model's table, for the message.
 * @param given What the call was given.
 * @param bound What the model is bound to.
 * @throws {ValidationError} When there is neither, or it cannot run SQL.
 */
export function chooseExecutor(
  table: string,
  given: Executor | undefined,
  bound: Executor | undefined,
): Executor {
  const executor = given ?? bound;
  if (typeof executor?.query === "function") return executor;
  throw new ValidationError(
    `model "${table}"`,
    executor === undefined
      ? "it has no pool to run on; give a pool or a transaction to the call, as in .all(pool), or bind it: User.on(pool)"
      : "what it was given to run on is no pool and no transaction; give one as the last argument",
  );
}
