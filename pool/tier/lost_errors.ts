/**
 * What becomes of a lost connection's error for those who were on it or waited for it: one for each, since each has a
 * stack of its own.
 *
 * @module
 */
import type { Lease } from "./lease.ts";
import { ConnectionError } from "../wire/errors.ts";
import type { Exchange } from "../wire/session/exchange.ts";

/** The error of a connection that gives no sign of life. */
export function muteError(address: string, timeout: number): ConnectionError {
  return new ConnectionError(
    `Cannot go on with the connection to ${address}: no answer to a probe within ${timeout} ms`,
  );
}

/** An error of a lost connection, anew for each caller. */
export function lostError(cause: ConnectionError, what: string, outcomeUnknown: boolean): ConnectionError {
  return new ConnectionError(
    outcomeUnknown
      ? `${cause.message}. The statement was sent and its answer is lost, so it may have taken effect; check before repeating it`
      : `${cause.message}. The ${what} did not take effect; it may be repeated`,
    { cause, sqlState: cause.sqlState, outcomeUnknown },
  );
}

/** The error of a statement that the pool's end has cut short. */
export function closedError(isConfirmed: boolean): ConnectionError {
  return new ConnectionError(
    `Cannot finish the statement: the pool was closed; ${
      isConfirmed ? "it did not take effect" : "it may have taken effect, check before repeating it"
    }`,
    { outcomeUnknown: !isConfirmed },
  );
}

/** The same error for one more caller, so that each has its own stack. */
export function anew(error: unknown): unknown {
  if (!(error instanceof ConnectionError)) return error;
  const { message, sqlState, retryable, neverSent } = error;
  return new ConnectionError(message, { cause: error.cause ?? error, sqlState, retryable, neverSent });
}

/** The error of a statement that ran on a lease whose connection was lost. */
export function lostInLease(lease: Lease, exchange: Exchange, error: ConnectionError): ConnectionError {
  // Without its COMMIT a transaction is rolled back, so only the COMMIT's fate is unknown.
  const mayHaveEffect = exchange.mayHaveEffect &&
    (lease.purpose !== "transaction" || exchange.text === "COMMIT");
  return lostError(error, "statement", mayHaveEffect);
}
