/**
 * The one reader of bytes from a server. Every read is checked against the end of the buffer; whoever reads a
 * part of a message (a column's value, say) has checked the part's length against the message's end before.
 *
 * @module
 */

import { Buffer } from "node:buffer";

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text up to this many bytes is read here, if it is ASCII: a call out costs more. */
const SHORT = 12;

/** Bytes from the server, read at absolute offsets; big-endian, as the protocol has them. */
export class ByteSource {
  /** The bytes; a Buffer, since that decodes text several times as fast as a TextDecoder. */
  readonly bytes: Buffer;
  /** The same bytes, for the numbers a byte array cannot read. */
  readonly view: DataView;

  /** Wraps bytes without copying. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes instanceof Buffer
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The unsigned byte at `offset`. Throws RangeError outside the buffer, as every reader here does. */
  u8(offset: number): number {
    return this.view.getUint8(offset);
  }

  /** The signed 16-bit integer at `offset`. */
  i16(offset: number): number {
    return this.view.getInt16(offset);
  }

  /** The signed 32-bit integer at `offset`. */
  i32(offset: number): number {
    return this.view.getInt32(offset);
  }

  /** The unsigned 32-bit integer at `offset`. */
  u32(offset: number): number {
    return this.view.getUint32(offset);
  }

  /** The signed 64-bit integer at `offset`. */
  i64(offset: number): bigint {
    return this.view.getBigInt64(offset);
  }

  /** The 32-bit float at `offset`. */
  f32(offset: number): number {
    return this.view.getFloat32(offset);
  }

  /** The 64-bit float at `offset`. */
  f64(offset: number): number {
    return this.view.getFloat64(offset);
  }

  /** A copy of `length` bytes at `offset`. */
  copy(offset: number, length: number): Uint8Array<ArrayBuffer> {
    this.#check(offset, length);
    // Not slice(): a socket's bytes are a Buffer, whose slice() is a view of memory that will be reused.
    return new Uint8Array(this.bytes.subarray(offset, offset + length));
  }

  /** `length` bytes of UTF-8 at `offset` as text. Throws TypeError on bad UTF-8. */
  utf8(offset: number, length: number): string {
    this.#check(offset, length);
    const end = offset + length;
    if (length <= SHORT) {
      const text = shortAscii(this.bytes, offset, end);
      if (text !== undefined) return text;
    }
    const text = this.bytes.toString("utf8", offset, end);
    // It stands for bytes that are not UTF-8, or for itself.
    return text.includes("\ufffd") ? strictDecoder.decode(this.bytes.subarray(offset, end)) : text;
  }

  #check(offset: number, length: number): void {
    if (length < 0 || offset < 0 || offset + length > this.bytes.length) {
      throw new RangeError(`${length} bytes at ${offset} are outside a buffer of ${this.bytes.length}`);
    }
  }
}

/** A few bytes as text, or `undefined` when they are not ASCII. */
function shortAscii(bytes: Uint8Array, offset: number, end: number): string | undefined {
  const { fromCharCode } = String;
  let text = "";
  let at = offset;
  for (; at + 4 <= end; at += 4) {
    const a = bytes[at];
    const b = bytes[at + 1];
    const c = bytes[at + 2];
    const d = bytes[at + 3];
    if ((a | b | c | d) > 127) return undefined;
    text += fromCharCode(a, b, c, d);
  }
  for (; at < end; at++) {
    const unit = bytes[at];
    if (unit > 127) return undefined;
    text += fromCharCode(unit);
  }
  return text;
}
