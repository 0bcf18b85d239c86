/**
 * Statements that go with another one, before and behind it on the same connection, each with a Sync of its own.
 *
 * Invariant: whenever the statement is put into a session's FIFO, also when it is sent again, its escort is anew: what
 * went with an earlier sending says nothing about the last one, whose answer counts.
 *
 * @module
 */
import type { Session } from "./session.ts";

/** What goes with an exchange. */
export interface Escort {
  /** The exchange is about to be put into the FIFO: submits what is to run before it. */
  before?(session: Session): void;
  /** The exchange was put into the FIFO: submits what is to run after it. */
  after?(session: Session): void;
}
