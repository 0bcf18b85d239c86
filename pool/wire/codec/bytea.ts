/** The codec of `bytea`. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { formatHex, parseHex } from "./hex.ts";
import { refusal } from "./refusal.ts";

/** The bytes of a Uint8Array, a Buffer, any other view, or an ArrayBuffer; undefined for anything else. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return undefined;
}

/** `bytea` as a Uint8Array of its own. */
export class ByteaCodec implements Codec<Uint8Array> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writer.raw(this.#check(value));
  }

  decode(source: ByteSource, offset: number, length: number): Uint8Array {
    return source.copy(offset, length);
  }

  encodeText(value: unknown): string {
    return `\\x${formatHex(this.#check(value))}`;
  }

  decodeText(text: string): Uint8Array {
    if (text.startsWith("\\x")) {
      const bytes = parseHex(text, 2);
      if (bytes === undefined) throw new DecodeError(this.type, "the text is not hexadecimal");
      return bytes;
    }
    return this.#unescape(text);
  }

  #check(value: unknown): Uint8Array {
    const bytes = bytesOf(value);
    if (bytes === undefined) throw refusal(this.type, value, "give a Uint8Array, a Buffer or an ArrayBuffer");
    return bytes;
  }

  /** The form that `bytea_output = escape` produces. */
  #unescape(text: string): Uint8Array {
    const bytes = new Uint8Array(text.length);
    let length = 0;
    for (let index = 0; index < text.length; index++) {
      let byte = text.charCodeAt(index);
      if (byte === 92 && text[index + 1] === "\\") index++;
      else if (byte === 92) {
        const octal = text.slice(index + 1, index + 4);
        byte = /^[0-3][0-7]{2}$/.test(octal) ? parseInt(octal, 8) : 256;
        index += 3;
      }
      if (byte > 255) throw new DecodeError(this.type, "the text is not in bytea's escape form");
      bytes[length++] = byte;
    }
    return bytes.slice(0, length);
  }
}
