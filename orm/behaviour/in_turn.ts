/**
 * One step after another, waiting only for those that return promises: where none does, nothing is asynchronous, and
 * what throws has the caller's stack.
 *
 * @module
 */

/** Whether something is to be awaited. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
}

/** What a step of {@link inTurn} returns, or resolves with, to be the last one. */
export const STOP: unique symbol = Symbol("stop");

/**
 * Does something with each item, in order.
 *
 * @param items The items.
 * @param step What to do; the next one begins when this one has ended. {@link STOP} ends it all.
 * @returns A promise when a step returned one.
 */
export function inTurn<Item>(
  items: readonly Item[],
  step: (item: Item, index: number) => unknown,
): void | Promise<void> {
  for (let index = 0; index < items.length; index++) {
    const result = step(items[index], index);
    if (isPromise(result)) return goOn(items, step, { result, index });
    if (result === STOP) return;
  }
}

async function goOn<Item>(
  items: readonly Item[],
  step: (item: Item, index: number) => unknown,
  { result, index }: { readonly result: PromiseLike<unknown>; readonly index: number },
): Promise<void> {
  if (await result === STOP) return;
  for (let next = index + 1; next < items.length; next++) {
    if (await step(items[next], next) === STOP) return;
  }
}

/** What comes after something that may be a promise. */
export function followedBy<Result>(
  first: void | Promise<void>,
  next: () => Result | Promise<Result>,
): Result | Promise<Result> {
  return isPromise(first) ? awaited(first, next) : next();
}

async function awaited<Result>(
  first: Promise<void>,
  next: () => Result | Promise<Result>,
): Promise<Result> {
  await first;
  return await next();
}
