/**
 * The cursor with which the bodies of messages are read.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import { ProtocolError } from "../errors.ts";

/** A cursor over one message's body that never leaves it: what goes beyond its end is a `ProtocolError`. */
export class Body {
  readonly #message: string;
  readonly #source: ByteSource;
  readonly #end: number;
  #at: number;

  /** Creates a cursor at `offset`; the message's name is for errors. */
  constructor(message: string, source: ByteSource, offset: number, end: number) {
    this.#message = message;
    this.#source = source;
    this.#at = offset;
    this.#end = end;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#end - this.#at;
  }

  /** Moves past `size` bytes; returns where they were. */
  #take(size: number): number {
    const at = this.#at;
    if (size < 0 || at + size > this.#end) throw this.bad("it ends too early");
    this.#at = at + size;
    return at;
  }

  /** The error for a body that does not add up. */
  bad(problem: string): ProtocolError {
    return new ProtocolError(this.#message, problem);
  }

  /** An unsigned byte. */
  u8(): number {
    return this.#source.u8(this.#take(1));
  }

  /** A signed 16-bit integer. */
  i16(): number {
    return this.#source.i16(this.#take(2));
  }

  /** A signed 32-bit integer. */
  i32(): number {
    return this.#source.i32(this.#take(4));
  }

  /** An unsigned 32-bit integer. */
  u32(): number {
    return this.#source.u32(this.#take(4));
  }

  /** A signed 64-bit integer. */
  i64(): bigint {
    return this.#source.i64(this.#take(8));
  }

  /** An unsigned 64-bit integer, as positions in the WAL are. */
  u64(): bigint {
    return BigInt.asUintN(64, this.i64());
  }

  /** A count of things of at least `size` bytes each. */
  count(size: number): number {
    const count = this.i16() & 0xffff;
    if (count * size > this.#end - this.#at) {
      throw this.bad(`it announces ${count} items, more than it holds`);
    }
    return count;
  }

  /** Moves past `size` bytes. */
  skip(size: number): void {
    this.#take(size);
  }

  /** A copy of `size` bytes. */
  copy(size: number): Uint8Array<ArrayBuffer> {
    return this.#source.copy(this.#take(size), size);
  }

  /** A copy of all that is left. */
  rest(): Uint8Array<ArrayBuffer> {
    return this.copy(this.left);
  }

  /** `size` bytes of UTF-8. */
  utf8(size: number): string {
    const at = this.#take(size);
    try {
      return this.#source.utf8(at, size);
    } catch {
      throw this.bad("a text is not valid UTF-8");
    }
  }

  /** A text that ends with a zero byte. */
  cstring(): string {
    const nul = this.#source.bytes.indexOf(0, this.#at);
    if (nul < 0 || nul >= this.#end) throw this.bad("a text is not terminated");
    const text = this.utf8(nul - this.#at);
    this.#take(1);
    return text;
  }

  /** The body must end here. */
  finish(): void {
    if (this.#at !== this.#end) throw this.bad(`${this.#end - this.#at} bytes are left over`);
  }
}
