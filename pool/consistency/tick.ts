/**
 * Ticks: a message in the log right after what was written became visible. Where it stands is the writer's token (R2):
 * whatever is at least as new has the write in it.
 *
 * A tick goes behind its write in the same pipeline on the same connection, so that the server comes to it when the
 * write's transaction has ended for everybody, and it costs no round trip.
 *
 * ## Invariants
 *
 * - T1 The write's call resolves after its session has the token.
 * - T2 The tick that counts was sent behind the write's last execution: a write that is sent again gets another one.
 * - T3 A write whose outcome, or whose tick, is not known makes its session uncertain before its call settles, and until a
 *   later tick is known to stand behind whatever became of it.
 *
 * @module
 */
import { within } from "../pause.ts";
import type { CodecRegistry } from "../wire/codec/registry.ts";
import { isOutcomeUnknown } from "../transaction/unknown_outcome.ts";
import { QueryTimeoutError } from "../wire/errors.ts";
import { PostgresError, SQLSTATE } from "../wire/postgres_error.ts";
import type { Escort } from "../wire/session/escort.ts";
import type { Session } from "../wire/session/session.ts";
import type { ConsistencySession } from "./consistency_session.ts";
import { EscortExchange, type EscortStatement } from "./escort_exchange.ts";
import { parseLsn } from "./lsn.ts";
import {
  type LogPlace,
  primaryTimeline,
  SYSTEM,
  systemOf,
  timelineOf,
  wasSystemRefused,
} from "./server_identity.ts";
import type { Token } from "./token.ts";

/** Milliseconds a tick may take when its write has answered. */
const PATIENCE = 2_000;

/** What the server answers a tick. */
export interface TickRow extends LogPlace {
  readonly lsn: string;
}

const TICK_ON_PRIMARY: EscortStatement = {
  text: "select pg_logical_emit_message(false, 'lifeguard', '') as lsn",
  columns: { lsn: "pg_lsn" },
};

const TICK: EscortStatement = {
  text: `select pg_logical_emit_message(false, 'lifeguard', '')::text as lsn,
  pg_walfile_name(pg_current_wal_insert_lsn()) as file`,
  columns: { lsn: "text", file: "text" },
};

const TICK_WITH_SYSTEM: EscortStatement = {
  text: `${TICK.text}, ${SYSTEM}`,
  columns: { ...TICK.columns, system: "text" },
};

const XID: EscortStatement = {
  text: "select pg_current_xact_id_if_assigned()::text as xid",
  columns: { xid: "text" },
};

/** A tick that was sent. */
export class Tick {
  readonly #session: Session;
  readonly #exchange: EscortExchange<TickRow>;

