/**
 * The codec of arrays of any type and of up to six dimensions
 * (https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/arrayfuncs.c, `array_recv`).
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import { parseArrayText } from "./array_text.ts";
import { type ArrayDimension, PgArray } from "./array_value.ts";
import type { Codec } from "./codec.ts";
import { contentRefusal, elementRefusal, refusal } from "./refusal.ts";

/** The most dimensions an array has, `MAXDIM` in PostgreSQL's source. */
export const MAXIMUM_DIMENSIONS = 6;

const PLAIN = /^(?!null$)[\w.:+-]+$/i;

/** An array as nested JavaScript arrays, or as a {@link PgArray} where those would lose something. */
export class ArrayCodec implements Codec<unknown> {
  /** A domain over arrays can be an element. */
  readonly arrayValues = true;
  readonly type: string;
  readonly oid: number;
  readonly #element: Codec;
  readonly #delimiter: string;

  /**
   * Creates the codec.
   *
   * @param element The codec of the elements.
   * @param delimiter The character between elements in the text form, `pg_type.typdelim`.
   */
  constructor(
    type: string,
    oid: number,
    { element, delimiter = "," }: { element: Codec; delimiter?: string },
  ) {
    this.type = type;
    this.oid = oid;
    this.#element = element;
    this.#delimiter = delimiter;
  }

  /** Whether the elements have a binary form, without which the array has none. */
  get binary(): boolean {
    return this.#element.binary;
  }

  encode(value: unknown, writer: ByteWriter): void {
    const dimensions = this.#dimensionsOf(value);
    writer.i32(dimensions.length);
    const flagsAt = writer.length;
    writer.i32(0);
    writer.i32(this.#element.oid);
    for (const { length, lowerBound } of dimensions) {
      writer.i32(length);
      writer.i32(lowerBound);
    }
    if (dimensions.length === 0) return;
    const hasNull = value instanceof PgArray
      ? this.#encodeElements(value.elements, writer)
      : this.#encodeLevel(value as unknown[], 0, { dimensions, writer });
    if (hasNull) writer.setI32(flagsAt, 1);
  }

  #encodeLevel(
    level: unknown,
    depth: number,
    context: { dimensions: readonly ArrayDimension[]; writer: ByteWriter },
  ): boolean {
    const { dimensions, writer } = context;
    const rows = this.#checkLevel(level, dimensions[depth].length);
    if (depth === dimensions.length - 1) return this.#encodeElements(rows, writer);
    let hasNull = false;
    for (let index = 0; index < rows.length; index++) {
      hasNull = this.#encodeLevel(rows[index], depth + 1, context) || hasNull;
    }
    return hasNull;
  }

