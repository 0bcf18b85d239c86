/** The codecs of network addresses: `inet`, `cidr`, `macaddr`, `macaddr8`, as strings. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { HEX_PAIRS, parseHex } from "./hex.ts";
import { formatAddress, parseAddress } from "./internet_address.ts";
import { expectLength, wrongLength } from "./length.ts";
import { contentRefusal, refusal } from "./refusal.ts";

/** PostgreSQL's own numbers of the families, the same on every platform. */
const IPV4 = 2;
const IPV6 = 3;

/** `inet` and `cidr` as strings, as PostgreSQL prints them: `"192.168.0.1/24"`, `"::ffff:1.2.3.4"`. */
export class InetCodec implements Codec<string> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;
  readonly #cidr: boolean;

  /** Creates the codec of `inet`, or of `cidr`, which always has its prefix length. */
  constructor(type: string, oid: number, cidr: boolean) {
    this.type = type;
    this.oid = oid;
    this.#cidr = cidr;
  }

  encode(value: unknown, writer: ByteWriter): void {
    const { bytes, bits } = this.#parse(value);
    writer.u8(bytes.length === 4 ? IPV4 : IPV6);
    writer.u8(bits);
    writer.u8(this.#cidr ? 1 : 0);
    writer.u8(bytes.length);
    writer.raw(bytes);
  }

  decode(source: ByteSource, offset: number, length: number): string {
    if (length < 4) throw wrongLength(this.type, length, "8 or 20");
    const family = source.u8(offset);
    const bits = source.u8(offset + 1);
    const size = source.u8(offset + 3);
    if ((family !== IPV4 || size !== 4) && (family !== IPV6 || size !== 16) || bits > size * 8) {
      throw new DecodeError(this.type, "the server's address is malformed");
    }
    expectLength(this.type, length, 4 + size);
    return this.#format(source.bytes.subarray(offset + 4, offset + 4 + size), bits);
  }

  encodeText(value: unknown): string {
    const { bytes, bits } = this.#parse(value);
    return this.#format(bytes, bits);
  }

  decodeText(text: string): string {
    return text;
  }

  #format(bytes: Uint8Array, bits: number): string {
    const address = formatAddress(bytes);
    return this.#cidr || bits !== bytes.length * 8 ? `${address}/${bits}` : address;
  }

  #parse(value: unknown): { bytes: Uint8Array; bits: number } {
    const advice = 'give a string such as "192.168.0.0/24" or "2001:db8::1"';
    if (typeof value !== "string") throw refusal(this.type, value, advice);
    const match = /^([\da-f.:]+)(?:\/(\d{1,3}))?$/i.exec(value);
    const bytes = match === null ? undefined : parseAddress(match[1]);
    if (match === null || bytes === undefined) {
      throw contentRefusal(this.type, "the string is not an IPv4 or IPv6 address", advice);
    }
    const bits = match[2] === undefined ? bytes.length * 8 : Number(match[2]);
    if (bits <= bytes.length * 8) return { bytes, bits };
    throw contentRefusal(
      this.type,
      "the prefix is longer than the address",
      `give at most ${bytes.length * 8}`,
    );
  }
}

/** `macaddr` and `macaddr8` as strings of pairs of digits between colons. */
export class MacCodec implements Codec<string> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;
  readonly #size: number;

  /** Creates the codec of addresses of `size` bytes, 6 or 8. */
  constructor(type: string, oid: number, size: 6 | 8) {
    this.type = type;
    this.oid = oid;
    this.#size = size;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writer.raw(this.#parse(value));
  }

  decode(source: ByteSource, offset: number, length: number): string {
    expectLength(this.type, length, this.#size);
    let text = HEX_PAIRS[source.u8(offset)];
    for (let index = 1; index < length; index++) text += `:${HEX_PAIRS[source.u8(offset + index)]}`;
    return text;
  }

  encodeText(value: unknown): string {
    return Array.from(this.#parse(value), (byte) => HEX_PAIRS[byte]).join(":");
  }

  decodeText(text: string): string {
    return text;
  }

  #parse(value: unknown): Uint8Array {
    const advice = 'give pairs of hexadecimal digits, as in "08:00:2b:01:02:03"';
    if (typeof value !== "string") throw refusal(this.type, value, advice);
    const digits = /^[\da-f]{2,6}(?:([:.-]?)[\da-f]{2,6})(?:\1[\da-f]{2,4})*$/i.test(value)
      ? value.replace(/[:.-]/g, "")
      : "";
    const bytes = parseHex(digits);
    if (bytes?.length === this.#size) return bytes;
    // A 48-bit address is a 64-bit one with FF:FE in its middle.
    if (bytes?.length === 6) return Uint8Array.of(...bytes.subarray(0, 3), 0xff, 0xfe, ...bytes.subarray(3));
    throw contentRefusal(this.type, `the string is not an address of ${this.#size} bytes`, advice);
  }
}
