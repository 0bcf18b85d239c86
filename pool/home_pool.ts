/**
 * Which pool an executor belongs to: that is the pool itself, a view of it, a transaction or a session on it.
 *
 * @module
 */

/** Names the property in which an executor keeps its pool; the layers above use it, users need not. */
export const HOME_POOL: unique symbol = Symbol("lifeguard.pool");

/** The pool of an executor; the executor itself where it names none. */
export function homePool(executor: object): object {
  return (executor as { readonly [HOME_POOL]?: object })[HOME_POOL] ?? executor;
}
