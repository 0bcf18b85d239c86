/**
 * Giving a session to its next user as if nobody had used it before.
 *
 * @module
 */
import type { Lease } from "./lease.ts";
import { TransactionClosedError } from "../pool_errors.ts";
import { ConnectionError } from "../wire/errors.ts";
import type { QueryExchange } from "../wire/session/query_exchange.ts";
import { command } from "../commands.ts";

/** Milliseconds cleaning may take before the connection is thrown away instead. */
const CLEANING_TIMEOUT = 5_000;
/** Milliseconds in which answers that came in time are read at last. */
const LATE_ANSWER = 100;

/**
 * Rolls back what is open, and resets what statements of the lease may have changed.
 *
 * @param lease The lease that ended.
 * @param afterReset Statements that bring back what the pool keeps in its sessions.
 * @returns Undefined when there is nothing to do, else when it is done; it never rejects.
 */
export function cleanSession(lease: Lease, afterReset: () => readonly string[]): Promise<void> | undefined {
  const { session } = lease;
  const isBusy = session.depth > 0;
  if (!isBusy && session.transactionStatus === "I" && !lease.isDirty) return undefined;
  const steps: QueryExchange[] = [];
  if (isBusy || session.transactionStatus !== "I") steps.push(command(session.shared.registry, "ROLLBACK"));
  if (lease.isDirty) {
    steps.push(command(session.shared.registry, "DISCARD ALL"));
    for (const text of afterReset()) steps.push(command(session.shared.registry, text));
  }
  const tooLate = (): void =>
    session.destroy(
      new ConnectionError(
        `Cannot go on with the connection to ${session.address}: it could not be cleaned within ${CLEANING_TIMEOUT} ms`,
      ),
    );
  let timer = setTimeout(() => {
    // Should this process have been stopped meanwhile, answers may be there that nobody has read yet.
    timer = setTimeout(tooLate, LATE_ANSWER);
  }, CLEANING_TIMEOUT);
  // Whatever its user left running is not waited for.
  if (isBusy) session.giveUpAll(() => new TransactionClosedError(lease.purpose));
  for (const step of steps) session.submit(step);
  return Promise.allSettled(steps.map((step) => step.promise)).then((results) => {
    clearTimeout(timer);
    if (lease.isDirty) session.statements.clear();
    const failed = results.find((result) => result.status === "rejected");
    if (failed === undefined || session.state !== "ready") return;
    session.destroy(
      new ConnectionError(`Cannot go on with the connection to ${session.address}: it could not be cleaned`, {
        cause: failed.reason,
      }),
    );
  });
}
