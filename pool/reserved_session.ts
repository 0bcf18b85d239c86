/**
 * A session that one caller has for itself, outside a transaction.
 *
 * @module
 */
import { LeaseQueryable } from "./lease_queryable.ts";
import type { ReservedSession } from "./session_executor.ts";

/** The implementation of {@link ReservedSession}. */
export class LeasedSession extends LeaseQueryable implements ReservedSession {
  async release(): Promise<void> {
    await this.endStreams();
    this.lease.isDirty = true;
    await this.lease.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
