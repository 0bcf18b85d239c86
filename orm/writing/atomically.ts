/**
 * Several statements of which all or none take effect, on whatever they run on.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { Sql } from "../../pool/sql/sql.ts";
import { PostgresError, SQLSTATE } from "../../pool/wire/postgres_error.ts";

/** What opens transactions: a pool, or a transaction, of which they are savepoints. */
interface Transactional {
  readonly transaction: <Result>(work: (tx: Executor) => Promise<Result>) => Promise<Result>;
}

const SAVEPOINT: Sql = new Sql(["savepoint lifeguard_write"], []);
const RELEASE: Sql = new Sql(["release savepoint lifeguard_write"], []);
const ROLLBACK_TO: Sql = new Sql(["rollback to savepoint lifeguard_write"], []);
const BEGIN: Sql = new Sql(["begin"], []);
const COMMIT: Sql = new Sql(["commit"], []);
const ROLLBACK: Sql = new Sql(["rollback"], []);

/**
 * Runs work in a transaction of a pool, in a savepoint of a transaction, and on a reserved session in whichever of both
 * its state allows.
 *
 * @param executor What to run on.
 * @param work What to do; it gets what to do it on.
 */
export async function atomically<Result>(
  executor: Executor,
  work: (target: Executor) => Promise<Result>,
): Promise<Result> {
  const { transaction } = executor as Executor & Partial<Transactional>;
  if (typeof transaction === "function") return await transaction.call(executor, work) as Result;
  const inside = await isInTransaction(executor);
  if (!inside) await executor.execute(BEGIN);
  let result: Result;
  try {
    result = await work(executor);
  } catch (error) {
    await undo(executor, inside);
    throw error;
  }
  await executor.execute(inside ? RELEASE : COMMIT);
  return result;
}

/** Sets a savepoint where there is a transaction. */
async function isInTransaction(executor: Executor): Promise<boolean> {
  try {
    await executor.execute(SAVEPOINT);
    return true;
  } catch (error) {
    if (error instanceof PostgresError && error.sqlState === SQLSTATE.noActiveTransaction) return false;
    throw error;
  }
}

async function undo(executor: Executor, inside: boolean): Promise<void> {
  try {
    await executor.execute(inside ? ROLLBACK_TO : ROLLBACK);
    if (inside) await executor.execute(RELEASE);
  } catch {
    // The session is lost, and with it what it did.
  }
}
