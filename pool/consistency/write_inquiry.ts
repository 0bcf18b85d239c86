/**
 * Finding out what became of a write whose outcome was lost with its connection, or which has no tick.
 *
 * States of an inquiry: `asking whether it is over` (skipped where that is known) → `taking a tick` → `settled`. What
 * fails is tried again after a pause that doubles; after {@link MOST_TRIES} it is `given up`: the session stays uncertain,
 * so its strong reads stay on the primary, which is slower and right.
 *
 * A transaction is over when `pg_xact_status` says that it was committed or aborted; a statement by itself, whose
 * transaction has no number that anybody knows, when the server process that ran it is gone.
 *
 * @module
 */
import { pause } from "../pause.ts";
import type { PoolLogger } from "../telemetry/pool_log.ts";
import type { CodecRegistry } from "../wire/codec/registry.ts";
import { PostgresError } from "../wire/postgres_error.ts";
import { QueryExchange } from "../wire/session/query_exchange.ts";
import type { ConsistencySession } from "./consistency_session.ts";
import { type Inquiry, lateTick, lateToken, type Unsettled } from "./tick.ts";

/** How often one write is asked after. */
const MOST_TRIES = 20;
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2_000;
/** Milliseconds one question may take. */
const TIMEOUT = 5_000;

const XACT_STATUS = "select pg_xact_status(($1::text)::xid8)::text as status";
const PROCESS = "select exists(select from pg_stat_activity where pid = $1::int) as runs";

/** What inquiries need of a pool. */
export interface InquiryHome {
  /** Runs an exchange on the primary. */
  readonly run: (exchange: QueryExchange) => void;
  /** The codecs of its connections. */
  readonly registry: CodecRegistry;
  readonly logger: PoolLogger | undefined;
  /** Aborts when the pool is closed. */
  readonly closed: AbortSignal;
}

/** The inquiries of one pool. */
export class WriteInquiries implements Inquiry {
  readonly #home: InquiryHome;

  /** There are none yet. */
  constructor(home: InquiryHome) {
    this.#home = home;
  }

  inquire(write: Unsettled, session: ConsistencySession, settled: () => void): void {
    this.#inquire(write, session).then(settled, (error) => {
      if (this.#home.closed.aborted) return;
      this.#home.logger?.warn?.(
        `A write's outcome stays unknown after ${MOST_TRIES} questions; its strong reads go to the primary`,
        { event: "outcome_unknown", error },
      );
    });
  }

  async #inquire(write: Unsettled, session: ConsistencySession): Promise<void> {
    let { isOver } = write;
    for (let tries = 1, wait = FIRST_PAUSE;; tries++, wait = Math.min(LONGEST_PAUSE, 2 * wait)) {
      try {
        isOver ||= await this.#isOver(write);
        if (isOver) {
          const tick = lateTick(this.#home.registry);
          await this.#run(tick);
          session.raise(await lateToken(tick));
          return;
        }
        if (tries >= MOST_TRIES) throw new Error("it is still running");
      } catch (error) {
        if (tries >= MOST_TRIES) throw error;
      }
      await pause(wait, this.#home.closed);
    }
  }

  async #isOver({ xid, processId }: Unsettled): Promise<boolean> {
    if (xid === null) return true;
    if (xid !== undefined) {
      try {
        const { rows } = await this.#run(new QueryExchange(XACT_STATUS, [xid], { readOnly: true }));
        return rows[0].status !== "in progress";
      } catch (error) {
        // A server that does not know the number yet is another one, and the write is not in it.
        if (error instanceof PostgresError && error.sqlState === "22023") return true;
        throw error;
      }
    }
    if (processId === 0) return false;
    const { rows } = await this.#run(new QueryExchange(PROCESS, [processId], { readOnly: true }));
    return rows[0].runs === false;
  }

  async #run(exchange: QueryExchange): Promise<{ readonly rows: readonly Record<string, unknown>[] }> {
    exchange.timeout = TIMEOUT;
    this.#home.run(exchange);
    return await exchange.promise;
  }
}
