/** The codec of `bit` and `varbit`. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import type { Codec } from "./codec.ts";
import { wrongLength } from "./length.ts";
import { contentRefusal, refusal } from "./refusal.ts";

const OCTETS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(2).padStart(8, "0"));

/** `bit` and `varbit` as a string of `0` and `1`. */
export class BitCodec implements Codec<string> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    const bits = this.#check(value);
    writer.i32(bits.length);
    for (let at = 0; at < bits.length; at += 8) {
      writer.u8(parseInt(bits.slice(at, at + 8).padEnd(8, "0"), 2));
    }
  }

  decode(source: ByteSource, offset: number, length: number): string {
    const count = length < 4 ? -1 : source.i32(offset);
    if (count < 0 || length !== 4 + Math.ceil(count / 8)) {
      throw wrongLength(this.type, length, "as many as its bits take");
    }
    let bits = "";
    for (let at = offset + 4; at < offset + length; at++) bits += OCTETS[source.u8(at)];
    return bits.slice(0, count);
  }

  encodeText(value: unknown): string {
    return this.#check(value);
  }

  decodeText(text: string): string {
    return text;
  }

  #check(value: unknown): string {
    const advice = 'give a string of "0" and "1"';
    if (typeof value !== "string") throw refusal(this.type, value, advice);
    if (!/^[01]*$/.test(value)) {
      throw contentRefusal(this.type, "the string has other characters than 0 and 1", advice);
    }
    return value;
  }
}
