/**
 * Which statements are sent, so that a test can say "this page makes two queries".
 *
 * @module
 */
import type { Executor } from "../pool/executor.ts";
import { ValidationError } from "../pool/wire/errors.ts";

/** What was sent while it was recorded; made by {@link recordStatements}. */
export interface RecordedStatements extends Disposable {
  /** The statements' texts in the order of their calls, without values. */
  readonly texts: readonly string[];
  /** How many there are. */
  readonly count: number;
  /** Forgets what was recorded so far. */
  clear(): void;
  /** Ends the recording; what was recorded stays. */
  stop(): void;
}

type Method = (...args: unknown[]) => unknown;

/** The methods whose first argument is a statement, or several. `run` is what every query of a pool goes through. */
const STATEMENT_METHODS = ["run", "stream", "copyFrom", "copyTo", "batch"] as const;
/** The methods of executors that are not the pool's. */
const FOREIGN_METHODS = ["query", "one", "maybeOne", "value", "execute", "stream"] as const;

/**
 * Records every statement that an executor is asked to run, also inside its transactions and reserved sessions.
 * Commands of the pool's own (BEGIN, SAVEPOINT) are not recorded.
 *
 * @param executor A pool, a test's transaction, a transaction.
 * @returns The record; recording ends with its scope, or with `stop()`.
 *
 * @example
 * ```ts
 * import { sql } from "@lifeguard/core";
 * import { recordStatements, testPool } from "@lifeguard/core/testkit";
 * await using pool = await testPool();
 * using sent = recordStatements(pool);
 * await pool.value(sql`select ${1}::int`);
 * await pool.transaction((tx) => tx.query(sql`select 2`));
 * console.assert(sent.count === 2 && sent.texts[0] === "select $1::int");
 * ```
 */
export function recordStatements(executor: Executor): RecordedStatements {
  if (typeof executor?.query !== "function") {
    throw new ValidationError("what is to be recorded", "it is no pool and no transaction; give one");
  }
  if (["query", "run", "transaction"].some((name) => Object.hasOwn(executor, name))) {
    throw new ValidationError("what is to be recorded", "it is being recorded already; stop that first");
  }
  const texts: string[] = [];
  let isRecording = true;
  const note = (given: unknown): void => {
    if (!isRecording) return;
    for (const statement of Array.isArray(given) ? given : [given]) {
      const { text } = (statement ?? {}) as { text?: unknown };
      if (typeof text === "string") texts.push(text);
    }
  };
  const unwatch = watch(executor, note);
  const stop = (): void => {
    isRecording = false;
    unwatch();
  };
  return {
    texts,
    get count() {
      return texts.length;
    },
    clear: () => void (texts.length = 0),
    stop,
    [Symbol.dispose]: stop,
  };
}

/** Puts methods in front of an executor's own; returns what takes them away. */
function watch(executor: object, note: (given: unknown) => void): () => void {
  const target = executor as Record<string, Method | undefined>;
  const own: string[] = [];
  const wrap = (name: string, around: (original: Method) => Method): void => {
    const original = target[name];
    if (typeof original !== "function") return;
    // A transaction that is nested in another than it was asked of is handed over twice.
    if (Object.hasOwn(target, name)) return;
    Object.defineProperty(target, name, { value: around(original), configurable: true, writable: true });
    own.push(name);
  };
  for (const name of typeof target.run === "function" ? STATEMENT_METHODS : FOREIGN_METHODS) {
    wrap(name, (original) => (statement, ...rest) => {
      note(statement);
      return original.call(executor, statement, ...rest);
    });
  }
  wrap("transaction", (original) => (work, ...rest) => {
    if (typeof work !== "function") return original.call(executor, work, ...rest);
    const watched = (tx: object): unknown => {
      watch(tx, note);
      return work(tx);
    };
    return original.call(executor, watched, ...rest);
  });
  wrap("reserve", (original) => async (...args) => {
    const session = await original.apply(executor, args);
    watch(session as object, note);
    return session;
  });
  return () => {
    for (const name of own) delete target[name];
  };
}
