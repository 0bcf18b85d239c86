/**
 * Labelled reads: rows, and between which moments of the database they were read.
 *
 * Three statements go adjacent on one connection and in one write, each with a Sync of its own: where the log is; the
 * statement; where the log is then. So none shares a snapshot with another, whatever isolation the session defaults to
 * (rule R1: an entry's version is read before its row, or it would be newer than what is in it).
 *
 * ## Invariants
 *
 * - L1 `version` was read before the last execution of the statement began, on the same connection: everything that
 *   anybody could see at `version` is in the rows. On a primary it is what is flushed, on a standby what is replayed.
 * - L2 `upper` was read after that execution had ended: nothing later is in the rows. On a primary it is what is inserted.
 *   On a standby it is what was received: a record's changes can be seen a moment before it counts as replayed.
 * - L3 Both are of one timeline, and the server was a standby, or was none, at both.
 * - L4 A statement that is sent again is labelled anew. A first label that was itself sent again may have been read after
 *   the rows, so then everything is read again.
 *
 * @module
 */
import type { CodecRegistry } from "../wire/codec/registry.ts";
import type { WireFormat } from "../wire/codec/codec.ts";
import type { Field } from "../wire/message/backend.ts";
import type { Escort } from "../wire/session/escort.ts";
import type { QueryExchange } from "../wire/session/query_exchange.ts";
import type { Session } from "../wire/session/session.ts";
import { EscortExchange, type EscortStatement } from "./escort_exchange.ts";
import { parseLsn } from "./lsn.ts";
import {
  LOG_PLACE,
  LOG_PLACE_COLUMNS,
  type LogPlace,
  primaryTimeline,
  SYSTEM,
  systemOf,
  timelineOf,
  wasSystemRefused,
} from "./server_identity.ts";
import type { Token } from "./token.ts";

/** Names the pool's method that makes labelled reads; the layers above use it, users need not. */
export const LABELLED: unique symbol = Symbol("lifeguard.labelled");

/** How a labelled read is made. */
export interface LabelledOptions {
  /** Whether rows stay bytes: the body of each DataRow (an i16 count, then an i32 length and bytes for each column). */
  readonly raw?: boolean | undefined;
  /** Gives the read up. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds it may take. */
  readonly timeout?: number | undefined;
  /** A replica answers only when it has replayed this. */
  readonly atLeast?: Token | undefined;
  /** Whether a replica may answer. Default false. */
  readonly replicas?: boolean | undefined;
}

/** Between which moments rows were read. */
export interface Labels {
  /** What was visible at this position is in the rows (L1). */
  readonly version: bigint;
  /** Nothing later than this position is in the rows (L2). */
  readonly upper: bigint;
  /** The timeline of both. */
  readonly timeline: string;
}

/** What a labelled read found. */
export interface LabelledRows<Row = Record<string, unknown>> extends Labels {
  /** The rows, in order. */
  readonly rows: Row[];
  /** Their columns. */
  readonly fields: readonly Field[];
  /** The columns' formats. */
  readonly formats: readonly WireFormat[];
  /** Where the columns' codecs are. */
  readonly registry: CodecRegistry;
  /** The tier that answered: `"primary"`, `"replica-1"` … */
  readonly server: string;
}

interface Before extends LogPlace {
  readonly standby: boolean;
  readonly lsn: string;
}

interface After {
  readonly standby: boolean;
  readonly lsn: string;
  readonly followed: number | null;
}

const FIRST_COLUMNS = `pg_is_in_recovery() as standby,
  case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end::text as lsn`;

const BEFORE: EscortStatement = {
  text: `select ${FIRST_COLUMNS}, ${LOG_PLACE}`,
  columns: { standby: "bool", lsn: "text", ...LOG_PLACE_COLUMNS },
};

const BEFORE_WITH_SYSTEM: EscortStatement = {
  text: `${BEFORE.text}, ${SYSTEM}`,
  columns: { ...BEFORE.columns, system: "text" },
};

const BEFORE_ON_PRIMARY: EscortStatement = {
  text: "select pg_current_wal_flush_lsn() as lsn",
  columns: { lsn: "pg_lsn" },
};

const AFTER_ON_PRIMARY: EscortStatement = {
  text: "select pg_current_wal_insert_lsn() as lsn",
  columns: { lsn: "pg_lsn" },
};

const AFTER: EscortStatement = {
  text: `select pg_is_in_recovery() as standby,
  case when pg_is_in_recovery() then greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
    else pg_current_wal_insert_lsn() end::text as lsn,
  case when pg_is_in_recovery() then greatest((select received_tli from pg_stat_wal_receiver),
    (pg_control_checkpoint()).timeline_id, (pg_control_recovery()).min_recovery_end_timeline) end as followed`,
  columns: { standby: "bool", lsn: "text", followed: "int4" },
};

/** What labels one statement. */
export class Labelling implements Escort {
  #session: Session | undefined;
  #before: EscortExchange<Before> | undefined;
  #after: EscortExchange<After> | undefined;
  /** The timeline, where the server is known to be a primary. */
  #timeline: string | undefined;

  before(session: Session): void {
    this.#session = session;
    this.#timeline = primaryTimeline(session);
    const statement = this.#timeline !== undefined
      ? BEFORE_ON_PRIMARY
      : systemOf(session) === undefined
      ? BEFORE_WITH_SYSTEM
      : BEFORE;
    this.#before = new EscortExchange(statement, session.shared.registry);
    session.submit(this.#before);
  }

  after(session: Session): void {
    this.#after = new EscortExchange(
      this.#timeline === undefined ? AFTER : AFTER_ON_PRIMARY,
      session.shared.registry,
    );
    session.submit(this.#after);
  }

  /**
   * The labels of the statement's last execution; call it when that has answered.
   *
   * @returns Undefined when they say nothing, so that the read must be made again.
   */
  async labels(): Promise<Labels | undefined> {
    const session = this.#session!;
    const before = this.#before!;
    let first: Before;
    try {
      first = before.answer ?? await before.row();
    } catch (error) {
      if (wasSystemRefused(session, error)) return undefined;
      throw error;
    }
    const last = this.#after!.answer ?? await this.#after!.row();
    const timeline = this.#timeline ?? timelineOf(session, first);
    if (before.attempts > 0 || first.standby !== last.standby || first.followed !== last.followed) {
      return undefined;
    }
    return { version: parseLsn(first.lsn), upper: parseLsn(last.lsn), timeline };
  }
}

/** Puts an exchange's rows and their labels together. */
export function labelledRows<Row>(
  exchange: QueryExchange,
  labels: Labels,
  server: string,
): LabelledRows<Row> {
  const { rows, plan, session } = exchange;
  return {
    ...labels,
    rows: rows as Row[],
    fields: plan!.fields,
    formats: plan!.resultFormats,
    registry: session!.shared.registry,
    server,
  };
}
