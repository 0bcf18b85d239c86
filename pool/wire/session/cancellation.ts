/**
 * Cancelling what a session's server is at, without hitting anybody else.
 *
 * States: `quiet` → `cancelling` (a CancelRequest is on its way; the session writes nothing) → `quiet`. A statement
 * whose caller has given it up is cancelled when it is, or becomes, the head of the FIFO; the request is repeated, since it
 * may have overtaken the statement; a server that stays silent is taken for dead.
 *
 * Invariant: a request can only hit what was in flight when it was done (`horizon`). Who among these is hit by mistake
 * has been rolled back and may be sent again; see {@link Cancellation.hitByMistake} for whom that holds.
 *
 * @module
 */
import { ConnectionError, LifeguardError } from "../errors.ts";
import type { Exchange } from "./exchange.ts";
import { SQLSTATE } from "../postgres_error.ts";

/** Milliseconds within which a cancelled statement's caller is answered, confirmed by the server or not. */
const CONFIRMATION = 80;
/** Milliseconds after which a server that does not answer a cancelled statement is taken for dead. */
const SILENCE = 5_000;
/** Milliseconds for which a statement nobody waits for any more may hold the others up before it is cancelled. */
const PATIENCE = 20;
/** How often one statement may be hit by cancels for others before its caller is told. */
const MAX_HITS = 5;

/** Statements that commit in their midst, so that a cancelled one may have done a part for good. */
const COMMITS_MIDWAY =
  /^(?:\s|\/\*.*?\*\/|--[^\n]*\n)*(?:call|do|vacuum|cluster|reindex|analyze)\b|\bconcurrently\b/is;

/** What a cancellation needs of its session. */
export interface CancellationOwner {
  /** Sends a CancelRequest; resolves when it cannot hit anything any more; undefined where there is no key. */
  readonly request: () => Promise<void> | undefined;
  /** The number of the latest group that a request done now may have hit. */
  readonly latestGroup: () => number;
  /** A request is done: what was held back may be written. */
  readonly done: () => void;
  /** The session cannot be used any more. */
  readonly destroy: (error: LifeguardError) => void;
  /** For messages: who it is connected to. */
  readonly address: string;
}

/** The cancelling side of a session. */
export class Cancellation {
  readonly #owner: CancellationOwner;
  #running: Promise<void> | undefined;
  #horizon = 0;

  /** Creates the cancelling side of a session. */
  constructor(owner: CancellationOwner) {
    this.#owner = owner;
  }

  /** Whether a CancelRequest is on its way. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Asks the server to cancel what it is doing; what is in flight may be hit, nothing later. */
  cancel(): Promise<void> {
    if (this.#running === undefined) {
      const request = this.#owner.request();
      if (request === undefined) return Promise.resolve();
      this.#running = request.then(
        () => this.#done(),
        // Whether and when it arrives is unknown, so nothing may be sent here any more.
        (error) =>
          this.#owner.destroy(error instanceof LifeguardError ? error : new ConnectionError(String(error))),
      );
    }
    this.#horizon = Infinity;
    return this.#running;
  }

  #done(): void {
    this.#horizon = this.#owner.latestGroup();
    this.#running = undefined;
    this.#owner.done();
  }

  /** Whether a CancelRequest for another exchange ended this one, which can be sent again. */
  hitByMistake(exchange: Exchange): boolean {
    if (exchange.failure === undefined || this.#horizon < exchange.group) return false;
    return exchange.failure.get("C") === SQLSTATE.queryCanceled && exchange.givenUp === undefined &&
      exchange.hits < MAX_HITS && exchange.sync !== "manual" && !exchange.settled &&
      !COMMITS_MIDWAY.test(exchange.text);
  }

  /** A new head: one nobody waits for any more does not hold up those behind it for long. */
  headChanged(head: Exchange | undefined): void {
    if (head?.givenUp === undefined || head.onAnswer !== undefined) return;
    const timer = setTimeout(() => this.cancelHead(head), PATIENCE);
    head.onAnswer = () => clearTimeout(timer);
  }

  /** Cancels the statement that the server is at, for which nobody waits any more. */
  cancelHead(exchange: Exchange): void {
    // A request may overtake the statement it is meant for, and is lost on an idle server; so it is repeated.
    let impatient: ReturnType<typeof setTimeout>;
    const insist = (patience: number): void => {
      impatient = setTimeout(() => {
        exchange.reject(exchange.givenUp?.(false));
        insist(patience * 4);
        this.cancel();
      }, patience);
    };
    insist(CONFIRMATION);
    // A server that says nothing even then has lost the connection, or us.
    const dead = setTimeout(() => {
      this.#owner.destroy(
        new ConnectionError(
          `Cannot go on with the connection to ${this.#owner.address}: no answer to a cancelled statement for ${SILENCE} ms`,
        ),
      );
    }, SILENCE);
    exchange.onAnswer = () => {
      clearTimeout(impatient);
      clearTimeout(dead);
    };
    this.cancel();
  }
}
