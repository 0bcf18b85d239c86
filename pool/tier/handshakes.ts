/**
 * The handshakes of one pool: how many run at once, and how many may fail in a second, over all its connections.
 *
 * A handshake is one attempt to connect, from the first packet to the session being ready. Whoever wants to make one,
 * the primary's tier, a replica's, or the subscriptions, waits in a line for it: there is one line for what connects
 * to the primary and one for all replicas.
 *
 * ## Invariants
 *
 * - H1 At most {@link PLACES} handshakes are under way.
 * - H2 All replicas together have at most one of them, so that replicas that answer nothing cannot keep the primary from
 *   being connected. The primary takes a second one only while no replica could begin, so that a primary that answers
 *   nothing keeps them waiting for one connect timeout at most.
 * - H3 Of the handshakes that began within any second, at most {@link PER_SECOND} failed or are under way, of those with
 *   replicas at most half; while a replica waits the primary begins no more than half either.
 * - H4 Within a line it goes by turns: who has got a handshake is behind all others for the next.
 *
 * @module
 */

/** Handshakes that may be under way at the same time. */
const PLACES = 2;
/** Handshakes that may fail in a second. */
const PER_SECOND = 10;
/** How many of these one of the two lines may use up, where the other is to have its part. */
const PART = PER_SECOND / 2;
/** Milliseconds of a second, and some more, since a server may see attempts closer together than they began. */
const SECOND = 1_050;

/** What a handshake is with. */
export type HandshakePeer = "primary" | "replica";

/** What came of a handshake; one that was not begun is `unused`. */
export type HandshakeOutcome = "made" | "failed" | "unused";

/** The right to make one handshake; whoever has it must end it. */
export interface Handshake {
  /** Ends it. */
  end(outcome: HandshakeOutcome): void;
}

/** Where one tier, or the subscriptions, get their handshakes from. */
export interface HandshakeLine {
  /** Waits for the right to make one; rejects with the signal's reason. */
  begin(signal: AbortSignal): Promise<Handshake>;
  /** A connection was lost as soon as it was made: its handshake counts as one that failed. */
  wasted(): void;
}

interface Waiting {
  readonly peer: HandshakePeer;
  readonly grant: (handshake: Handshake) => void;
}

interface Begun {
  readonly peer: HandshakePeer;
  readonly at: number;
}

/** All handshakes of a pool. */
export class Handshakes {
  readonly #waiting: Readonly<Record<HandshakePeer, Set<Waiting>>> = {
    primary: new Set(),
    replica: new Set(),
  };
  readonly #underWay: Record<HandshakePeer, number> = { primary: 0, replica: 0 };
  /** Those that failed or are under way, in the order in which they began; pruned of what is older than a second. */
  #recent: Begun[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Where to get handshakes with a peer from. */
  line(peer: HandshakePeer): HandshakeLine {
    return {
      begin: (signal) => this.#begin(peer, signal),
      wasted: () => void this.#recent.push({ peer, at: performance.now() }),
    };
  }

  #begin(peer: HandshakePeer, signal: AbortSignal): Promise<Handshake> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const waiting: Waiting = {
        peer,
        grant: (handshake) => {
          signal.removeEventListener("abort", onAbort);
          resolve(handshake);
        },
      };
      const onAbort = (): void => {
        this.#waiting[peer].delete(waiting);
        this.#grant();
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting[peer].add(waiting);
      this.#grant();
    });
  }

  /** Gives handshakes to who waits, as far as there are any. */
  #grant(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = performance.now();
    this.#recent = this.#recent.filter(({ at }) => now - at < SECOND);
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#waiting[next.peer].delete(next);
      next.grant(this.#start(next.peer, now));
    }
    const { primary, replica } = this.#underWay;
    const isWanted = this.#waiting.primary.size + this.#waiting.replica.size > 0;
    // Where places are taken, the end of a handshake is what is waited for.
    if (isWanted && primary + replica < PLACES && this.#recent.length > 0) {
      this.#timer = setTimeout(() => this.#grant(), Math.ceil(SECOND - (now - this.#recent[0].at)) + 1);
    }
  }

  #start(peer: HandshakePeer, at: number): Handshake {
    const begun: Begun = { peer, at };
    let isUnderWay = true;
    this.#underWay[peer]++;
    this.#recent.push(begun);
    return {
      end: (outcome) => {
        if (!isUnderWay) throw new Error("BUG: a handshake has ended twice");
        isUnderWay = false;
        this.#underWay[peer]--;
        if (outcome !== "failed") this.#recent = this.#recent.filter((other) => other !== begun);
        this.#grant();
      },
    };
  }

  /** Who may begin now. */
  #next(): Waiting | undefined {
    const { primary, replica } = this.#underWay;
    if (primary + replica >= PLACES || this.#recent.length >= PER_SECOND) return undefined;
    const [first] = this.#waiting.primary;
    const [second] = this.#waiting.replica;
    const ofReplicas = this.#recent.reduce((count, { peer }) => peer === "replica" ? count + 1 : count, 0);
    const replicaMay = second !== undefined && replica === 0 && ofReplicas < PART;
    const primaryMay = first !== undefined && (primary === 0 || !replicaMay) &&
      (second === undefined || this.#recent.length - ofReplicas < PART);
    return primaryMay ? first : replicaMay ? second : undefined;
  }
}
