/**
 * Errors that leave open whether something has taken effect.
 *
 * @module
 */
import { ConnectionError } from "../wire/errors.ts";

/** The error of a COMMIT that was given up before the server answered it. */
export function unknownOutcome(cause: unknown): ConnectionError {
  return new ConnectionError(
    "Cannot tell whether the transaction was committed: it was given up while it committed, and the server has not " +
      "answered; check before repeating it",
    { cause, outcomeUnknown: true },
  );
}

/** Whether an error leaves open whether something has taken effect. */
export function isOutcomeUnknown(error: unknown): boolean {
  return (error as { readonly outcomeUnknown?: unknown } | undefined)?.outcomeUnknown === true;
}
