/**
 * The codecs of ranges and multiranges
 * (https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/rangetypes.c, `range_send`).
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { Range, type RangeBounds } from "./range_value.ts";
import { refusal } from "./refusal.ts";

const EMPTY = 0x01;
const LOWER_INCLUSIVE = 0x02;
const UPPER_INCLUSIVE = 0x04;
const LOWER_INFINITE = 0x08;
const UPPER_INFINITE = 0x10;
const KNOWN_FLAGS = 0x1f;

const PLAIN = /^[\w.:+-]+$/;

/** A range as a {@link Range}. */
export class RangeCodec implements Codec<Range> {
  readonly type: string;
  readonly oid: number;
  readonly #bound: Codec;

  /** Creates the codec of a range whose bounds `bound` reads and writes. */
  constructor(type: string, oid: number, bound: Codec) {
    this.type = type;
    this.oid = oid;
    this.#bound = bound;
  }

  /** Whether the bounds have a binary form, without which the range has none. */
  get binary(): boolean {
    return this.#bound.binary;
  }

  encode(value: unknown, writer: ByteWriter): void {
    const range = this.#check(value);
    if (range.empty) {
      writer.u8(EMPTY);
      return;
    }
    const { lower, upper, bounds } = range;
    writer.u8(
      (lower === null ? LOWER_INFINITE : bounds.startsWith("[") ? LOWER_INCLUSIVE : 0) |
        (upper === null ? UPPER_INFINITE : bounds.endsWith("]") ? UPPER_INCLUSIVE : 0),
    );
    if (lower !== null) this.#encodeBound(lower, writer);
    if (upper !== null) this.#encodeBound(upper, writer);
  }

  #encodeBound(bound: unknown, writer: ByteWriter): void {
    const at = writer.length;
    writer.i32(0);
    this.#bound.encode(bound, writer);
    writer.setI32(at, writer.length - at - 4);
  }

  decode(source: ByteSource, offset: number, length: number): Range {
    if (length < 1) throw this.#malformed();
    const end = offset + length;
    const flags = source.u8(offset);
    if ((flags & ~KNOWN_FLAGS) !== 0) throw this.#malformed();
    let at = offset + 1;
    if ((flags & EMPTY) !== 0) {
      if (at !== end) throw this.#malformed();
      return Range.empty();
    }
    let lower: unknown = null;
    let upper: unknown = null;
    if ((flags & LOWER_INFINITE) === 0) {
      const size = this.#boundSize(source, at, end);
      lower = this.#bound.decode(source, at + 4, size);
      at += 4 + size;
    }
    if ((flags & UPPER_INFINITE) === 0) {
      const size = this.#boundSize(source, at, end);
      upper = this.#bound.decode(source, at + 4, size);
      at += 4 + size;
    }
    if (at !== end) throw this.#malformed();
    const bounds = `${flags & LOWER_INCLUSIVE ? "[" : "("}${
      flags & UPPER_INCLUSIVE ? "]" : ")"
    }` as RangeBounds;
    return new Range(lower, upper, { bounds });
  }

  #boundSize(source: ByteSource, at: number, end: number): number {
    if (at + 4 > end) throw this.#malformed();
    const size = source.i32(at);
    if (size < 0 || size > end - at - 4) throw this.#malformed();
    return size;
  }

  encodeText(value: unknown): string {
    const range = this.#check(value);
    if (range.empty) return "empty";
    const lower = range.lower === null ? "" : this.#quote(range.lower);
    const upper = range.upper === null ? "" : this.#quote(range.upper);
    return `${range.bounds[0]}${lower},${upper}${range.bounds[1]}`;
  }

  #quote(bound: unknown): string {
    const text = this.#bound.encodeText(bound);
    return PLAIN.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
  }

  decodeText(text: string): Range {
    const parsed = this.parse(text, 0);
    if (parsed === undefined || parsed.end !== text.length) throw this.#malformed();
    return parsed.range;
  }

  /** Reads the range that starts at `start`, and where it ends; undefined when it is malformed. */
  parse(text: string, start: number): { range: Range; end: number } | undefined {
    if (text.slice(start, start + 5).toLowerCase() === "empty") {
      return { range: Range.empty(), end: start + 5 };
    }
    const opening = text[start];
    if (opening !== "[" && opening !== "(") return undefined;
    const lower = readBound(text, start + 1);
    if (text[lower.end] !== ",") return undefined;
    const upper = readBound(text, lower.end + 1);
    const closing = text[upper.end];
    if (closing !== "]" && closing !== ")") return undefined;
    const range = new Range(
      lower.text === null ? null : this.#bound.decodeText(lower.text),
      upper.text === null ? null : this.#bound.decodeText(upper.text),
      { bounds: `${opening}${closing}` },
    );
    return { range, end: upper.end + 1 };
  }

  #check(value: unknown): Range {
    if (value instanceof Range) return value;
    throw refusal(this.type, value, "give a Range, as in new Range(1, 10)");
  }

  #malformed(): DecodeError {
    return new DecodeError(this.type, "the server's range is malformed");
  }
}

