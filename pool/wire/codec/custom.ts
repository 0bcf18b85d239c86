/** Codecs that a user brings, by type name. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { ValidationError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { refusal } from "./refusal.ts";

/**
 * A codec for one type, given to a pool by the type's name. Arrays, ranges, domains and composites of the type use it
 * too. `null` never reaches it.
 *
 * @example
 * ```ts
 * import type { CustomCodec } from "@lifeguard/core";
 * const money: CustomCodec<number> = {
 *   encode: (cents) => (cents / 100).toFixed(2),
 *   decode: (text) => Math.round(Number(text.replace(/[$,]/g, "")) * 100),
 * };
 * if (money.decode("$1,234.50") !== 123450) throw new Error("unexpected");
 * ```
 */
export interface CustomCodec<Value = unknown> {
  /** The value's text form, as PostgreSQL's input function takes it. */
  encode(value: Value): string;
  /** Reads the text form, as PostgreSQL's output function writes it. */
  decode(text: string): Value;
  /** The binary form, used instead of the text where it is given. */
  readonly binary?: {
    /** The value's binary form, as PostgreSQL's receive function takes it. */
    encode(value: Value): Uint8Array;
    /** Reads the binary form, as PostgreSQL's send function writes it; the bytes are a copy. */
    decode(bytes: Uint8Array): Value;
  };
}

/** A user's codec as the session and the container types see it. */
export class CustomCodecAdapter implements Codec<unknown> {
  readonly type: string;
  readonly oid: number;
  readonly binary: boolean;
  /** Nothing is known of a user's values, so that nesting is never taken for dimensions. */
  readonly arrayValues = true;
  readonly #codec: CustomCodec;

  /** Wraps a user's codec for the type of this name and OID. */
  constructor(type: string, oid: number, codec: CustomCodec) {
    this.type = type;
    this.oid = oid;
    this.binary = codec.binary !== undefined;
    this.#codec = codec;
  }

  encode(value: unknown, writer: ByteWriter): void {
    if (value === undefined) throw refusal(this.type, value, "");
    const bytes: unknown = this.#codec.binary!.encode(value);
    if (!(bytes instanceof Uint8Array)) throw this.#wrongResult("a Uint8Array");
    writer.raw(bytes);
  }

  decode(source: ByteSource, offset: number, length: number): unknown {
    return this.#codec.binary!.decode(source.copy(offset, length));
  }

  encodeText(value: unknown): string {
    if (value === undefined) throw refusal(this.type, value, "");
    const text: unknown = this.#codec.encode(value);
    if (typeof text !== "string") throw this.#wrongResult("a string");
    return text;
  }

  decodeText(text: string): unknown {
    return this.#codec.decode(text);
  }

  #wrongResult(expected: string): ValidationError {
    return new ValidationError(
      `the custom codec of type ${this.type}`,
      `its encode() did not return ${expected}; return one`,
    );
  }
}
