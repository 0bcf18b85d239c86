/**
 * The codecs of pgvector's types
 * (https://github.com/pgvector/pgvector/blob/v0.8.0/src/vector.c, `vector_recv`, and its siblings).
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { checkFloat4, formatFloat, parseFloatText } from "./float.ts";
import { fromHalf, toHalf } from "./half_float.ts";
import { expectLength, wrongLength } from "./length.ts";
import { contentRefusal, refusal } from "./refusal.ts";
import { SparseVector } from "./sparse_vector.ts";

/** What `vector` and `halfvec` share: a count and floats. */
abstract class DenseVectorCodec implements Codec<number[]> {
  readonly binary = true;
  readonly arrayValues = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  protected abstract writeFloat(value: number, writer: ByteWriter): void;
  protected abstract readFloat(source: ByteSource, offset: number): number;
  /** The stored float nearest to a number, as both formats have it. */
  protected abstract round(value: number): number;
  protected abstract readonly floatSize: number;

  encode(value: unknown, writer: ByteWriter): void {
    const elements = this.#check(value);
    writer.i16(elements.length);
    writer.i16(0);
    for (let index = 0; index < elements.length; index++) {
      this.writeFloat(this.round(elements[index]), writer);
    }
  }

  decode(source: ByteSource, offset: number, length: number): number[] {
    const count = length < 4 ? -1 : source.i16(offset);
    if (count < 0) throw wrongLength(this.type, length, "at least 4");
    expectLength(this.type, length, 4 + count * this.floatSize);
    const elements: number[] = new Array(count);
    for (let index = 0; index < count; index++) {
      elements[index] = this.readFloat(source, offset + 4 + index * this.floatSize);
    }
    return elements;
  }

  encodeText(value: unknown): string {
    const elements = this.#check(value);
    return `[${Array.from(elements, (element) => formatFloat(this.round(element))).join(",")}]`;
  }

  decodeText(text: string): number[] {
    if (!text.startsWith("[") || !text.endsWith("]")) {
      throw new DecodeError(this.type, "the text is not a vector");
    }
    if (text.length === 2) return [];
    return text.slice(1, -1).split(",").map((part) => this.round(parseFloatText(this.type, part)));
  }

  #check(value: unknown): ArrayLike<number> {
    if (!Array.isArray(value) && !(value instanceof Float32Array) && !(value instanceof Float64Array)) {
      throw refusal(this.type, value, "give an array of numbers or a Float32Array");
    }
    if (value.length <= 32_767) return value;
    throw contentRefusal(this.type, "the vector has too many dimensions", "give at most 16000");
  }
}

/** `vector`: 32-bit floats as an array of numbers. */
export class VectorCodec extends DenseVectorCodec {
  protected readonly floatSize = 4;

  protected writeFloat(value: number, writer: ByteWriter): void {
    writer.f32(value);
  }

  protected readFloat(source: ByteSource, offset: number): number {
    return source.f32(offset);
  }

  protected round(value: number): number {
    return checkFloat4(this.type, value);
  }
}

/** `halfvec`: 16-bit floats as an array of numbers. */
export class HalfVectorCodec extends DenseVectorCodec {
  protected readonly floatSize = 2;

  protected writeFloat(value: number, writer: ByteWriter): void {
    writer.i16(toHalf(value));
  }

  protected readFloat(source: ByteSource, offset: number): number {
    return fromHalf(source.i16(offset) & 0xffff);
  }

  protected round(value: number): number {
    if (typeof value !== "number") throw refusal(this.type, value, "give numbers");
    const rounded = fromHalf(toHalf(value));
    if (Number.isFinite(rounded) || !Number.isFinite(value)) return rounded;
    throw contentRefusal(
      this.type,
      "a number is outside the range of a 16-bit float",
      "give numbers up to 65504",
    );
  }
}

/** `sparsevec` as a {@link SparseVector}. */
export class SparseVectorCodec implements Codec<SparseVector> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    const { dimensions, indices, values } = this.#check(value);
    writer.i32(dimensions);
    writer.i32(indices.length);
    writer.i32(0);
    for (const index of indices) writer.i32(index);
    for (const element of values) writer.f32(checkFloat4(this.type, element));
  }

  decode(source: ByteSource, offset: number, length: number): SparseVector {
    const count = length < 12 ? -1 : source.i32(offset + 4);
    if (count < 0 || length !== 12 + count * 8) {
      throw wrongLength(this.type, length, "as many as its elements take");
    }
    const indices: number[] = [];
    const values: number[] = [];
    for (let index = 0; index < count; index++) {
      indices.push(source.i32(offset + 12 + index * 4));
      values.push(source.f32(offset + 12 + (count + index) * 4));
    }
    return new SparseVector(source.i32(offset), { indices, values });
  }

  encodeText(value: unknown): string {
    const { dimensions, indices, values } = this.#check(value);
    const parts = indices.map((index, at) =>
      `${index + 1}:${formatFloat(checkFloat4(this.type, values[at]))}`
    );
    return `{${parts.join(",")}}/${dimensions}`;
  }

  decodeText(text: string): SparseVector {
    const match = /^\{(.*)\}\/(\d{1,10})$/.exec(text);
    if (match === null) throw new DecodeError(this.type, "the text is not a sparse vector");
    const parts = match[1] === "" ? [] : match[1].split(",").map((part) => part.split(":"));
    return new SparseVector(Number(match[2]), {
      // The text counts from one, the binary form from zero.
      indices: parts.map(([index]) => Number(index) - 1),
      values: parts.map(([, value]) => Math.fround(parseFloatText(this.type, value ?? ""))),
    });
  }

  #check(value: unknown): SparseVector {
    if (value instanceof SparseVector) return value;
    throw refusal(this.type, value, "give a SparseVector");
  }
}
