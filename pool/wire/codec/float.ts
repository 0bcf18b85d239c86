/** The codecs of `float4` and `float8`, including NaN, the infinities and negative zero. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { expectLength } from "./length.ts";
import { contentRefusal, refusal } from "./refusal.ts";

const FLOAT_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A float's text form as PostgreSQL reads it. */
export function formatFloat(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Reads a float as PostgreSQL writes it; throws a DecodeError for anything else. */
export function parseFloatText(type: string, text: string): number {
  if (FLOAT_TEXT.test(text)) return Number(text);
  if (text === "NaN") return NaN;
  if (text === "Infinity") return Infinity;
  if (text === "-Infinity") return -Infinity;
  throw new DecodeError(type, "the text is not a floating-point number");
}

/** The value as a float; anything but a number is refused, so that no precision is lost unseen. */
export function checkFloat(type: string, value: unknown): number {
  if (typeof value === "number") return value;
  throw refusal(type, value, "give a number");
}

/** The value as a float that `float4` can hold; the server refuses overflow and underflow too. */
export function checkFloat4(type: string, value: unknown): number {
  const number = checkFloat(type, value);
  const rounded = Math.fround(number);
  if ((rounded === 0 && number !== 0) || (!Number.isFinite(rounded) && Number.isFinite(number))) {
    const advice = "give one of magnitude between 1.4e-45 and 3.4e38, or use float8";
    throw contentRefusal(type, "the number is outside the range of a 32-bit float", advice);
  }
  return rounded;
}

/**
 * `float4` as the number that equals the 32-bit float exactly, in both formats: what is stored for 0.1 reads back
 * as 0.10000000149011612.
 */
export class Float4Codec implements Codec<number> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writer.f32(checkFloat4(this.type, value));
  }

  decode(source: ByteSource, offset: number, length: number): number {
    expectLength(this.type, length, 4);
    return source.f32(offset);
  }

  encodeText(value: unknown): string {
    return formatFloat(checkFloat4(this.type, value));
  }

  decodeText(text: string): number {
    return Math.fround(parseFloatText(this.type, text));
  }
}

/** `float8` as a number. */
export class Float8Codec implements Codec<number> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writer.f64(checkFloat(this.type, value));
  }

  decode(source: ByteSource, offset: number, length: number): number {
    expectLength(this.type, length, 8);
    return source.f64(offset);
  }

  encodeText(value: unknown): string {
    return formatFloat(checkFloat(this.type, value));
  }

  decodeText(text: string): number {
    return parseFloatText(this.type, text);
  }
}
