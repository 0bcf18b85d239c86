/**
 * The transport to an in-process PostgreSQL (PGlite): the wire client's messages are handed to the engine, its
 * answers are handed back. The engine is one single session in one single thread, so there is one transport for
 * each engine, and closing the transport shuts the database down; data without a path is gone then.
 *
 * States: `open` → `closing` (`close` was called, or Terminate was written: what was written before is still run)
 * → `closed`; `destroy` and the engine's death lead to `closed` from anywhere. Invariants: written bytes are run
 * in order, by one pump at a time, never inside `write`; nothing is run while delivery is paused; the handler
 * hears `closed` once, after the engine has shut down, and nothing after it.
 *
 * Differences from a server: any user, database and password is accepted; SSLRequest is refused; a running
 * statement cannot be cancelled and blocks the event loop (the engine is synchronous), so no timeout can interrupt
 * it; the data of a COPY FROM STDIN is held in memory and run as a whole, so its errors come after all data was
 * sent; a durable directory is written without fsync, so it survives the end of the process but not of the machine,
 * and nothing keeps a second process from opening it at the same time, which would destroy it.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { ByteWriter } from "../byte_writer.ts";
import { ConnectionError } from "../errors.ts";
import { copyFail, copyInResponse, CopyTracker, withoutCopyInResponse } from "./pglite_copy.ts";
import { type PgliteEngine, startPgliteEngine } from "./pglite_engine.ts";
import { findError, readStartup, setConfig } from "./pglite_startup.ts";
import type { Transport, TransportHandler } from "./transport.ts";

/** Bytes written and not yet run after which `write` asks to wait. */
const HIGH_WATER = 1_048_576;
/** Answers are handed on in pieces of about this size. */
const PIECE = 262_144;
/** The engine's limit of one message, as of every server. */
const MAX_MESSAGE = 0x3fffffff;

const TYPE = {
  copyData: 0x64, // d
  copyDone: 0x63, // c
  copyFail: 0x66, // f
  execute: 0x45, // E
  flush: 0x48, // H
  sync: 0x53, // S
  terminate: 0x58, // X
} as const;

/**
 * Starts an in-process PostgreSQL and connects to it.
 *
 * @param path The data directory; `undefined` keeps the data in memory.
 * @param signal Gives the start up.
 * @returns The transport, ready for a startup message.
 * @throws ConfigError when a permission is missing, ConnectionError when the engine cannot start.
 */
export async function openPgliteTransport(
  path: string | undefined,
  signal?: AbortSignal,
): Promise<Transport> {
  signal?.throwIfAborted();
  const starting = startPgliteEngine(path);
  if (signal === undefined) return new PgliteTransport(await starting);
  let abandon: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abandon = () => reject(signal.reason);
    signal.addEventListener("abort", abandon, { once: true });
  });
  try {
    return new PgliteTransport(await Promise.race([starting, aborted]));
  } catch (error) {
    // The start itself cannot be interrupted; what nobody waits for any more is shut down when it is done.
    if (signal.aborted) starting.then((engine) => engine.close()).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", abandon!);
  }
}

/** A {@link Transport} to one in-process PostgreSQL. */
export class PgliteTransport implements Transport {
  readonly #engine: PgliteEngine;
  readonly #copies = new CopyTracker();
  #handler: TransportHandler | undefined;
  #state: "open" | "closing" | "closed" = "open";
  #error: Error | undefined;
  #isReported = false;
  #isPumping = false;
  #isPaused = false;
  #wantsDrain = false;
  #isStarted = false;
  #isTerminated = false;
  /** Written, not yet run; `#partial` is the beginning of a message whose end was not written yet. */
  #inbox: Uint8Array[] = [];
  #inboxLength = 0;
  #partial: Uint8Array | undefined;
  /** Answers not yet delivered. */
  #outbox: Uint8Array[] = [];
  /** The COPY FROM STDIN whose data is being collected: the message that starts it, then its data. */
  #copy: Uint8Array[] | undefined;

