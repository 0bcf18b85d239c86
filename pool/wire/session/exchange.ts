/**
 * One request and its answer in the FIFO of a session.
 *
 * An exchange is `new` → `written` (its bytes are in the session's buffer, `group` names the Sync that ends it) →
 * `sent` (they were given to the transport) → `settled`. A lost connection, a skipped group or a lost statement may
 * take it from `written` or `sent` back to `new` (`reset`). It settles once; what arrives afterwards is discarded.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { ProtocolError, QueryTimeoutError } from "../errors.ts";
import type { Escort } from "./escort.ts";
import type { ErrorFields } from "../message/backend.ts";
import { messageName } from "../message/names.ts";
import type { Plan } from "./plan.ts";
import type { Session } from "./session.ts";

/**
 * How an exchange ends: by a Sync of its `own` (it is its own implicit transaction), by a Sync it may `share` with
 * other reads behind it, by a Sync it sends by itself (`manual`: nothing is written behind it until then), or without
 * one, since a simple `query` is answered with a ReadyForQuery anyway.
 */
export type SyncPolicy = "own" | "shared" | "manual" | "query";

/** What writing an exchange came to: its bytes are in the buffer, or its statement must be prepared first. */
export type WriteOutcome = "written" | "unprepared";

/** A request whose answer is awaited in order. */
export abstract class Exchange {
  /** How it ends. */
  abstract readonly sync: SyncPolicy;
  /** The statement's text, for errors and snapshots. */
  abstract readonly text: string;
  /** Whether the session itself submitted it, so that nobody else is told of it. */
  isInternal = false;
  /** The number of the Sync that ends it, once written. */
  group = 0;
  /** Whether its bytes were given to the transport. */
  sent = false;
  /** Whether its promise is settled. */
  settled = false;
  /** Whether its last message before ReadyForQuery has come. */
  complete = false;
  /** The server's ErrorResponse, if one came. */
  failure: ErrorFields | undefined = undefined;
  /** Milliseconds it may take from when it is submitted, or 0. */
  timeout = 0;
  /** Monotonic milliseconds by which it must have settled, or 0; set when it is first submitted. */
  deadline = 0;
  /** Why its caller does not wait any more, if so; given whether the server confirmed that it was cancelled. */
  givenUp: ((confirmed: boolean) => unknown) | undefined = undefined;
  /** Called once when its answer has ended, even when it was settled before. */
  onAnswer: (() => void) | undefined = undefined;
  /** What watches whether its caller gives it up; stopped when it settles. */
  watch: { stop(): void } | undefined = undefined;
  /** What waits for a session on its behalf, for whoever made it wait. */
  waiter: object | undefined = undefined;
  /** The session it was last submitted to, once it was. */
  session: Session | undefined = undefined;
  /** How often it was sent again. */
  attempts = 0;
  /** How often a cancel for another exchange ended it. */
  hits = 0;
  /** Milliseconds it is expected to take, as the session counted it when it was written. */
  expected = 0;
  /** Whether its statement was known to be erratic when it was written. */
  isErratic = false;
  /** What is known of its statement, once it is. */
  plan: Plan | undefined = undefined;
  /** What goes before and behind it, each time it is sent. */
  escort: Escort | undefined = undefined;

  /** Whether it may be sent again after its connection was lost with it, because it writes nothing. */
  get repeatable(): boolean {
    return false;
  }

  /** Whether the server may have done for good what it asks, when its connection is lost with it. */
  get mayHaveEffect(): boolean {
    return this.sent && !this.repeatable;
  }

  /** Whether another connection may serve it; false for what belongs to one connection, such as a probe. */
  get requeues(): boolean {
    return false;
  }

  /**
   * Appends its messages, without Sync, to the writer.
   *
   * @throws {ValidationError} When it cannot be sent; the session drops what was appended.
   */
  abstract write(session: Session, writer: ByteWriter): WriteOutcome;

  /** Takes one message that belongs to it. Throws ProtocolError for one that may not come now. */
  abstract receive(type: number, source: ByteSource, offset: number, end: number, session: Session): void;

  /** Settles its promise as its answer says; called when its group has ended. */
  abstract settle(session: Session): void;

  /** Settles its promise with an error. A second settlement is ignored. */
  abstract reject(error: unknown): void;

  /** Makes it `new` again, after what it had sent was skipped or lost. */
  reset(_session: Session | undefined): void {
    this.group = 0;
    this.sent = false;
    this.complete = false;
    this.failure = undefined;
    this.plan = undefined;
    this.attempts++;
  }

  /** The error for having taken too long. */
  timeoutError(confirmed: boolean): QueryTimeoutError {
    return new QueryTimeoutError(this.timeout, confirmed || this.repeatable);
  }

  /** The error for a message that may not come now. */
  outOfOrder(type: number): ProtocolError {
    return new ProtocolError(messageName(type), "it came out of order");
  }
}
