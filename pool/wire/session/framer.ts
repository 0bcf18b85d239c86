/**
 * Cuts the stream of bytes from a server into messages, without copying those that lie whole in one chunk.
 *
 * A length is checked before anything is allocated for it, and the buffer for a message in parts grows with the
 * bytes that really came, so a lying length costs nothing.
 *
 * @module
 */
import { ByteSource } from "../byte_source.ts";
import { ProtocolError } from "../errors.ts";
import { isBackendMessage, messageName } from "../message/names.ts";

/** Receives one message: its body lies in `source` from `offset` to `end`. Returns false to stop reading. */
export type MessageSink = (type: number, source: ByteSource, offset: number, end: number) => boolean;

const HEADER = 5;

/** Splits chunks into messages of the form type (1 byte), length (4 bytes, itself included), body. */
export class Framer {
  readonly #limit: number;
  readonly #sink: MessageSink;
  #partial: Uint8Array = new Uint8Array(0);
  #held = 0;

  /**
   * Creates a framer.
   *
   * @param limit The longest message accepted, in bytes.
   * @param sink Called for each message; the bytes are valid only during the call.
   */
  constructor(limit: number, sink: MessageSink) {
    this.#limit = limit;
    this.#sink = sink;
  }

  /** Whether a message has begun and not ended. */
  get midMessage(): boolean {
    return this.#held > 0;
  }

  /**
   * Takes the next chunk.
   *
   * @throws {ProtocolError} For an unknown type or a length that cannot be.
   */
  push(chunk: Uint8Array): void {
    let from = 0;
    while (this.#held > 0) {
      // A message came in parts: first complete its header, then its body.
      if (this.#held < HEADER) {
        from += this.#hold(chunk, from, HEADER - this.#held);
        if (this.#held < HEADER) return;
      }
      const total = 1 + this.#bodyLength(this.#partial, 0);
      from += this.#hold(chunk, from, total - this.#held);
      if (this.#held < total) return;
      const source = new ByteSource(this.#partial.subarray(0, total));
      const keep = total <= 65_536;
      if (!keep) this.#partial = new Uint8Array(0);
      this.#held = 0;
      if (!this.#sink(source.bytes[0], source, HEADER, total)) return;
    }
    if (from === chunk.length) return;
    const source = new ByteSource(chunk);
    const size = chunk.length;
    while (size - from >= HEADER) {
      const end = from + 1 + this.#bodyLength(chunk, from);
      if (end > size) break;
      if (!this.#sink(chunk[from], source, from + HEADER, end)) return;
      from = end;
    }
    if (from < size) {
      if (this.#partial.length < size - from) this.#partial = new Uint8Array(Math.max(64, size - from));
      this.#hold(chunk, from, size - from);
    }
  }

  /** The length field of the message whose header is at `at`, checked. */
  #bodyLength(bytes: Uint8Array, at: number): number {
    const length = (bytes[at + 1] << 24 | bytes[at + 2] << 16 | bytes[at + 3] << 8 | bytes[at + 4]) >>> 0;
    const type = bytes[at];
    if (!isBackendMessage(type)) {
      throw new ProtocolError(messageName(type), "the protocol has no such message");
    }
    if (length < 4) {
      throw new ProtocolError(messageName(type), `its length is ${length}, at least 4 is needed`);
    }
    if (length > this.#limit) {
      throw new ProtocolError(
        messageName(type),
        `its length is ${length} bytes, more than the limit of ${this.#limit} (setting "maxMessageSize")`,
      );
    }
    return length;
  }

  /** Moves up to `wanted` bytes of the chunk into the held part; returns how many. */
  #hold(chunk: Uint8Array, from: number, wanted: number): number {
    const count = Math.min(wanted, chunk.length - from);
    const needed = this.#held + count;
    if (needed > this.#partial.length) {
      const grown = new Uint8Array(Math.max(64, needed, this.#partial.length * 2));
      grown.set(this.#partial.subarray(0, this.#held));
      this.#partial = grown;
    }
    this.#partial.set(chunk.subarray(from, from + count), this.#held);
    this.#held = needed;
    return count;
  }
}