  /** Takes over a started engine; nobody else may use it any more. */
  constructor(engine: PgliteEngine) {
    this.#engine = engine;
  }

  /** Sets the receiver of everything; what arrived before is delivered to it. A later call replaces it. */
  attach(handler: TransportHandler): void {
    const isFirst = this.#handler === undefined;
    this.#handler = handler;
    if (!isFirst) return;
    if (this.#isReported) queueMicrotask(() => this.#handler?.closed(this.#error));
    else this.#wake();
  }

  /** Takes messages to be run; returns false when the caller should wait for `drain`. */
  write(bytes: Uint8Array): boolean {
    if (this.#state !== "open") return true;
    this.#inbox.push(bytes);
    this.#inboxLength += bytes.length;
    this.#wake();
    if (this.#inboxLength <= HIGH_WATER) return true;
    this.#wantsDrain = true;
    return false;
  }

  /** Stops delivering answers, and running messages, until {@link PgliteTransport.resume}. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Delivers answers and runs messages again. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#wake();
  }

  /** Runs what was written, then shuts the database down. */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#wake();
  }

  /** Drops what was not run and shuts the database down. */
  destroy(error?: Error): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#error = error;
    this.#inbox = [];
    this.#outbox = [];
    this.#copy = undefined;
    this.#wake();
  }

  #wake(): void {
    if (this.#isPumping || this.#isReported) return;
    this.#isPumping = true;
    // A macrotask, so that timers and other work get their turn between two batches of a busy session.
    setImmediate(() => this.#pump());
  }

  async #pump(): Promise<void> {
    try {
      this.#deliver();
      if (this.#canRun() && this.#inbox.length > 0) {
        await this.#run(this.#takeInbox());
        this.#deliver();
        if (this.#wantsDrain && this.#state === "open") {
          this.#wantsDrain = false;
          this.#handler?.drain();
        }
      }
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
    if (this.#state === "closing" && this.#canRun() && this.#inbox.length === 0) this.#state = "closed";
    if (this.#state === "closed") return await this.#finish();
    this.#isPumping = false;
    if (this.#canRun() && this.#inbox.length > 0) this.#wake();
  }

  /** Whether the next messages may be run: somebody listens, and has taken every answer so far. */
  #canRun(): boolean {
    return this.#state !== "closed" && !this.#isPaused && this.#handler !== undefined &&
      this.#outbox.length === 0;
  }

  async #finish(): Promise<void> {
    try {
      await this.#engine.close();
    } catch (error) {
      this.#error ??= new ConnectionError("Cannot shut the embedded PostgreSQL down: it failed before", {
        cause: error,
      });
    }
    this.#isReported = true;
    this.#isPumping = false;
    this.#handler?.closed(this.#error);
  }

  #deliver(): void {
    const handler = this.#handler;
    if (handler === undefined) return;
    let count = 0;
    try {
      while (count < this.#outbox.length && !this.#isPaused && this.#state !== "closed") {
        this.#handler!.data(this.#outbox[count++]);
      }
    } finally {
      this.#outbox.splice(0, count);
    }
  }