/** The text of the bound that starts at `start`, null for none, and where it ends. */
function readBound(text: string, start: number): { text: string | null; end: number } {
  let bound = "";
  let quoted = false;
  let inQuotes = false;
  let at = start;
  for (; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") bound += text[++at] ?? "";
    else if (character === '"') {
      // A doubled quote inside quotes is one quote.
      if (inQuotes && text[at + 1] === '"') {
        bound += '"';
        at++;
      } else inQuotes = !inQuotes;
      quoted = true;
    } else if (!inQuotes && (character === "," || character === "]" || character === ")")) break;
    else bound += character;
  }
  return { text: bound === "" && !quoted ? null : bound, end: at };
}

/** A multirange as an array of {@link Range}s. */
export class MultirangeCodec implements Codec<Range[]> {
  readonly arrayValues = true;
  readonly type: string;
  readonly oid: number;
  readonly #range: RangeCodec;

  /** Creates the codec of a multirange of what `range` reads and writes. */
  constructor(type: string, oid: number, range: RangeCodec) {
    this.type = type;
    this.oid = oid;
    this.#range = range;
  }

  /** Whether the range has a binary form. */
  get binary(): boolean {
    return this.#range.binary;
  }

  encode(value: unknown, writer: ByteWriter): void {
    const ranges = this.#check(value);
    writer.i32(ranges.length);
    for (const range of ranges) {
      const at = writer.length;
      writer.i32(0);
      this.#range.encode(range, writer);
      writer.setI32(at, writer.length - at - 4);
    }
  }

  decode(source: ByteSource, offset: number, length: number): Range[] {
    const end = offset + length;
    if (length < 4) throw this.#malformed();
    const count = source.i32(offset);
    // Every range takes at least its length and its flags, which bounds what is allocated.
    if (count < 0 || count * 5 > length - 4) throw this.#malformed();
    const ranges: Range[] = [];
    let at = offset + 4;
    for (let index = 0; index < count; index++) {
      if (at + 4 > end) throw this.#malformed();
      const size = source.i32(at);
      at += 4;
      if (size < 0 || size > end - at) throw this.#malformed();
      ranges.push(this.#range.decode(source, at, size));
      at += size;
    }
    if (at !== end) throw this.#malformed();
    return ranges;
  }

  encodeText(value: unknown): string {
    return `{${this.#check(value).map((range) => this.#range.encodeText(range)).join(",")}}`;
  }

  decodeText(text: string): Range[] {
    if (text === "{}") return [];
    const ranges: Range[] = [];
    let at = 0;
    do {
      const parsed = text[at] === (at === 0 ? "{" : ",") ? this.#range.parse(text, at + 1) : undefined;
      if (parsed === undefined) throw this.#malformed();
      ranges.push(parsed.range);
      at = parsed.end;
    } while (at < text.length - 1);
    if (text[at] !== "}") throw this.#malformed();
    return ranges;
  }

  #check(value: unknown): readonly unknown[] {
    if (Array.isArray(value)) return value;
    throw refusal(this.type, value, "give an array of Range");
  }

  #malformed(): DecodeError {
    return new DecodeError(this.type, "the server's multirange is malformed");
  }
}
