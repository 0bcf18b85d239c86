/**
 * A session that one caller has for itself, outside a transaction.
 *
 * @module
 */
import { LeaseQueryable } from "./lease_queryable.ts";

/**
 * A session of your own: settings, temporary tables, prepared commands and locks last until it is released, and are
 * then removed before the next user gets it.
 *
 * @example
 * ```ts
 * import { Pool, sql } from "@lifeguard/core";
 * await using pool = new Pool("pglite:");
 * {
 *   await using session = await pool.reserve();
 *   await session.execute(sql`set statement_timeout = '5s'`);
 *   console.assert(await session.value(sql`show statement_timeout`) === "5s");
 * }
 * console.assert(await pool.value(sql`show statement_timeout`) === "0");
 * ```
 */
export class ReservedSession extends LeaseQueryable implements AsyncDisposable {
  /** Gives the session back; resolves when it is clean. A second call does nothing. */
  async release(): Promise<void> {
    this.lease.isDirty = true;
    await this.lease.release();
  }

  /** The same as {@link ReservedSession.release}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
