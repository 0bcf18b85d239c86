/**
 * The FIFO of exchanges in flight: whose answer comes next, which Sync ends whose group, how long all of it will take.
 *
 * How long the server takes is seen from here only: the time between two answers. A time in which this thread did nothing
 * at all says nothing, since it may have stood still itself.
 *
 * Invariants: groups do not decrease along the FIFO; only the first exchange is answered, and only once all groups before
 * its own have ended; `expected` is the sum over what is in the FIFO.
 *
 * @module
 */
import { Deque } from "../deque.ts";
import { ProtocolError } from "../errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Plan } from "./plan.ts";

/** What becomes of exchanges whose group has ended. */
export interface InFlightOwner {
  /** It has all of its answer. */
  readonly answered: (exchange: Exchange) => void;
  /** Whether its failure was meant for another, so that it is to be sent again. */
  readonly hitByMistake: (exchange: Exchange) => boolean;
}

const NONE: readonly Exchange[] = [];

/** Milliseconds in which an answer is quick, whatever this thread did. */
const QUICK = 1;

/** Signs of life of this thread, of which there need not be more than one in a millisecond. */
class Pulse {
  #latest = 0;
  #before = 0;

  /** Takes note of this moment; tells whether there was a sign in the later half of the time until now, too. */
  wasFeltIn(elapsed: number, now: number): boolean {
    const isNew = now - this.#latest > 1;
    const earlier = isNew ? this.#latest : this.#before;
    if (isNew) {
      this.#before = this.#latest;
      this.#latest = now;
    }
    return now - earlier < elapsed / 2;
  }
}

/** All sessions' answers are read by this thread. */
const pulse = new Pulse();

/** The exchanges in flight of one session. */
export class InFlight {
  /** When the first began to be the first, in monotonic milliseconds. */
  headSince = 0;
  /** Milliseconds that all of them are expected to take. */
  expected = 0;
  /** Milliseconds that bytes take to the server and back, at most: the shortest time between a question and its answer. */
  roundTrip = 0;
  readonly #owner: InFlightOwner;
  /** Whether nothing was in flight when the first one came, so that its time has a round trip in it. */
  #wasEmpty = true;
  readonly #queue = new Deque<Exchange>();
  #groupsEnded = 0;
  readonly #measured: Plan[] = [];
  #erratic = 0;

  /** Creates an empty FIFO. */
  constructor(owner: InFlightOwner) {
    this.#owner = owner;
  }

  /** How many are in flight. */
  get length(): number {
    return this.#queue.length;
  }

  /** The one the server is at, or will be at next. */
  get head(): Exchange | undefined {
    return this.#queue.peek();
  }

  /** How many groups have ended: the number of ReadyForQuery messages. */
  get groupsEnded(): number {
    return this.#groupsEnded;
  }

  /** Whether one of them is of an erratic statement. */
  get isErratic(): boolean {
    return this.#erratic > 0;
  }

  /** All of them, first to last. */
  [Symbol.iterator](): Iterator<Exchange> {
    return this.#queue[Symbol.iterator]();
  }

  /** Adds one that was just written. */
  add(exchange: Exchange): void {
    exchange.expected = exchange.plan?.estimate ?? 0;
    this.expected += exchange.expected;
    exchange.isErratic = exchange.plan?.isErratic ?? false;
    if (exchange.isErratic) this.#erratic++;
    if (this.#queue.length === 0) {
      this.headSince = performance.now();
      this.#wasEmpty = true;
    }
    this.#queue.push(exchange);
  }

  /** Takes the first one out. */
  take(): Exchange {
    const head = this.#queue.shift()!;
    if (head.isErratic) this.#erratic--;
    // Set anew when nothing is left, so that rounding errors do not add up.
    this.expected = this.#queue.length === 0 ? 0 : this.expected - head.expected;
    return head;
  }

  /** Takes everything out. */
  clear(): void {
    this.#queue.clear();
    this.expected = 0;
    this.#erratic = 0;
  }

  /** Whether the server is at this exchange, and not still at the end of the group before. */
  isDue(head: Exchange | undefined): head is Exchange {
    return head !== undefined && head.group === this.#groupsEnded + 1;
  }

  /** The server is done with the first one's statement; `measure` then learns how long it took. */
  served(head: Exchange): void {
    if (head.plan !== undefined) this.#measured.push(head.plan);
  }

  /** Shares the time since the last time among the statements the server was done with since. */
  measure(): void {
    const count = this.#measured.length;
    if (count === 0) return;
    const now = performance.now();
    let elapsed = now - this.headSince;
    if (this.#wasEmpty) {
      this.#wasEmpty = false;
      this.roundTrip = Math.min(this.roundTrip, elapsed);
      elapsed -= this.roundTrip;
    }
    const each = elapsed / count;
    this.headSince = now;
    // The server was at the first of them; the others stood behind it.
    const wasAwake = pulse.wasFeltIn(elapsed, now);
    if (wasAwake || elapsed < QUICK) this.#measured[0].took(elapsed);
    for (let index = 0; index < count; index++) this.#measured[index].measured(each);
    this.#measured.length = 0;
  }

  /**
   * The next group has ended.
   *
   * @param groupsSent How many groups have been ended by a Sync.
   * @param isIdle Whether no transaction is open, so that what was hit by mistake may be sent again.
   * @returns What is to be sent again: what the server skipped after a failure, and what was hit by mistake.
   * @throws {ProtocolError} When the group had not begun, or an exchange of it is not complete.
   */
  endGroup(groupsSent: number, isIdle: boolean): readonly Exchange[] {
    if (this.#groupsEnded === groupsSent) throw new ProtocolError("ReadyForQuery", "it came out of order");
    const group = ++this.#groupsEnded;
    let hadFailure = false;
    let again: Exchange[] | undefined;
    for (let head = this.head; head !== undefined && head.group <= group; head = this.head) {
      if (!head.complete && head.failure === undefined) {
        if (!hadFailure) {
          throw new ProtocolError("ReadyForQuery", "it came before the statement was complete");
        }
        (again ??= []).push(this.take());
        continue;
      }
      this.take();
      hadFailure ||= head.failure !== undefined;
      if (isIdle && this.#owner.hitByMistake(head)) {
        head.hits++;
        (again ??= []).push(head);
      } else this.#owner.answered(head);
    }
    return again ?? NONE;
  }
}