  /** Sends it on a connection, behind what was submitted to it. */
  constructor(session: Session) {
    this.#session = session;
    const statement = primaryTimeline(session) !== undefined
      ? TICK_ON_PRIMARY
      : systemOf(session) === undefined
      ? TICK_WITH_SYSTEM
      : TICK;
    this.#exchange = new EscortExchange(statement, session.shared.registry);
    session.submit(this.#exchange);
  }

  /** Whether its answer has come, or never will. */
  get settled(): boolean {
    return this.#exchange.settled;
  }

  /** What it says, if its answer has come and is understood. */
  get answer(): Token | undefined {
    const row = this.#exchange.answer;
    if (row === undefined) return undefined;
    try {
      return tokenOf(this.#session, row);
    } catch {
      // The write it went behind has succeeded all the same.
      return undefined;
    }
  }

  /** What it says. */
  async token(): Promise<Token> {
    try {
      return tokenOf(this.#session, await this.#exchange.row());
    } catch (error) {
      wasSystemRefused(this.#session, error);
      throw error;
    }
  }

  /** Waits for it, but not for long. */
  async arrived(): Promise<void> {
    if (!this.settled) await within(this.#exchange.promise, PATIENCE);
  }
}

function tokenOf(session: Session, { system, file, lsn }: TickRow): Token {
  // Only the first tick of a connection asks for the timeline.
  const timeline = primaryTimeline(session) ?? timelineOf(session, { system, file, followed: null });
  return { timeline, lsn: parseLsn(lsn) };
}

/** A tick for whatever was written before on any connection. */
export function lateTick(registry: CodecRegistry): EscortExchange<TickRow> {
  return new EscortExchange(TICK_WITH_SYSTEM, registry);
}

/** What a late tick says. */
export async function lateToken(tick: EscortExchange<TickRow>): Promise<Token> {
  return tokenOf(tick.session!, await tick.row());
}

/** What is known of a write whose outcome, or whose tick, is not known. */
export interface Unsettled {
  /** Its transaction's number, if it has one: `null` when it wrote nothing, `undefined` when it is not known. */
  readonly xid: string | null | undefined;
  /** The server process it ran in; 0 where that is not known. */
  readonly processId: number;
  /** Whether it has certainly ended, so that only a tick is missing. */
  readonly isOver: boolean;
}

/** Finds out what became of writes. */
export interface Inquiry {
  /** Asks until a tick stands behind whatever became of a write, then raises the session's token and ends the doubt. */
  inquire(write: Unsettled, session: ConsistencySession, settled: () => void): void;
}

/** The token of one write. */
export class WriteTick implements Escort {
  readonly #session: ConsistencySession;
  readonly #inquiry: Inquiry;
  readonly #ofTransaction: boolean;
  #connection: Session | undefined;
  #tick: Tick | undefined;
  #xid: EscortExchange<{ readonly xid: string | null }> | undefined;

  /**
   * Creates what goes with a write.
   *
   * @param session Whose token it raises.
   * @param inquiry Finds out what became of it when that is not known.
   * @param ofTransaction Whether the write is a COMMIT, before which its transaction's number is asked for.
   */
  constructor(session: ConsistencySession, inquiry: Inquiry, ofTransaction = false) {
    this.#session = session;
    this.#inquiry = inquiry;
    this.#ofTransaction = ofTransaction;
  }

  before(session: Session): void {
    if (!this.#ofTransaction) return;
    this.#xid = new EscortExchange(XID, session.shared.registry);
    session.submit(this.#xid);
  }

  after(session: Session): void {
    this.#connection = session;
    this.#tick = new Tick(session);
  }

  /** Waits until its connection has nothing of it to answer any more. */
  async drained(): Promise<void> {
    await this.#tick?.arrived();
  }

  /** Sends a tick behind what was submitted to a connection, for a write that is no single statement. */
  follow(session: Session): void {
    this.after(session);
  }

  /** As {@link WriteTick.follow}, where nobody waits for it: the session is in doubt until it has come. */
  followAlone(session: Session): void {
    this.after(session);
    void this.#raise(this.#tick!, this.#session.doubt(), true);
  }

  /** The outcome of a write that is no single statement and has a connection for itself, once a tick is behind it. */
  async finishOn<T>(session: Session, outcome: Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await outcome;
    } catch (error) {
      this.follow(session);
      this.failed(error);
      await this.drained();
      throw error;
    }
    this.follow(session);
    await this.arrived();
    return result;
  }

  /** The write's outcome, once the session knows what to make of it. */
  async finish<T>(outcome: Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await outcome;
    } catch (error) {
      this.failed(error);
      throw error;
    }
    // As a rule its answer came together with the write's.
    if (this.#tick !== undefined && !this.#hasRaised(this.#tick)) await this.arrived();
    return result;
  }

  #hasRaised(tick: Tick): boolean {
    const token = tick.answer;
    if (token === undefined) return false;
    this.#session.raise(token);
    return true;
  }

  /** The write has succeeded: raises the token, or leaves the session in doubt. */
  async arrived(): Promise<void> {
    const tick = this.#tick;
    if (tick === undefined || this.#hasRaised(tick)) return;
    await tick.arrived();
    const settled = this.#session.doubt();
    const raised = this.#raise(tick, settled, true);
    if (tick.settled) await raised;
  }

  /** The write has failed: leaves the session in doubt where it may have taken effect. */
  failed(error: unknown): void {
    const tick = this.#tick;
    if (tick === undefined || !isDoubtful(error)) return;
    void this.#raise(tick, this.#session.doubt(), false);
  }

  async #raise(tick: Tick, settled: () => void, isOver: boolean): Promise<void> {
    try {
      this.#session.raise(await tick.token());
      settled();
    } catch (error) {
      // In a transaction that has failed nothing can be committed.
      if (error instanceof PostgresError && error.sqlState === SQLSTATE.failedTransaction) return settled();
      const xid = await this.#xid?.row().then((row) => row.xid, () => undefined);
      this.#inquiry.inquire(
        { xid, processId: processIdOf(this.#connection), isOver },
        this.#session,
        settled,
      );
    }
  }
}

/** The server process a connection is with; behind a pooler the number is one of its own making. */
function processIdOf(session: Session | undefined): number {
  return session?.named ? session.processId : 0;
}

/** Whether something that failed may have taken effect all the same. */
function isDoubtful(error: unknown): boolean {
  if (isOutcomeUnknown(error)) return true;
  // Given up by its caller: the server may have been done with it before it heard of that.
  return !(error instanceof PostgresError) || error instanceof QueryTimeoutError;
}
