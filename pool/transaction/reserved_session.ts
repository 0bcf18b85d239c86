/**
 * A session that one caller has for itself, outside a transaction.
 *
 * @module
 */
import type { QueryOptions } from "../executor.ts";
import type { Ticks } from "../consistency/ticks.ts";
import type { WriteTick } from "../consistency/tick.ts";
import type { Lease } from "../tier/lease.ts";
import { LeaseQueryable } from "./lease_queryable.ts";
import { TransactionAbortedError } from "../pool_errors.ts";
import type { ReservedSession } from "../session_executor.ts";
import { commitsTransaction } from "../tier/session_state.ts";
import type { Sql } from "../sql/sql.ts";
import { PostgresError } from "../wire/postgres_error.ts";
import type { QueryResult } from "../wire/session/query_exchange.ts";

/** The implementation of {@link ReservedSession}. */
export class LeasedSession extends LeaseQueryable implements ReservedSession {
  /** What failed first since the last statement that succeeded: in a failed transaction none does but its end. */
  #failure: PostgresError | undefined;
  readonly #ticks: Ticks | undefined;

  /** Runs SQL on `lease`; what it writes takes tokens of `ticks`. */
  constructor(lease: Lease, queryTimeout: number, ticks?: Ticks) {
    super(lease, queryTimeout);
    this.#ticks = ticks;
  }

  protected override writes(): WriteTick | undefined {
    return this.#ticks?.take();
  }

  protected override async run(
    statement: Sql<unknown>,
    options: QueryOptions | undefined,
  ): Promise<QueryResult> {
    let result: QueryResult;
    try {
      result = await super.run(statement, options);
    } catch (error) {
      if (error instanceof PostgresError) this.#failure ??= error;
      throw error;
    }
    const cause = this.#failure;
    this.#failure = undefined;
    if (result.tag === "ROLLBACK" && commitsTransaction(statement.text)) {
      throw new TransactionAbortedError({ cause });
    }
    return result;
  }

  async release(): Promise<void> {
    await this.endStreams();
    this.lease.isDirty = true;
    await this.lease.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
