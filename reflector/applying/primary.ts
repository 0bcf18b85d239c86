/**
 * What a reflector asks of the primary: where its log is, and rows.
 *
 * @module
 */
import { LABELLED, type LabelledRows } from "../../pool/consistency/labelled.ts";
import { parseLsn } from "../../pool/consistency/lsn.ts";
import type { Pool } from "../../pool/pool.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";
import type { StatusBoard } from "../status_board.ts";

/** Milliseconds a question may take. */
const TIMEOUT = 5_000;
/** The first version that flushes without a transaction: https://www.postgresql.org/docs/17/release-17.html */
const FLUSHES_ALONE = 170_000;

/** Where the primary's log is, and of what. */
export interface PrimaryPlace {
  readonly database: string;
  readonly timeline: string;
  /** The insert LSN. */
  readonly lsn: bigint;
}

/** The primary, as a reflector uses it. */
export class Primary {
  readonly pool: Pool;
  readonly #board: StatusBoard;
  #version = 0;

  /** Takes a pool whose primary it is. */
  constructor(pool: Pool, board: StatusBoard) {
    this.pool = pool;
    this.#board = board;
  }

  /** Where everything is: what was visible before is not beyond `lsn`. */
  async place(signal: AbortSignal): Promise<PrimaryPlace> {
    return await this.#timed("place", async () => {
      const { rows, upper, timeline } = await this.pool[LABELLED]<{ database: string; version: number }>(
        sql`select current_database()::text as database, current_setting('server_version_num')::int as version`,
        { signal, timeout: TIMEOUT },
      );
      this.#version = rows[0].version;
      return { database: rows[0].database, timeline, lsn: upper };
    });
  }

  /** The insert LSN: what was visible when it is asked for is not beyond it. */
  async insertLsn(signal: AbortSignal): Promise<bigint> {
    return await this.#timed("floor", async () =>
      parseLsn(
        await this.pool.value<string>(sql`select pg_current_wal_insert_lsn()::text as lsn`, {
          signal,
          timeout: TIMEOUT,
        }),
      ));
  }

  /** Makes the log be flushed beyond where it is now, since that is what versions are counted by. */
  async flush(signal: AbortSignal): Promise<void> {
    await this.#timed("flush", async () => {
      const options = { signal, timeout: TIMEOUT };
      if (this.#version >= FLUSHES_ALONE) {
        await this.pool.query(sql`select pg_logical_emit_message(false, 'lifeguard', '', true)`, options);
      } else {
        await this.pool.batch([
          sql`set local synchronous_commit = local`,
          sql`select pg_logical_emit_message(true, 'lifeguard', '')`,
        ], options);
      }
    });
  }

  /** Reads rows as they come from the server, with the moments they lie between. */
  async read(statement: Sql, signal: AbortSignal): Promise<LabelledRows<Uint8Array>> {
    return await this.#timed(
      "read",
      () => this.pool[LABELLED]<Uint8Array>(statement, { raw: true, signal, timeout: TIMEOUT }),
    );
  }

  /** Runs something that asks the catalogs. */
  async probe<Result>(ask: (pool: Pool) => Promise<Result>): Promise<Result> {
    return await this.#timed("probe", () => ask(this.pool));
  }

  #timed<Result>(operation: string, body: () => Promise<Result>): Promise<Result> {
    return this.#board.timed("postgres", operation, body);
  }
}
