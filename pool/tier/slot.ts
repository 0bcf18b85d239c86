/**
 * A persistent place for one connection in a tier.
 *
 * ## States
 *
 *     vacant → connecting → open → (retiring →) vacant
 *                  ↑____________________|            a lost connection leads to `connecting` again, through the connector
 *
 * While `open` a slot is used in one way at a time:
 *
 * - `shared`: statements of any callers, pipelined; idle when none is in flight. With `isSolo` the one in flight may
 *   be slow, so nothing is put behind it.
 * - `leased`: one caller has it for itself.
 * - `probing`, `cleaning`: the tier has it for itself, to see that it lives, or to remove what its last user left.
 *
 * Invariants: only a `shared` slot takes statements from the channel; a slot with `retiring` takes none and is closed
 * once nothing is in flight; a lease has one holder.
 *
 * @module
 */
import type { Lease } from "./lease.ts";
import type { Session } from "../wire/session/session.ts";

/** How an open slot is used. */
export type SlotUse = "shared" | "leased" | "probing" | "cleaning";
/** Whether a slot has a connection. */
export type SlotState = "vacant" | "connecting" | "open";

/** How many statements may stand behind one that is slow now and then. */
const BEHIND_ERRATIC = 1;

/** A persistent place for one connection. */
export class Slot {
  /** Its number in the tier, from 0. */
  readonly index: number;
  state: SlotState = "vacant";
  use: SlotUse = "shared";
  session: Session | undefined = undefined;
  /** Who has it, while it is leased. */
  lease: Lease | undefined = undefined;
  /** Whether the statement in flight may be slow, so that nothing is put behind it. */
  isSolo = false;
  /** Whether a waiting reservation counts on it, so that nothing is put on it. */
  isEarmarked = false;
  /** Whether its connection has answered anything. */
  hasServed = false;
  /** Whether it is in the tier's list of idle slots. */
  isListed = false;
  /** Whether its connection is to be closed as soon as nothing is in flight. */
  isRetiring = false;
  /** Monotonic milliseconds since when it has been idle. */
  idleSince = 0;
  /** Monotonic milliseconds at which its connection was made. */
  connectedAt = 0;
  /** Monotonic milliseconds at which its connection is too old; Infinity for never. */
  expiresAt: number = Infinity;

  /** Creates a vacant slot. */
  constructor(index: number) {
    this.index = index;
  }

  /** Takes a new connection, which is to be renewed after so many milliseconds. */
  open(session: Session, lifetime: number): void {
    this.vacate();
    this.state = "open";
    this.session = session;
    this.hasServed = false;
    this.idleSince = this.connectedAt = performance.now();
    this.expiresAt = this.idleSince + lifetime;
  }

  /** Lets go of its connection, which is lost or about to be closed. */
  vacate(): void {
    this.state = "vacant";
    this.use = "shared";
    this.session = undefined;
    this.lease = undefined;
    this.isSolo = false;
    this.isEarmarked = false;
    this.isRetiring = false;
  }

  /** Whether it could take a statement or a lease at once. */
  get isIdle(): boolean {
    return this.state === "open" && this.use === "shared" && !this.isRetiring && this.session!.idle;
  }

  /** Whether there is something in flight that a quick statement may be put behind. */
  accepts(depth: number, budget: number, now: number): boolean {
    if (
      this.state !== "open" || this.use !== "shared" || this.isSolo || this.isEarmarked || this.isRetiring
    ) {
      return false;
    }
    const session = this.session!;
    if (session.isErratic && session.depth > BEHIND_ERRATIC) return false;
    if (session.depth >= depth || session.expected > budget || session.cancelling || session.blocked) {
      return false;
    }
    const head = session.head;
    // An idle slot may have to be validated first. A head that takes much longer than usual is not worth waiting for.
    return head !== undefined && now - session.headSince <= Math.max(budget, 4 * head.expected);
  }
}