  #takeInbox(): Uint8Array {
    const pieces = this.#partial === undefined ? this.#inbox : [this.#partial, ...this.#inbox];
    this.#inbox = [];
    this.#inboxLength = 0;
    this.#partial = undefined;
    return concat(pieces);
  }

  /** Cuts the bytes into messages and runs them, as many as possible in one call of the engine. */
  async #run(bytes: Uint8Array): Promise<void> {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let from = 0; // Messages before this offset were run.
    let at = 0;
    while (true) {
      const head = this.#isStarted ? 1 : 0; // Before the session starts, messages have no type byte.
      if (at + head + 4 > bytes.length) break;
      const length = view.getInt32(at + head);
      if (length < 4 || length > MAX_MESSAGE) {
        throw new Error(`BUG: a message of length ${length} was written`);
      }
      const end = at + head + length;
      if (end > bytes.length) break;
      if (this.#copy !== undefined) {
        // A message that is no part of the data ends the COPY, and is then treated as any other.
        if (await this.#collect(bytes.subarray(at, end))) from = end;
      }
      if (from <= at) {
        const treat = this.#treatment(bytes.subarray(at, end));
        if (treat !== undefined) {
          if (from < at) await this.#exec(bytes.subarray(from, at));
          if (this.#isClosed()) return;
          await treat();
          from = end;
        }
      }
      if (this.#state !== "open" && this.#isTerminated) return;
      at = end;
    }
    if (from < at) await this.#exec(bytes.subarray(from, at));
    if (at < bytes.length) this.#partial = bytes.subarray(at);
  }

  /** How a message is treated that is not simply run together with those before it. */
  #treatment(message: Uint8Array): (() => Promise<void> | void) | undefined {
    if (!this.#isStarted) return () => this.#start(message);
    const type = message[0];
    if (type === TYPE.terminate) return () => this.#terminate();
    const kind = this.#copies.note(message);
    if (kind === "none") return undefined;
    return async () => {
      if (kind === "suspect") {
        // Outside a COPY the engine ignores CopyFail, so nothing changes for a statement that is none.
        const reason = "it was not recognised as one; write it as a statement of its own";
        await this.#exec(concat([message, copyFail(reason)]));
      } else if (type === TYPE.execute && this.#copies.isSkipping) {
        await this.#exec(message);
      } else {
        this.#copy = [message];
        this.#outbox.push(copyInResponse(kind === "binary"));
      }
    };
  }

  /**
   * Takes a message while the data of a COPY is collected; the end of the data runs the COPY.
   *
   * @returns Whether the message was a part of the COPY.
   */
  async #collect(message: Uint8Array): Promise<boolean> {
    const type = message[0];
    if (type === TYPE.flush || type === TYPE.sync) return true; // Ignored, as the protocol has it.
    const copy = this.#copy!;
    if (type === TYPE.copyData) {
      copy.push(message);
      return true;
    }
    this.#copy = undefined;
    if (type === TYPE.terminate) return false;
    const isEnd = type === TYPE.copyDone || type === TYPE.copyFail;
    copy.push(isEnd ? message : copyFail("another message came before the end of the data"));
    const answer: Uint8Array[] = [];
    await this.#exec(concat(copy), answer);
    this.#outbox.push(withoutCopyInResponse(concat(answer)));
    return isEnd;
  }

  #terminate(): void {
    this.#isTerminated = true;
    if (this.#state === "open") this.#state = "closing";
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Answers what comes before the session: requests for encryption, and the startup message. */
  async #start(message: Uint8Array): Promise<void> {
    const packet = readStartup(message);
    if (packet.kind === "encryption") return void this.#outbox.push(new Uint8Array([0x4e])); // N: refused
    if (packet.kind === "cancel") return this.#terminate();
    for (const [name, value] of packet.settings) {
      const answer: Uint8Array[] = [];
      await this.#exec(setConfig(name, value), answer);
      const failure = findError(concat(answer));
      if (failure === undefined) continue;
      this.#outbox.push(failure);
      return this.#terminate();
    }
    await this.#exec(message);
    this.#isStarted = true;
  }

  /** Runs complete messages and puts the answer into `into`. */
  async #exec(messages: Uint8Array, into: Uint8Array[] = this.#outbox): Promise<void> {
    if (this.#isClosed()) return;
    const answer = new ByteWriter(8192);
    const onRawData = (chunk: Uint8Array): void => {
      this.#copies.answer(chunk);
      answer.raw(chunk);
      if (answer.length >= PIECE) into.push(answer.take());
    };
    try {
      await this.#engine.execProtocolRawStream(messages, { syncToFs: true, onRawData });
    } catch (error) {
      throw new ConnectionError(
        "Cannot go on with the embedded PostgreSQL: it has stopped; open a new pool",
        {
          cause: error,
          outcomeUnknown: true,
        },
      );
    } finally {
      if (answer.length > 0) into.push(answer.take());
    }
  }
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
