/** The codec of `uuid`. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import type { Codec } from "./codec.ts";
import { HEX_PAIRS, hexDigit } from "./hex.ts";
import { expectLength } from "./length.ts";
import { contentRefusal, refusal } from "./refusal.ts";

const HYPHEN = 45;

/** `uuid` as a lower-case string of 36 characters. */
export class UuidCodec implements Codec<string> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  /** Takes every form the server takes: any case, optional braces, a hyphen after any group of four digits. */
  encode(value: unknown, writer: ByteWriter): void {
    if (typeof value !== "string") throw this.#refuse(value);
    const braced = value.charCodeAt(0) === 123 && value.charCodeAt(value.length - 1) === 125;
    const end = braced ? value.length - 1 : value.length;
    writer.reserve(16);
    const bytes = writer.bytes;
    let at = braced ? 1 : 0;
    for (let index = 0; index < 16; index++) {
      if (index > 0 && index % 2 === 0 && value.charCodeAt(at) === HYPHEN) at++;
      const high = at + 1 < end ? hexDigit(value.charCodeAt(at)) : -1;
      const low = high < 0 ? -1 : hexDigit(value.charCodeAt(at + 1));
      if (low < 0) throw this.#refuse(value);
      bytes[writer.length + index] = high << 4 | low;
      at += 2;
    }
    if (at !== end) throw this.#refuse(value);
    writer.length += 16;
  }

  decode(source: ByteSource, offset: number, length: number): string {
    expectLength(this.type, length, 16);
    const b = source.bytes;
    const h = HEX_PAIRS;
    let o = offset;
    // deno-fmt-ignore
    return h[b[o++]] + h[b[o++]] + h[b[o++]] + h[b[o++]] + "-" + h[b[o++]] + h[b[o++]] + "-" + h[b[o++]] +
      h[b[o++]] + "-" + h[b[o++]] + h[b[o++]] + "-" + h[b[o++]] + h[b[o++]] + h[b[o++]] + h[b[o++]] +
      h[b[o++]] + h[b[o++]];
  }

  encodeText(value: unknown): string {
    if (typeof value !== "string" || !/^\{?(?:[\da-f]{4}-?){7}[\da-f]{4}\}?$/i.test(value)) {
      throw this.#refuse(value);
    }
    if (value.startsWith("{") !== value.endsWith("}")) throw this.#refuse(value);
    const digits = value.replace(/[{}-]/g, "").toLowerCase();
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  decodeText(text: string): string {
    return text;
  }

  #refuse(value: unknown): Error {
    const advice = 'give 32 hexadecimal digits, as in "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"';
    if (typeof value !== "string") return refusal(this.type, value, advice);
    return contentRefusal(this.type, "the string is not a UUID", advice);
  }
}
