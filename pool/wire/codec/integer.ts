/** The codecs of whole numbers that a JavaScript number holds exactly: `int2`, `int4`, `oid` and its kin. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { expectLength } from "./length.ts";
import { refusal } from "./refusal.ts";

const INTEGER_TEXT = /^-?\d{1,10}$/;

/** The bounds and the text form that every small integer shares. */
abstract class IntegerCodec implements Codec<number> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;
  protected abstract readonly minimum: number;
  protected abstract readonly maximum: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  abstract encode(value: unknown, writer: ByteWriter): void;
  abstract decode(source: ByteSource, offset: number, length: number): number;

  encodeText(value: unknown): string {
    return String(this.check(value));
  }

  decodeText(text: string): number {
    const value = INTEGER_TEXT.test(text) ? Number(text) : NaN;
    if (!(value >= this.minimum && value <= this.maximum)) {
      throw new DecodeError(this.type, "the text is not an integer in the type's range");
    }
    return value;
  }

  /** The value as a number in range; anything else is refused. */
  protected check(value: unknown): number {
    if (typeof value === "number" && Number.isInteger(value)) {
      if (value >= this.minimum && value <= this.maximum) return value;
    } else if (typeof value === "bigint" && value >= this.minimum && value <= this.maximum) {
      return Number(value);
    }
    const advice = `give an integer between ${this.minimum} and ${this.maximum}`;
    throw refusal(this.type, value, advice);
  }
}

/** `int2` as a number. */
export class Int2Codec extends IntegerCodec {
  protected readonly minimum = -32_768;
  protected readonly maximum = 32_767;

  encode(value: unknown, writer: ByteWriter): void {
    writer.i16(this.check(value));
  }

  decode(source: ByteSource, offset: number, length: number): number {
    expectLength(this.type, length, 2);
    return source.i16(offset);
  }
}

/** `int4` as a number. */
export class Int4Codec extends IntegerCodec {
  protected readonly minimum = -2_147_483_648;
  protected readonly maximum = 2_147_483_647;

  encode(value: unknown, writer: ByteWriter): void {
    writer.i32(this.check(value));
  }

  decode(source: ByteSource, offset: number, length: number): number {
    expectLength(this.type, length, 4);
    return source.i32(offset);
  }
}

/** `oid`, `xid` and `cid`: unsigned, as a number. */
export class UnsignedInt4Codec extends IntegerCodec {
  protected readonly minimum = 0;
  protected readonly maximum = 4_294_967_295;

  encode(value: unknown, writer: ByteWriter): void {
    writer.i32(this.check(value));
  }

  decode(source: ByteSource, offset: number, length: number): number {
    expectLength(this.type, length, 4);
    return source.u32(offset);
  }
}
