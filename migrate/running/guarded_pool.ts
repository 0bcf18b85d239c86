/**
 * The pool that a `data` function works with: it does nothing more once the run has ended under it.
 *
 * The lock is on another connection than what `data` does. When that is lost another runner may begin, so everything that
 * is under way here is cancelled, and whatever is asked for afterwards is refused.
 *
 * @module
 */
import type { Pool } from "../../pool/pool.ts";
import { anySignal } from "../../pool/with_signal.ts";

/** At which place a method takes its options, where a signal may be among them. */
const OPTIONS_AT: ReadonlyMap<unknown, number> = new Map([
  ["query", 1],
  ["one", 1],
  ["maybeOne", 1],
  ["value", 1],
  ["execute", 1],
  ["stream", 1],
  ["batch", 1],
  ["transaction", 1],
  ["copyTo", 1],
  ["copyFrom", 2],
  ["reserve", 0],
]);

type Method = (...args: unknown[]) => unknown;

/** The same pool until a signal aborts. */
export function guardedPool(pool: Pool, signal: AbortSignal): Pool {
  return new Proxy(pool, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const at = OPTIONS_AT.get(name);
      return (...args: unknown[]): unknown => {
        signal.throwIfAborted();
        return Reflect.apply(value as Method, target, at === undefined ? args : withSignal(args, at, signal));
      };
    },
  });
}

function withSignal(args: readonly unknown[], at: number, signal: AbortSignal): unknown[] {
  const options = (args[at] ?? {}) as { readonly signal?: AbortSignal };
  // What are no options the method refuses itself.
  if (typeof options !== "object") return [...args];
  return Object.assign([...args], { [at]: { ...options, signal: anySignal(signal, options.signal) } });
}
