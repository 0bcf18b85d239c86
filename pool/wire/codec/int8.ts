/** The codecs of 64-bit whole numbers: `int8` in its three modes, and `xid8`. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { expectLength } from "./length.ts";
import { refusal } from "./refusal.ts";

const MINIMUM = -(2n ** 63n);
const MAXIMUM = 2n ** 63n - 1n;
const DECIMAL = /^[+-]?\d{1,20}$/;

/** The value as a bigint between `minimum` and `maximum`, or undefined when it is not one exactly. */
function exactInteger(value: unknown, minimum: bigint, maximum: bigint): bigint | undefined {
  let exact: bigint;
  if (typeof value === "bigint") exact = value;
  else if (typeof value === "number" && Number.isSafeInteger(value)) exact = BigInt(value);
  else if (typeof value === "string" && DECIMAL.test(value)) {
    exact = BigInt(value.startsWith("+") ? value.slice(1) : value);
  } else return undefined;
  return exact >= minimum && exact <= maximum ? exact : undefined;
}

/** What the modes of `int8` share: how a value is taken. */
abstract class Int8Codec<Value> implements Codec<Value> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    if (typeof value === "number" && Number.isSafeInteger(value)) {
      // Two 32-bit halves spare the allocation of a bigint.
      writer.i32(Math.floor(value / 4_294_967_296));
      writer.i32(value % 4_294_967_296 | 0);
      return;
    }
    writer.i64(this.#check(value));
  }

  encodeText(value: unknown): string {
    return this.#check(value).toString();
  }

  abstract decode(source: ByteSource, offset: number, length: number): Value;
  abstract decodeText(text: string): Value;

  #check(value: unknown): bigint {
    const exact = exactInteger(value, MINIMUM, MAXIMUM);
    if (exact !== undefined) return exact;
    const advice = "give a bigint, a safe integer or a decimal string between -2^63 and 2^63 - 1";
    throw refusal(this.type, value, advice);
  }
}

function parse(type: string, text: string): bigint {
  const exact = exactInteger(text, MINIMUM, MAXIMUM);
  if (exact === undefined) throw new DecodeError(type, "the text is not a 64-bit integer");
  return exact;
}

/** `int8` as a bigint. */
export class Int8BigintCodec extends Int8Codec<bigint> {
  decode(source: ByteSource, offset: number, length: number): bigint {
    expectLength(this.type, length, 8);
    return source.i64(offset);
  }

  decodeText(text: string): bigint {
    return parse(this.type, text);
  }
}

/** `int8` as a number; one beyond 2^53 - 1 is a DecodeError. */
export class Int8NumberCodec extends Int8Codec<number> {
  decode(source: ByteSource, offset: number, length: number): number {
    expectLength(this.type, length, 8);
    return this.#safe(source.i32(offset) * 4_294_967_296 + source.u32(offset + 4));
  }

  decodeText(text: string): number {
    return this.#safe(Number(parse(this.type, text)));
  }

  #safe(value: number): number {
    if (Number.isSafeInteger(value)) return value;
    throw new DecodeError(
      this.type,
      'the value is beyond 2^53 - 1 and does not fit a number; use the option int8: "bigint" or "string"',
    );
  }
}

/** `int8` as a decimal string. */
export class Int8StringCodec extends Int8Codec<string> {
  decode(source: ByteSource, offset: number, length: number): string {
    expectLength(this.type, length, 8);
    return source.i64(offset).toString();
  }

  decodeText(text: string): string {
    return parse(this.type, text).toString();
  }
}

/** `xid8`, a 64-bit transaction number, as a bigint. */
export class Xid8Codec implements Codec<bigint> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writer.i64(this.#check(value));
  }

  decode(source: ByteSource, offset: number, length: number): bigint {
    expectLength(this.type, length, 8);
    return BigInt.asUintN(64, source.i64(offset));
  }

  encodeText(value: unknown): string {
    return this.#check(value).toString();
  }

  decodeText(text: string): bigint {
    const exact = exactInteger(text, 0n, 2n ** 64n - 1n);
    if (exact === undefined) throw new DecodeError(this.type, "the text is not an unsigned 64-bit integer");
    return exact;
  }

  #check(value: unknown): bigint {
    const exact = exactInteger(value, 0n, 2n ** 64n - 1n);
    if (exact !== undefined) return exact;
    const advice = "give a bigint, a safe integer or a decimal string between 0 and 2^64 - 1";
    throw refusal(this.type, value, advice);
  }
}
