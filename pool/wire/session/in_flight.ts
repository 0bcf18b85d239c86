/**
 * The FIFO of exchanges in flight: whose answer comes next, which Sync ends whose group, how long all of it will take.
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

/** The exchanges in flight of one session. */
export class InFlight {
  /** When the first began to be the first, in monotonic milliseconds. */
  headSince = 0;
  /** Milliseconds that all of them are expected to take. */
  expected = 0;
  readonly #owner: InFlightOwner;
  readonly #queue = new Deque<Exchange>();
  #groupsEnded = 0;
  readonly #measured: Plan[] = [];

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

  /** All of them, first to last. */
  [Symbol.iterator](): Iterator<Exchange> {
    return this.#queue[Symbol.iterator]();
  }

  /** Adds one that was just written. */
  add(exchange: Exchange): void {
    exchange.expected = exchange.plan?.estimate ?? 0;
    this.expected += exchange.expected;
    if (this.#queue.length === 0) this.headSince = performance.now();
    this.#queue.push(exchange);
  }

  /** Takes the first one out. */
  take(): Exchange {
    const head = this.#queue.shift()!;
    // Set anew when nothing is left, so that rounding errors do not add up.
    this.expected = this.#queue.length === 0 ? 0 : this.expected - head.expected;
    return head;
  }

  /** Takes everything out. */
  clear(): void {
    this.#queue.clear();
    this.expected = 0;
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
    const each = (now - this.headSince) / count;
    this.headSince = now;
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