  #encodeElements(elements: ArrayLike<unknown>, writer: ByteWriter): boolean {
    const element = this.#element;
    let hasNull = false;
    let index = 0;
    try {
      for (; index < elements.length; index++) {
        const value = elements[index];
        if (value === null) {
          hasNull = true;
          writer.i32(-1);
          continue;
        }
        const at = writer.length;
        writer.i32(0);
        element.encode(value, writer);
        writer.setI32(at, writer.length - at - 4);
      }
    } catch (error) {
      throw elementRefusal(error, index);
    }
    return hasNull;
  }

  decode(source: ByteSource, offset: number, length: number): unknown {
    const end = offset + length;
    if (length < 12) throw this.#malformed();
    const count = source.i32(offset);
    if (count < 0 || count > MAXIMUM_DIMENSIONS || length < 12 + count * 8) throw this.#malformed();
    if (source.u32(offset + 8) !== this.#element.oid) {
      throw new DecodeError(this.type, "the server sent elements of another type than the catalog says");
    }
    let at = offset + 12;
    if (count === 0) {
      if (at !== end) throw this.#malformed();
      return [];
    }
    const dimensions: ArrayDimension[] = [];
    let total = 1;
    for (let index = 0; index < count; index++, at += 8) {
      const size = source.i32(at);
      // Every element takes at least the four bytes of its length, which bounds what is allocated.
      if (size < 1 || (total *= size) * 4 > length) throw this.#malformed();
      dimensions.push({ length: size, lowerBound: source.i32(at + 4) });
    }
    const element = this.#element;
    const elements: unknown[] = new Array(total);
    for (let index = 0; index < total; index++) {
      if (at + 4 > end) throw this.#malformed();
      const size = source.i32(at);
      at += 4;
      if (size === -1) {
        elements[index] = null;
        continue;
      }
      if (size < 0 || size > end - at) throw this.#malformed();
      elements[index] = element.decode(source, at, size);
      at += size;
    }
    if (at !== end) throw this.#malformed();
    return this.#shape(dimensions, elements);
  }

  encodeText(value: unknown): string {
    const dimensions = this.#dimensionsOf(value);
    if (dimensions.length === 0) return "{}";
    const nested = value instanceof PgArray ? nest(value.elements, dimensions) : value;
    const text = this.#formatLevel(nested, 0, dimensions);
    if (dimensions.every(({ lowerBound }) => lowerBound === 1)) return text;
    return dimensions.map(({ length, lowerBound }) => `[${lowerBound}:${lowerBound + length - 1}]`).join("") +
      `=${text}`;
  }

  #formatLevel(level: unknown, depth: number, dimensions: readonly ArrayDimension[]): string {
    const rows = this.#checkLevel(level, dimensions[depth].length);
    const parts: string[] = [];
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index];
      if (depth < dimensions.length - 1) parts.push(this.#formatLevel(row, depth + 1, dimensions));
      else if (row === null) parts.push("NULL");
      else {
        const text = this.#elementText(row, index);
        parts.push(PLAIN.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`);
      }
    }
    return `{${parts.join(this.#delimiter)}}`;
  }

  #elementText(value: unknown, index: number): string {
    try {
      return this.#element.encodeText(value);
    } catch (error) {
      throw elementRefusal(error, index);
    }
  }

  decodeText(text: string): unknown {
    const parsed = parseArrayText(this.type, text, this.#delimiter);
    const elements: unknown[] = parsed.elements.map((part) =>
      part === null ? null : this.#element.decodeText(part)
    );
    return parsed.dimensions.length === 0 ? [] : this.#shape(parsed.dimensions, elements);
  }

  #shape(dimensions: ArrayDimension[], elements: unknown[]): unknown {
    const plain = dimensions.every(({ lowerBound }) => lowerBound === 1) &&
      (dimensions.length === 1 || this.#element.arrayValues !== true);
    return plain ? nest(elements, dimensions) : new PgArray(dimensions, elements);
  }

  /** The dimensions of a value, read along its first elements; {@link #checkLevel} holds the others to them. */
  #dimensionsOf(value: unknown): readonly ArrayDimension[] {
    if (value instanceof PgArray) return value.dimensions;
    if (!isList(value)) throw refusal(this.type, value, "give an array");
    if (value.length === 0) return [];
    const dimensions: ArrayDimension[] = [{ length: value.length, lowerBound: 1 }];
    if (this.#element.arrayValues === true) return dimensions;
    let inner: unknown = value[0];
    while (Array.isArray(inner)) {
      if (inner.length === 0) {
        throw contentRefusal(this.type, "an inner array is empty", "give [] if there are no elements");
      }
      dimensions.push({ length: inner.length, lowerBound: 1 });
      if (dimensions.length > MAXIMUM_DIMENSIONS) {
        throw contentRefusal(
          this.type,
          "the array is nested too deeply",
          `use at most ${MAXIMUM_DIMENSIONS} dimensions`,
        );
      }
      inner = inner[0];
    }
    return dimensions;
  }

  #checkLevel(level: unknown, length: number): ArrayLike<unknown> {
    if (isList(level) && level.length === length) return level;
    throw contentRefusal(this.type, "the inner arrays differ in length", "give a rectangular array");
  }

  #malformed(): DecodeError {
    return new DecodeError(this.type, "the server's array is malformed");
  }
}

/** An array, or a typed array, whose elements are numbers or bigints. */
function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** Elements in one row as nested arrays. */
function nest(elements: readonly unknown[], dimensions: readonly ArrayDimension[]): readonly unknown[] {
  let level = elements;
  for (let depth = dimensions.length - 1; depth > 0; depth--) {
    const { length } = dimensions[depth];
    const outer: unknown[] = [];
    for (let at = 0; at < level.length; at += length) outer.push(level.slice(at, at + length));
    level = outer;
  }
  return level;
}
