/**
 * Tests that leave nothing behind: each runs in a transaction that is rolled back.
 *
 * @module
 */
import type { Pool } from "../pool/pool.ts";
import type { Transaction } from "../pool/session_executor.ts";
import { ValidationError } from "../pool/wire/errors.ts";
import { printSeed } from "./seed.ts";
import { assertRollbackOptions, type RollbackOptions, TestTransaction } from "./test_transaction.ts";

/** Thrown to roll back; nobody sees it. */
const ROLLED_BACK = new Error("the test is over");

/**
 * Runs a test in a transaction that is rolled back afterwards, whatever happens. The transaction is handed over as a
 * pool: any number of callers use it at once, a statement that fails takes nothing else with it, and a transaction of
 * the code under test is a savepoint.
 *
 * @param pool Where; a pool, or another test's transaction.
 * @param work The test.
 * @param options How long calls wait for each other; the function that receives contexts.
 * @returns What the test returned.
 *
 * @example
 * ```ts
 * import { sql } from "@lifeguard/core";
 * import { rollback, testPool } from "@lifeguard/core/testkit";
 * await using pool = await testPool({ migrate: [sql`create table notes (body text)`] });
 * await rollback(pool, async (db) => {
 *   await Promise.all(["a", "b"].map((body) => db.execute(sql`insert into notes values (${body})`)));
 *   console.assert(await db.value(sql`select count(*) from notes`) === 2n);
 * });
 * console.assert(await pool.value(sql`select count(*) from notes`) === 0n);
 * ```
 */
export async function rollback<T>(
  pool: Pool,
  work: (db: TestTransaction) => Promise<T> | T,
  options: RollbackOptions = {},
): Promise<T> {
  assertPool(pool);
  assertRollbackOptions(options);
  if (typeof work !== "function") {
    throw new ValidationError("the test of rollback()", `${typeof work} was given; give a function`);
  }
  let outcome: { readonly result: T } | undefined;
  try {
    await pool.transaction(async (tx) => {
      await using db = new TestTransaction(tx, withDefaults(pool, options), () => Promise.resolve());
      outcome = { result: await work(db) };
      await db.close();
      throw ROLLED_BACK;
    });
  } catch (error) {
    if (error !== ROLLED_BACK) {
      printSeed();
      throw error;
    }
  }
  return outcome!.result;
}

/**
 * Begins a transaction that is rolled back when it is closed: for `beforeEach` and `afterEach`, or `await using`.
 *
 * @param pool Where.
 * @param options As for {@link rollback}.
 * @returns The transaction as a pool; `close()` rolls it back.
 *
 * @example
 * ```ts
 * import { sql } from "@lifeguard/core";
 * import { beginRollback, testPool } from "@lifeguard/core/testkit";
 * await using pool = await testPool();
 * {
 *   await using db = await beginRollback(pool);
 *   await db.execute(sql`create table notes (body text)`);
 * }
 * console.assert(await pool.value(sql`select to_regclass('notes')`) === null);
 * ```
 */
export async function beginRollback(pool: Pool, options: RollbackOptions = {}): Promise<TestTransaction> {
  assertPool(pool);
  assertRollbackOptions(options);
  const begun = Promise.withResolvers<Transaction>();
  const closed = Promise.withResolvers<void>();
  const ended = pool.transaction(async (tx) => {
    begun.resolve(tx);
    await closed.promise;
    throw ROLLED_BACK;
  }).catch((error) => {
    if (error !== ROLLED_BACK) begun.reject(error);
  });
  return new TestTransaction(await begun.promise, withDefaults(pool, options), () => {
    closed.resolve();
    return ended;
  });
}

/** A test's pool says itself which function receives contexts. */
function withDefaults(pool: Pool, options: RollbackOptions): RollbackOptions {
  const { sessionContextFunction } = pool as { sessionContextFunction?: string };
  return { ...(sessionContextFunction === undefined ? {} : { sessionContextFunction }), ...options };
}

function assertPool(pool: Pool): void {
  if (typeof (pool as Pool | undefined)?.transaction === "function") return;
  throw new ValidationError(
    "what the test is to run on",
    "it is no pool; give one, as in rollback(pool, async (db) => …)",
  );
}
