/**
 * In whose transaction or reservation the running code is, so that waiting for itself can be noticed.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Lease } from "../tier/lease.ts";
import type { TransactionSession } from "./transaction.ts";

/** What the running code holds. */
export interface CallingContext {
  /** The slot it has for itself. */
  readonly lease: Lease;
  /** The transaction it runs in, the innermost one. */
  readonly transaction: TransactionSession | undefined;
}

/** The context of the running code. */
export const calling: AsyncLocalStorage<CallingContext> = new AsyncLocalStorage();
