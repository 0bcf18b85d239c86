/**
 * The transport over a TCP, TLS or Unix socket of `node:net` and `node:tls`, the same on every runtime.
 *
 * States: `open` → `closing` (`close` was called: what was written is still sent) → `closed`; `destroy`, an error
 * and the peer's end lead to `closed` from anywhere. Invariants: the handler hears `closed` once, and nothing
 * after it; bytes that arrive before `attach` wait in the socket, which does not flow until then; no `error` event
 * of the socket is ever without a listener.
 *
 * @module
 */

import type { Socket } from "node:net";
import type { SocketIntake } from "./socket_intake.ts";
import type { Transport, TransportHandler } from "./transport.ts";

/** How a socket is tuned. */
export interface SocketTransportOptions {
  /** Milliseconds of silence after which the system probes the peer; 0 turns the probes off. Default 0. */
  readonly keepAlive?: number;
  /** What the socket was made to read with. Default: its `data` events. */
  readonly intake?: SocketIntake | undefined;
  /** Where the socket's own `pause` is not enough to slow the peer down. Default: it is enough. */
  readonly readSwitch?: ReadSwitch | undefined;
}

/** Stops and starts the reading of bytes below a socket whose own `pause` does not reach that far. */
export interface ReadSwitch {
  /** Stops reading from the system. */
  stop(): void;
  /** Reads again. */
  start(): void;
}

/** A {@link Transport} over a connected socket. */
export class SocketTransport implements Transport {
  readonly #socket: Socket;
  readonly #intake: SocketIntake | undefined;
  readonly #readSwitch: ReadSwitch | undefined;
  #handler: TransportHandler | undefined;
  #error: Error | undefined;
  #isClosed = false;

  /**
   * Takes over a connected socket.
   *
   * @param socket The socket; nobody else may listen to it or write to it any more.
   * @param options How to tune it; see {@link SocketTransportOptions}.
   */
  constructor(socket: Socket, options: SocketTransportOptions = {}) {
    this.#socket = socket;
    this.#intake = options.intake;
    this.#readSwitch = options.readSwitch;
    socket.setNoDelay(true);
    const keepAlive = options.keepAlive ?? 0;
    if (keepAlive > 0) socket.setKeepAlive(true, keepAlive);
    socket.on("error", (error: Error) => {
      this.#error ??= error;
    });
    socket.on("drain", () => {
      if (!this.#isClosed) this.#handler?.drain();
    });
    // The server never half-closes on purpose: once it has ended, what is still to be sent has no reader.
    socket.on("end", () => socket.destroy());
    socket.on("close", () => this.#finish());
    if (socket.destroyed) queueMicrotask(() => this.#finish());
  }

  /** Sets the receiver of everything; what arrived before is delivered to it. A later call replaces it. */
  attach(handler: TransportHandler): void {
    const isFirst = this.#handler === undefined;
    this.#handler = handler;
    if (!isFirst) return;
    if (this.#isClosed) {
      queueMicrotask(() => this.#handler?.closed(this.#error));
      return;
    }
    const deliver = (chunk: Uint8Array): void => this.#deliver(chunk);
    if (this.#intake !== undefined) return this.#intake.flow(this.#socket, deliver);
    this.#socket.on("data", deliver);
    this.#socket.resume();
  }

  #deliver(chunk: Uint8Array): void {
    if (this.#isClosed) return;
    try {
      this.#handler!.data(chunk);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Sends bytes; returns false when the caller should wait for `drain`. */
  write(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes);
  }

  /** Stops delivering data until {@link SocketTransport.resume}. */
  pause(): void {
    if (this.#intake !== undefined) return this.#intake.pause(this.#socket);
    this.#socket.pause();
    this.#readSwitch?.stop();
  }

  /** Delivers data again. */
  resume(): void {
    if (this.#isClosed) return;
    if (this.#intake !== undefined) return this.#intake.resume(this.#socket);
    this.#readSwitch?.start();
    if (this.#handler !== undefined) this.#socket.resume();
  }

  /** Sends what was written, then closes. */
  close(): void {
    const socket = this.#socket;
    if (!socket.destroyed) socket.end(() => socket.destroy());
  }

  /** Closes at once and drops what was not sent. */
  destroy(error?: Error): void {
    if (this.#isClosed) return;
    this.#error ??= error;
    // The error is kept here and not given to the socket, whose `error` event is of no use to anybody.
    this.#socket.destroy();
  }

  #finish(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handler?.closed(this.#error);
  }
}
