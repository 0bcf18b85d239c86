/**
 * One growing buffer into which a session writes messages. Numbers are big-endian, as the protocol has them
 * (https://www.postgresql.org/docs/18/protocol-message-types.html).
 *
 * @module
 */

import { LARGE, refuseOversize } from "./message_size.ts";

const encoder = new TextEncoder();

/** What is taken to be sent lies in blocks of this size, many messages in each. */
const BLOCK = 65_536;
/** Beyond so many bytes a message is worth memory of its own. */
const SMALL = 8_192;

let block = new Uint8Array(BLOCK);
let blockUsed = 0;

/** A growing buffer of outgoing bytes. */
export class ByteWriter {
  /** The bytes written so far are `bytes.subarray(0, length)`; the rest is room. */
  bytes: Uint8Array;
  /** How many bytes have been written. */
  length = 0;
  /** The values that are being written, measured before the buffer grows large for them. */
  values: readonly unknown[] | undefined = undefined;
  /** Where the message with these values begins. */
  valuesFrom = 0;
  #view: DataView;

  /** Creates a writer with room for `capacity` bytes. */
  constructor(capacity = 4096) {
    this.bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.bytes.buffer);
  }

  /**
   * Makes room for `size` more bytes.
   *
   * @throws {OversizeError} When `values` are more than a message can hold.
   */
  reserve(size: number): void {
    const needed = this.length + size;
    if (needed <= this.bytes.length) return;
    if (needed > LARGE && this.values !== undefined) {
      refuseOversize(this.values, this.length - this.valuesFrom);
    }
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  /** Writes one unsigned byte. */
  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Writes a 16-bit integer. */
  i16(value: number): void {
    this.reserve(2);
    const { bytes, length } = this;
    bytes[length] = value >> 8;
    bytes[length + 1] = value;
    this.length = length + 2;
  }

  /** Writes a 32-bit integer. */
  i32(value: number): void {
    this.reserve(4);
    this.setI32(this.length, value);
    this.length += 4;
  }

  /** Overwrites the 32-bit integer at `offset`, as for a length known only afterwards. */
  setI32(offset: number, value: number): void {
    const bytes = this.bytes;
    bytes[offset] = value >> 24;
    bytes[offset + 1] = value >> 16;
    bytes[offset + 2] = value >> 8;
    bytes[offset + 3] = value;
  }

  /** Writes a 64-bit integer; the low 64 bits of `value`. */
  i64(value: bigint): void {
    this.reserve(8);
    this.#view.setBigInt64(this.length, value);
    this.length += 8;
  }

  /** Writes a 32-bit float. */
  f32(value: number): void {
    this.reserve(4);
    this.#view.setFloat32(this.length, value);
    this.length += 4;
  }

  /** Writes a 64-bit float. */
  f64(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.length, value);
    this.length += 8;
  }

  /** Writes bytes as they are. */
  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  /** Writes text as UTF-8, with no terminator. */
  utf8(value: string): void {
    const size = value.length;
    this.reserve(size * 3);
    if (size <= 64) {
      // Short ASCII is by far the most common text; a call into the encoder costs more than this loop.
      const { bytes, length } = this;
      let index = 0;
      for (; index < size; index++) {
        const unit = value.charCodeAt(index);
        if (unit > 127) break;
        bytes[length + index] = unit;
      }
      if (index === size) {
        this.length = length + size;
        return;
      }
    }
    this.length += encoder.encodeInto(value, this.bytes.subarray(this.length)).written;
  }

  /** Writes text as UTF-8 followed by a zero byte. The caller has refused text that contains NUL. */
  cstring(value: string): void {
    this.utf8(value);
    this.u8(0);
  }

  /** Forgets everything after `length`, as when a message turns out not to be sendable. */
  truncate(length: number): void {
    this.length = length;
    this.values = undefined;
  }

  /**
   * Hands the written bytes over to be sent, and starts anew. They may share their memory with others, so they are
   * only to be read: a typed array of its own costs more than the writing of a short message.
   */
  takeToSend(): Uint8Array {
    const { bytes, length } = this;
    if (length > SMALL) return this.take();
    if (blockUsed + length > BLOCK) {
      block = new Uint8Array(BLOCK);
      blockUsed = 0;
    }
    const taken = block.subarray(blockUsed, blockUsed += length);
    taken.set(bytes.subarray(0, length));
    this.length = 0;
    return taken;
  }

  /** Hands the written bytes over and starts anew; the returned bytes are not written to again. */
  take(): Uint8Array {
    const { bytes, length } = this;
    this.length = 0;
    // Small writes are copied out so that the buffer is kept; a large one goes as it is.
    if (length <= 65_536 && bytes.length <= 1_048_576) return bytes.slice(0, length);
    this.bytes = new Uint8Array(4096);
    this.#view = new DataView(this.bytes.buffer);
    return bytes.subarray(0, length);
  }
}
