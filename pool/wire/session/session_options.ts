/**
 * What a session is made of, what it tells, and which states it has.
 *
 * @module
 */
import type { ConnectionError } from "../errors.ts";
import type { BackendKey } from "../message/backend.ts";
import type { Transport } from "../transport/transport.ts";
import type { AsideListener } from "./asides.ts";
import type { DatabaseKnowledge } from "./database_knowledge.ts";
import type { Exchange } from "./exchange.ts";
import type { Session } from "./session.ts";

/** Whether a session takes work. */
export type SessionState = "starting" | "ready" | "closing" | "closed";
/** Idle, in a transaction, in a failed transaction. */
export type TransactionStatus = "I" | "T" | "E";

/** What a session tells its owner. Nothing here may throw. */
export interface SessionListener extends AsideListener {
  /** Something settled in the last chunk of bytes, so there may be room for more work. */
  progress(session: Session): void;
  /**
   * The session is closed; called once. `unsettled` are the exchanges without an answer, in order: the owner settles
   * each, or submits it elsewhere.
   */
  closed(session: Session, error: ConnectionError, unsettled: readonly Exchange[]): void;
}

/** What a session is made of. */
export interface SessionOptions {
  /** The connected transport, on which nothing was sent. */
  readonly transport: Transport;
  /** What its database's connections share. */
  readonly shared: DatabaseKnowledge;
  /** The longest message accepted, in bytes. */
  readonly maxMessageSize: number;
  /** Sends a CancelRequest with the key; resolves when it cannot hit anything any more. */
  readonly cancel: (key: BackendKey) => Promise<void>;
  /** For messages: who it is connected to. */
  readonly address: string;
}
