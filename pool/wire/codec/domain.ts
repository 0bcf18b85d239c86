/** The codec of domains. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import type { Codec } from "./codec.ts";

/** A domain: its base type's codec under the domain's own name and OID, which arrays and composites send. */
export class DomainCodec implements Codec<unknown> {
  readonly type: string;
  readonly oid: number;
  readonly #base: Codec;

  /** Creates the codec of a domain over the type of `base`. */
  constructor(type: string, oid: number, base: Codec) {
    this.type = type;
    this.oid = oid;
    this.#base = base;
  }

  /** Whether the base type has a binary form. */
  get binary(): boolean {
    return this.#base.binary;
  }

  /** Whether the base type's values may be arrays. */
  get arrayValues(): boolean {
    return this.#base.arrayValues === true;
  }

  encode(value: unknown, writer: ByteWriter): void {
    this.#base.encode(value, writer);
  }

  decode(source: ByteSource, offset: number, length: number): unknown {
    return this.#base.decode(source, offset, length);
  }

  encodeText(value: unknown): string {
    return this.#base.encodeText(value);
  }

  decodeText(text: string): unknown {
    return this.#base.decodeText(text);
  }
}
