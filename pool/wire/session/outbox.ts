/**
 * What a session has to say: one buffer, cut into groups by Sync, handed to the transport once a tick.
 *
 * Invariants: every group that was begun has its Sync in the buffer before the buffer is sent; Syncs, and simple queries,
 * which need none, are numbered from 1 in the order in which they are written; while the transport is blocked nothing is handed to it.
 *
 * @module
 */
import { ByteWriter } from "../byte_writer.ts";
import type { Exchange } from "./exchange.ts";
import { writeSync } from "../message/frontend.ts";
import type { Transport } from "../transport/transport.ts";

/** How many microtasks a write may be put off while more is being written in the same tick. */
const MAX_HOPS = 12;

/** The outgoing side of a session. */
export class Outbox {
  /** Where messages are appended. */
  readonly writer: ByteWriter = new ByteWriter(8192);
  readonly #transport: Transport;
  #unsent: Exchange[] = [];
  #syncs = 0;
  #isGroupOpen = false;
  #isFlushScheduled = false;
  #hops = 0;
  #seenLength = 0;
  #isBlocked = false;
  #isClosed = false;
  #drained: Promise<void> | undefined;
  #resolveDrained!: () => void;
  readonly #hop: () => void = () => this.#flushOrHop();

  /** Creates the outgoing side of a session over its transport. */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** How many Syncs have been written. */
  get syncs(): number {
    return this.#syncs;
  }

  /** The number of the latest group: one that is still open has the number of the Sync to come. */
  get latestGroup(): number {
    return this.#syncs + (this.#isGroupOpen ? 1 : 0);
  }

  /** Whether what was written waits for the peer to take what was sent. */
  get blocked(): boolean {
    return this.#isBlocked;
  }

  /** Resolves when it is not `blocked` any more, or closed. */
  get drained(): Promise<void> {
    if (!this.#isBlocked || this.#isClosed) return Promise.resolve();
    return this.#drained ??= new Promise((resolve) => this.#resolveDrained = resolve);
  }

  /** Takes note of an exchange whose messages were just appended; it is `sent` with the next flush. */
  appended(exchange: Exchange): void {
    this.#unsent.push(exchange);
    this.schedule();
  }

  /** Ends the group that was begun, or one of its own, with a Sync. */
  sync(): void {
    this.#isGroupOpen = false;
    writeSync(this.writer);
    this.#syncs++;
  }

  /** Ends the group of a simple query, which needs no Sync. */
  endQuery(): void {
    this.#syncs++;
  }

  /** Leaves the group open for others to join it; it is ended by the flush at the latest. */
  shareGroup(): void {
    this.#isGroupOpen = true;
  }

  /** Ends the group that is open, if one is. */
  endGroup(): void {
    if (this.#isGroupOpen) this.sync();
  }

  /** Flushes at the end of the tick, when nobody adds anything any more. */
  schedule(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    this.#hops = 0;
    this.#seenLength = -1;
    queueMicrotask(this.#hop);
  }

  /** Lets the tick's other work write first: flushes when nothing was added for one hop. */
  #flushOrHop(): void {
    if (this.writer.length !== this.#seenLength && this.#hops++ < MAX_HOPS) {
      this.#seenLength = this.writer.length;
      queueMicrotask(this.#hop);
      return;
    }
    this.#isFlushScheduled = false;
    this.flush();
  }

  /** Hands everything to the transport, unless that is blocked. */
  flush(): void {
    if (this.#isBlocked || this.#isClosed) return;
    this.endGroup();
    if (this.writer.length === 0) return;
    const unsent = this.#unsent;
    for (let index = 0; index < unsent.length; index++) unsent[index].sent = true;
    unsent.length = 0;
    if (!this.#transport.write(this.writer.takeToSend())) this.#isBlocked = true;
  }

  /** Hands everything to the transport even when it is blocked: there will be no later chance. */
  flushLast(): void {
    this.#isBlocked = false;
    this.flush();
  }

  /** The transport takes bytes again. */
  unblock(): void {
    this.#isBlocked = false;
    this.flush();
    if (!this.#isBlocked) this.#release();
  }

  /** Nothing can be sent any more. */
  close(): void {
    this.#isClosed = true;
    this.#unsent.length = 0;
    this.#release();
  }

  #release(): void {
    if (this.#drained === undefined) return;
    this.#drained = undefined;
    this.#resolveDrained();
  }
}
