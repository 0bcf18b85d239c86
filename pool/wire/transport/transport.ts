/**
 * The seam between a session and the bytes' way to the server: a TCP or TLS socket, a Unix socket, or an
 * in-process PostgreSQL. One contract test runs every implementation.
 *
 * @module
 */

/** What a transport tells its session. */
export interface TransportHandler {
  /**
   * Bytes from the server, in order. The chunk belongs to the transport and may be reused after the call
   * returns, so what must outlive the call is copied.
   */
  data(chunk: Uint8Array): void;
  /** Room to write again after `write` returned false. */
  drain(): void;
  /** Called exactly once, after which nothing is called any more. `error` is undefined for a clean end. */
  closed(error: Error | undefined): void;
}

/** A reliable, ordered, two-way stream of bytes. */
export interface Transport {
  /** Sets the receiver of everything; what arrived before is delivered to it. A later call replaces it. */
  attach(handler: TransportHandler): void;
  /**
   * Sends bytes. The transport may keep `bytes` until they are sent, so the caller must not change them.
   *
   * @returns False when the caller should wait for `drain` before it writes more.
   */
  write(bytes: Uint8Array): boolean;
  /** Stops delivering data until `resume`, so that the peer is slowed down. */
  pause(): void;
  /** Delivers data again. */
  resume(): void;
  /** Sends what was written, then closes. */
  close(): void;
  /** Closes at once and drops what was not sent. `handler.closed` follows with `error`. */
  destroy(error?: Error): void;
}
