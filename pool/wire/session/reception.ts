/**
 * The incoming side of a session: bytes to messages, each to whom it belongs.
 *
 * While the session is starting everything but asides belongs to the startup; afterwards answers belong to the first
 * exchange in flight, by order alone. Whatever cannot belong to anybody ends the session with a `ProtocolError`.
 *
 * @module
 */
import { type AsideListener, takeAside } from "./asides.ts";
import type { ByteSource } from "../byte_source.ts";
import { ConnectionError, LifeguardError, ProtocolError } from "../errors.ts";
import type { Exchange } from "./exchange.ts";
import { Framer } from "./framer.ts";
import type { InFlight } from "./in_flight.ts";
import { type ErrorFields, readErrorFields } from "../message/backend.ts";
import { BACKEND, messageName } from "../message/names.ts";
import { postgresError } from "../postgres_error.ts";
import type { Session } from "./session.ts";
import type { TransactionStatus } from "./session_options.ts";
import type { Startup } from "./startup.ts";

/** What a reception needs of its session. */
export interface ReceptionOwner {
  /** The session, for the exchanges. */
  readonly session: Session;
  /** What waits for answers. */
  readonly inFlight: InFlight;
  /** Who is told of asides. */
  readonly listener: () => AsideListener | undefined;
  /** The startup, while there is one. */
  readonly startup: () => Startup | undefined;
  /** How many groups have been ended by a Sync. */
  readonly groupsSent: () => number;
  /** An exchange that was taken out of the FIFO has all of its answer. */
  readonly answered: (exchange: Exchange) => void;
  /** Another exchange is the first in flight now. */
  readonly headChanged: () => void;
  /** The transaction status at the end of a group, told before its exchanges are answered. */
  readonly statusReported: (status: TransactionStatus) => void;
  /** A group has ended; `again` is to be sent again. */
  readonly groupEnded: (again: readonly Exchange[]) => void;
  /** A manual exchange has failed, so its Sync is due. */
  readonly manualFailed: (exchange: Exchange) => void;
  /** A chunk of bytes was taken. */
  readonly taken: () => void;
}

/** The incoming side of a session. */
export class Reception {
  readonly #owner: ReceptionOwner;
  readonly #framer: Framer;
  #groupWithLateError = 0;

  /** Creates the incoming side of a session for messages of at most `maxMessageSize` bytes. */
  constructor(owner: ReceptionOwner, maxMessageSize: number) {
    this.#owner = owner;
    this.#framer = new Framer(
      maxMessageSize,
      (type, source, offset, end) => {
        const startup = owner.startup();
        if (startup === undefined) this.#message(type, source, offset, end);
        else this.#greeting(startup, type, source, offset, end);
        return owner.session.state !== "closed";
      },
    );
  }

  /** Takes bytes from the server. */
  take(chunk: Uint8Array): void {
    const { session, inFlight, taken } = this.#owner;
    if (session.state === "closed") return;
    try {
      this.#framer.push(chunk);
    } catch (error) {
      session.destroy(
        error instanceof LifeguardError
          ? error
          : new ProtocolError("a message", String(error), { cause: error }),
      );
      return;
    }
    inFlight.measure();
    taken();
  }

  #aside(type: number, source: ByteSource, offset: number, end: number): void {
    const { session, listener } = this.#owner;
    takeAside({ type, source, offset, end }, session.parameters, {
      listener: listener(),
      address: session.address,
    });
  }

  #greeting(startup: Startup, type: number, source: ByteSource, offset: number, end: number): void {
    switch (type) {
      case BACKEND.NoticeResponse:
      case BACKEND.NotificationResponse:
      case BACKEND.ParameterStatus:
        return this.#aside(type, source, offset, end);
      default:
        return startup.receive(type, source, offset, end);
    }
  }

  #message(type: number, source: ByteSource, offset: number, end: number): void {
    switch (type) {
      case BACKEND.ReadyForQuery:
        return this.#readyForQuery(source, offset, end);
      case BACKEND.ErrorResponse:
        return this.#errorResponse(readErrorFields("ErrorResponse", source, offset, end));
      case BACKEND.NoticeResponse:
      case BACKEND.NotificationResponse:
      case BACKEND.ParameterStatus:
        return this.#aside(type, source, offset, end);
      default: {
        const { session, inFlight } = this.#owner;
        const { head } = inFlight;
        if (!inFlight.isDue(head) || head.complete || head.failure !== undefined) {
          throw new ProtocolError(messageName(type), "it came out of order");
        }
        head.receive(type, source, offset, end, session);
        if (head.complete) this.#completed(head);
      }
    }
  }

  /** An exchange has all of its answer but the ReadyForQuery. */
  #completed(head: Exchange): void {
    const { inFlight, answered, headChanged } = this.#owner;
    inFlight.served(head);
    // A read cannot fail any more when its group ends, so its caller need not wait for those behind it.
    if (head.sync !== "shared") return;
    answered(inFlight.take());
    headChanged();
  }

  #readyForQuery(source: ByteSource, offset: number, end: number): void {
    const status = end - offset === 1 ? String.fromCharCode(source.u8(offset)) : "";
    if (status !== "I" && status !== "T" && status !== "E") {
      throw new ProtocolError("ReadyForQuery", "its transaction status is none of I, T, E");
    }
    const { inFlight, groupsSent, statusReported, groupEnded } = this.#owner;
    statusReported(status);
    groupEnded(inFlight.endGroup(groupsSent(), status === "I"));
  }

  #errorResponse(fields: ErrorFields): void {
    const { session, inFlight, groupsSent, manualFailed } = this.#owner;
    const { head } = inFlight;
    const severity = fields.get("V") ?? fields.get("S");
    if (severity === "FATAL" || severity === "PANIC") {
      const cause = postgresError(fields, head?.text);
      return session.destroy(
        new ConnectionError(`Cannot go on with the connection to ${session.address}: ${cause.message}`, {
          cause,
          sqlState: cause.sqlState,
        }),
      );
    }
    if (!inFlight.isDue(head)) {
      // The reads of a group are settled before it ends. That it could not be committed in the end (serializable
      // isolation may say so even of reads) concerns nobody in flight.
      const group = inFlight.groupsEnded + 1;
      if (group <= groupsSent() && this.#groupWithLateError !== group) {
        this.#groupWithLateError = group;
        return;
      }
      throw new ProtocolError("ErrorResponse", "it came out of order");
    }
    if (head.failure !== undefined) throw new ProtocolError("ErrorResponse", "it came out of order");
    // A failing read leaves the server deaf until its group's Sync, which is certainly on its way.
    head.failure = fields;
    if (head.sync === "manual") manualFailed(head);
    inFlight.served(head);
  }
}
