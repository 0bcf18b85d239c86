/**
 * Work that is one transaction, or a savepoint of the one it is given.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { ValidationError } from "../../pool/wire/errors.ts";

interface Transactional {
  transaction<Result>(work: (tx: Executor) => Promise<Result>): Promise<Result>;
}

/**
 * Runs a function in a transaction.
 *
 * @param subject What errors call the work.
 * @param executor A pool, a transaction or a reserved session.
 * @param work The function.
 * @throws {ValidationError} When what it is to run on has no transactions.
 */
export async function inTransaction<Result>(
  subject: string,
  executor: Executor,
  work: (tx: Executor) => Promise<Result>,
): Promise<Result> {
  if (typeof (executor as Partial<Transactional> | undefined)?.transaction !== "function") {
    throw new ValidationError(
      subject,
      "what it was given to run on has no transactions; give a pool or a transaction",
    );
  }
  return await (executor as unknown as Transactional).transaction(work);
}
