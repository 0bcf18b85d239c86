/** The codec of `bool`. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { expectLength } from "./length.ts";
import { refusal } from "./refusal.ts";

/** `bool` as a JavaScript boolean. */
export class BooleanCodec implements Codec<boolean> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    if (typeof value !== "boolean") throw refusal(this.type, value, "give true or false");
    writer.u8(value ? 1 : 0);
  }

  decode(source: ByteSource, offset: number, length: number): boolean {
    expectLength(this.type, length, 1);
    return source.u8(offset) !== 0;
  }

  encodeText(value: unknown): string {
    if (typeof value !== "boolean") throw refusal(this.type, value, "give true or false");
    return value ? "t" : "f";
  }

  decodeText(text: string): boolean {
    if (text === "t") return true;
    if (text === "f") return false;
    throw new DecodeError(this.type, 'the text is neither "t" nor "f"');
  }
}
