/**
 * A running replication: what the server sends goes to a handler, our status goes back.
 *
 * States: `starting` → `streaming` ⇄ `paused` (the handler has enough: nothing is read) → `stopping` (we have said that
 * we are done) → `ended`; an error or the connection's end leads to `ended` from anywhere.
 *
 * Invariants:
 * - Status is sent every second or so, when the server asks, and when stopping. It confirms only what `confirm` was told.
 * - While the peer takes no bytes nothing is added to what waits for it.
 * - A connection that says nothing for `silence` milliseconds is ended, though each of our statuses in a silence asks
 *   for an answer. Time in which we did not read, or this thread stood still, does not count.
 * - The handler hears nothing after the end, nor after `stop`.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import { ConnectionError, ProtocolError } from "../errors.ts";
import type { Session } from "../session/session.ts";
import { ReplicationExchange } from "./replication_exchange.ts";
import {
  KEEPALIVE,
  readKeepalive,
  readWalStart,
  writeStandbyStatus,
  XLOG_DATA,
  XLOG_HEAD,
} from "./stream_message.ts";

/** Takes what a replication brings. What it throws ends the connection. */
export interface ReplicationHandler {
  /** The data of one XLogData, as the output plugin wrote it; the bytes lie in `source` during the call only. */
  data(source: ByteSource, offset: number, end: number): void;
  /** The server has got so far in the WAL; what it had for us before that has come. */
  keepalive?(walEnd: bigint): void;
}

/** How a replication runs. */
export interface ReplicationStreamOptions {
  /** Milliseconds after which a silent connection is given up. Default 5,000. */
  readonly silence?: number;
  /** Milliseconds between two statuses. Default 1,000, or a quarter of `silence` where that is less. */
  readonly statusInterval?: number;
}

/** Milliseconds of silence, unless options say otherwise. */
const SILENCE = 5_000;
/** Milliseconds between two statuses at most. */
const STATUS_INTERVAL = 1_000;
/** Milliseconds in which the server must end what it was told to. */
const STOPPING = 3_000;

/** A running replication; see the module's head for its states and invariants. */
export class ReplicationStream {
  /** Resolves when it was stopped in order, rejects when it was broken off. */
  readonly ended: Promise<void>;
  readonly #session: Session;
  readonly #handler: ReplicationHandler;
  readonly #exchange: ReplicationExchange;
  readonly #options: Required<ReplicationStreamOptions>;
  #state: "starting" | "streaming" | "paused" | "stopping" | "ended" = "starting";
  #timer: ReturnType<typeof setInterval> | undefined;
  #stopTimer: ReturnType<typeof setTimeout> | undefined;
  #opened!: () => void;
  #received = 0n;
  #confirmed = 0n;
  #heardAt = 0;
  #tickedAt = 0;

