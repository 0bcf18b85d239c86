/**
 * What a tier is made of.
 *
 * @module
 */
import type { ResolvedPoolOptions, TierSize } from "../configuration/pool_options.ts";
import type { DatabaseKnowledge } from "../wire/session/database_knowledge.ts";
import type { Session } from "../wire/session/session.ts";
import type { SessionListener } from "../wire/session/session_options.ts";
import type { HandshakeLine } from "./handshakes.ts";
import type { Lease } from "./lease.ts";

/** How a tier is set up. */
export interface TierOptions {
  /** Its name: `primary`, `replica-1`, … */
  readonly name: string;
  /** Its connections, at least and at most. */
  readonly size: TierSize;
  /** The pool's settings. */
  readonly settings: ResolvedPoolOptions;
  /** Makes one connection, ready for use. */
  readonly connect: (signal: AbortSignal) => Promise<Session>;
  /** Where its attempts to connect take their turn. */
  readonly handshakes: HandshakeLine;
  /** What its connections share. */
  readonly shared: DatabaseKnowledge;
  /** Whether its one connection is the database itself, which must not be closed to be renewed. */
  readonly isEmbedded: boolean;
  /** The lease of this tier that the calling code runs inside, if any. */
  readonly holder: () => Lease | undefined;
  /** What every session tells the pool. */
  readonly events: Pick<SessionListener, "notice" | "notification">;
  /** Statements that bring back what the pool itself keeps in a session that was reset. */
  readonly afterReset: () => readonly string[];
}
