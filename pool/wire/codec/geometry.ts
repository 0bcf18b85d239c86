/** The codec of PostGIS's `geometry` and `geography`. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import { bytesOf } from "./bytea.ts";
import type { Codec } from "./codec.ts";
import { Geometry } from "./geometry_value.ts";
import { parseHex } from "./hex.ts";
import { wrongLength } from "./length.ts";
import { refusal } from "./refusal.ts";

/** `geometry` and `geography` as a {@link Geometry}. EWKB bytes and their hexadecimal text are taken too. */
export class GeometryCodec implements Codec<Geometry> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writer.raw(this.#check(value).ewkb);
  }

  decode(source: ByteSource, offset: number, length: number): Geometry {
    if (length < 9 || source.u8(offset) > 1) throw wrongLength(this.type, length, "the bytes of EWKB");
    return new Geometry(source.copy(offset, length));
  }

  encodeText(value: unknown): string {
    return this.#check(value).toString();
  }

  decodeText(text: string): Geometry {
    const bytes = parseHex(text);
    if (bytes === undefined || bytes.length < 9) {
      throw new DecodeError(this.type, "the text is not hexadecimal EWKB");
    }
    return new Geometry(bytes);
  }

  #check(value: unknown): Geometry {
    if (value instanceof Geometry) return value;
    if (typeof value === "string") return Geometry.fromHex(value);
    const bytes = bytesOf(value);
    if (bytes !== undefined) return new Geometry(bytes);
    throw refusal(this.type, value, "give a Geometry, EWKB bytes, or their hexadecimal text");
  }
}
