/**
 * The one reader of bytes from a server. Every read is checked against the end of the buffer; whoever reads a
 * part of a message (a column's value, say) has checked the part's length against the message's end before.
 *
 * @module
 */

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes from the server, read at absolute offsets; big-endian, as the protocol has them. */
export class ByteSource {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** The same bytes, for the numbers a byte array cannot read. */
  readonly view: DataView;

  /** Wraps bytes without copying. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
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
    const bytes = this.bytes;
    const end = offset + length;
    if (length <= 24) {
      // Short ASCII is the common case; a call into the decoder costs more than this loop.
      let text = "";
      let index = offset;
      for (; index < end; index++) {
        const unit = bytes[index];
        if (unit > 127) break;
        text += String.fromCharCode(unit);
      }
      if (index === end) return text;
    }
    return decoder.decode(bytes.subarray(offset, end));
  }

  #check(offset: number, length: number): void {
    if (length < 0 || offset < 0 || offset + length > this.bytes.length) {
      throw new RangeError(`${length} bytes at ${offset} are outside a buffer of ${this.bytes.length}`);
    }
  }
}
