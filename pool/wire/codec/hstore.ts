/**
 * The codec of `hstore` (https://www.postgresql.org/docs/18/hstore.html).
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { setOwn } from "./own_property.ts";
import { refusal } from "./refusal.ts";
import { checkText } from "./text.ts";

/** `hstore` as a plain object of strings and nulls. A Map is taken too. */
export class HstoreCodec implements Codec<Record<string, string | null>> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    const entries = this.#entries(value);
    writer.i32(entries.length);
    for (const [key, part] of entries) {
      this.#encodeText(key, writer);
      if (part === null) writer.i32(-1);
      else this.#encodeText(part, writer);
    }
  }

  #encodeText(text: string, writer: ByteWriter): void {
    const at = writer.length;
    writer.i32(0);
    writer.utf8(text);
    writer.setI32(at, writer.length - at - 4);
  }

  decode(source: ByteSource, offset: number, length: number): Record<string, string | null> {
    const end = offset + length;
    const count = length < 4 ? -1 : source.i32(offset);
    if (count < 0 || count * 8 > length - 4) throw this.#malformed();
    const object: Record<string, string | null> = {};
    let at = offset + 4;
    for (let index = 0; index < count; index++) {
      const keySize = at + 4 > end ? -1 : source.i32(at);
      at += 4;
      if (keySize < 0 || keySize > end - at) throw this.#malformed();
      const key = source.utf8(at, keySize);
      at += keySize;
      if (at + 4 > end) throw this.#malformed();
      const size = source.i32(at);
      at += 4;
      if (size < -1 || size > end - at) throw this.#malformed();
      setOwn(object, key, size === -1 ? null : source.utf8(at, size));
      if (size > 0) at += size;
    }
    if (at !== end) throw this.#malformed();
    return object;
  }

  encodeText(value: unknown): string {
    return this.#entries(value)
      .map(([key, part]) => `${quote(key)}=>${part === null ? "NULL" : quote(part)}`)
      .join(", ");
  }

  decodeText(text: string): Record<string, string | null> {
    const object: Record<string, string | null> = {};
    const entry = /"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)(?:, |$)/sy;
    while (entry.lastIndex < text.length) {
      const match = entry.exec(text);
      if (match === null) throw this.#malformed();
      setOwn(object, unquote(match[1]), match[2] === undefined ? null : unquote(match[2]));
    }
    return object;
  }

  #entries(value: unknown): readonly (readonly [string, string | null])[] {
    const advice = "give an object, or a Map, of strings and nulls";
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw refusal(this.type, value, advice);
    }
    const entries: unknown[][] = value instanceof Map ? [...value] : Object.entries(value);
    return entries.map(([key, part]) => [
      checkText(this.type, key, advice),
      part === null ? null : checkText(this.type, part, advice),
    ]);
  }

  #malformed(): DecodeError {
    return new DecodeError(this.type, "the server's hstore is malformed");
  }
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function unquote(text: string): string {
  return text.replace(/\\(.)/gs, "$1");
}
