/** The codecs of the system's own types: `tid`, `pg_lsn`, `int2vector`, `oidvector`. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { expectLength } from "./length.ts";
import { contentRefusal, refusal } from "./refusal.ts";

const TID = /^\((\d{1,10}),(\d{1,5})\)$/;
const LSN = /^([\da-f]{1,8})\/([\da-f]{1,8})$/i;

/** `tid`, a row's place in its table, as a string such as `"(0,1)"`. */
export class TidCodec implements Codec<string> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    const [block, row] = this.#parse(value);
    writer.i32(block);
    writer.i16(row);
  }

  decode(source: ByteSource, offset: number, length: number): string {
    expectLength(this.type, length, 6);
    return `(${source.u32(offset)},${source.i16(offset + 4) & 0xffff})`;
  }

  encodeText(value: unknown): string {
    const [block, row] = this.#parse(value);
    return `(${block},${row})`;
  }

  decodeText(text: string): string {
    return text;
  }

  #parse(value: unknown): readonly [number, number] {
    const advice = 'give a string such as "(0,1)"';
    if (typeof value !== "string") throw refusal(this.type, value, advice);
    const match = TID.exec(value);
    const block = Number(match?.[1]);
    const row = Number(match?.[2]);
    if (block <= 0xffffffff && row <= 0xffff) return [block, row];
    throw contentRefusal(this.type, "the string is not a block and a row", advice);
  }
}

/** `pg_lsn`, a place in the write-ahead log, as a string such as `"16/B374D848"`. */
export class LsnCodec implements Codec<string> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    const [high, low] = this.#parse(value);
    writer.i32(high);
    writer.i32(low);
  }

  decode(source: ByteSource, offset: number, length: number): string {
    expectLength(this.type, length, 8);
    return formatLsn(source.u32(offset), source.u32(offset + 4));
  }

  encodeText(value: unknown): string {
    const [high, low] = this.#parse(value);
    return formatLsn(high, low);
  }

  /** PostgreSQL 19 may pad the second half; one form is returned for all. */
  decodeText(text: string): string {
    const match = LSN.exec(text);
    if (match === null) throw new DecodeError(this.type, "the text is not two hexadecimal numbers");
    return formatLsn(parseInt(match[1], 16), parseInt(match[2], 16));
  }

  #parse(value: unknown): readonly [number, number] {
    const advice = 'give a string such as "16/B374D848"';
    if (typeof value !== "string") throw refusal(this.type, value, advice);
    const match = LSN.exec(value);
    if (match === null) throw contentRefusal(this.type, "the string is not two hexadecimal numbers", advice);
    return [parseInt(match[1], 16), parseInt(match[2], 16)];
  }
}

function formatLsn(high: number, low: number): string {
  return `${high.toString(16)}/${low.toString(16)}`.toUpperCase();
}

/**
 * `int2vector` and `oidvector` as an array of numbers. They are sent as text: the server's binary input takes no empty
 * vector.
 */
export class NumberVectorCodec implements Codec<number[]> {
  readonly binary = false;
  readonly arrayValues = true;
  readonly type: string;
  readonly oid: number;
  readonly #element: Codec<number>;

  /** Creates the codec of a vector of what `element` reads and writes. */
  constructor(type: string, oid: number, element: Codec<number>) {
    this.type = type;
    this.oid = oid;
    this.#element = element;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writer.utf8(this.encodeText(value));
  }

  decode(source: ByteSource, offset: number, length: number): number[] {
    return this.decodeText(source.utf8(offset, length));
  }

  encodeText(value: unknown): string {
    if (!Array.isArray(value)) throw refusal(this.type, value, "give an array of integers");
    return value.map((element) => this.#element.encodeText(element)).join(" ");
  }

  decodeText(text: string): number[] {
    return text === "" ? [] : text.split(" ").map((element) => this.#element.decodeText(element));
  }
}