  private constructor(
    session: Session,
    text: string,
    options: ReplicationStreamOptions & { readonly handler: ReplicationHandler },
  ) {
    this.#session = session;
    this.#handler = options.handler;
    const silence = options.silence ?? SILENCE;
    // Several of our questions must have gone unanswered before the silence is one.
    this.#options = {
      silence,
      statusInterval: options.statusInterval ?? Math.min(STATUS_INTERVAL, silence / 4),
    };
    this.#exchange = new ReplicationExchange(text, {
      opened: () => {
        this.#state = "streaming";
        this.#opened();
      },
      data: (source, offset, end) => this.#receive(source, offset, end),
    });
    this.ended = this.#exchange.promise.then(() => {
      const isOurs = this.#state === "stopping";
      this.#end();
      if (!isOurs) {
        throw new ConnectionError(
          `Cannot go on with the replication from ${session.address}: the server ended it; start it again`,
        );
      }
    }, (error) => {
      this.#end();
      throw error;
    });
    this.ended.catch(() => {});
  }

  /**
   * Starts a replication.
   *
   * @param session A replication connection of which nothing else is asked until this has ended.
   * @param text START_REPLICATION.
   * @param options Who takes what comes; see {@link ReplicationStreamOptions} for the rest.
   * @returns The stream, once the server has begun.
   * @throws {PostgresError} When the server refuses.
   */
  static async start(
    session: Session,
    text: string,
    options: ReplicationStreamOptions & { readonly handler: ReplicationHandler },
  ): Promise<ReplicationStream> {
    const stream = new ReplicationStream(session, text, options);
    const opened = new Promise<void>((resolve) => stream.#opened = resolve);
    stream.#heardAt = stream.#tickedAt = performance.now();
    session.submit(stream.#exchange);
    stream.#timer = setInterval(() => stream.#tick(), stream.#options.statusInterval);
    await Promise.race([opened, stream.ended]);
    return stream;
  }

  /** Up to where everything the server had for us has been received. */
  get received(): bigint {
    return this.#received;
  }

  /** Where the next start may begin: what the server need not keep for us; it never goes back. */
  confirm(lsn: bigint): void {
    if (lsn > this.#confirmed) this.#confirmed = lsn;
  }

  /** Reads no more until `resume`, so that the server is slowed down. */
  pause(): void {
    if (this.#state !== "streaming") return;
    this.#state = "paused";
    this.#session.flow(false);
  }

  /** Reads again. */
  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "streaming";
    this.#heardAt = performance.now();
    this.#session.flow(true);
  }

  /** Ends it in order, with a last status; resolves when it has ended, in three seconds at the latest. Never throws. */
  async stop(): Promise<void> {
    if (this.#state === "starting") this.#session.destroy();
    else if (this.#state !== "ended" && this.#state !== "stopping") {
      this.resume();
      this.#sendStatus(false);
      this.#state = "stopping";
      this.#exchange.finish();
      this.#stopTimer = setTimeout(() => this.#session.destroy(), STOPPING);
    }
    await this.ended.catch(() => {});
  }

  #receive(source: ByteSource, offset: number, end: number): void {
    this.#heardAt = performance.now();
    if (this.#state === "stopping" || this.#state === "ended") return;
    switch (offset < end ? source.u8(offset) : -1) {
      case XLOG_DATA: {
        const start = readWalStart(source, offset, end);
        if (start > this.#received) this.#received = start;
        this.#handler.data(source, offset + XLOG_HEAD, end);
        return;
      }
      case KEEPALIVE: {
        const { walEnd, wantsReply } = readKeepalive(source, offset, end);
        if (walEnd > this.#received) this.#received = walEnd;
        this.#handler.keepalive?.(walEnd);
        if (wantsReply) this.#sendStatus(false);
        return;
      }
      default:
        throw new ProtocolError("CopyData", "a replication sends nothing but XLogData and keepalives");
    }
  }

  #tick(): void {
    const now = performance.now();
    const { silence, statusInterval } = this.#options;
    // This thread stood still, and what came meanwhile is not read yet.
    const wasBlocked = now - this.#tickedAt > statusInterval * 2;
    this.#tickedAt = now;
    if (this.#state === "paused") return this.#sendStatus(false);
    const quiet = now - this.#heardAt;
    if (quiet > silence && !wasBlocked) {
      return this.#session.destroy(
        new ConnectionError(
          `Cannot go on with the replication from ${this.#session.address}: the server said nothing for ${silence} ms; start it again`,
        ),
      );
    }
    this.#sendStatus(quiet > statusInterval / 2);
  }

  #sendStatus(wantsReply: boolean): void {
    if (!this.#exchange.copying || this.#session.blocked) return;
    const confirmed = this.#confirmed;
    const written = this.#received > confirmed ? this.#received : confirmed;
    this.#session.sendRaw((writer) =>
      writeStandbyStatus(writer, { written, flushed: confirmed, applied: confirmed, wantsReply })
    );
  }

  #end(): void {
    this.#state = "ended";
    clearInterval(this.#timer);
    clearTimeout(this.#stopTimer);
  }
}
