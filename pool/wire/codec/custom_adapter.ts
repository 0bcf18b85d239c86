/** A user's codec among our own. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { ValidationError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import type { CustomCodec } from "./custom.ts";
import { refusal } from "./refusal.ts";

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
