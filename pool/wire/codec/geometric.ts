/** The codecs of the geometric types, as plain objects. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { formatFloat, parseFloatText } from "./float.ts";
import type { Box, Circle, Line, LineSegment, Path, Point, Polygon } from "./geometric_value.ts";
import { expectLength, wrongLength } from "./length.ts";
import { refusal } from "./refusal.ts";

/** The numbers of a text such as `<(1,2),3>`. */
function numbersIn(type: string, text: string): number[] {
  return (text.match(/[^\s()<>[\]{},]+/g) ?? []).map((part) => parseFloatText(type, part));
}

function isPoint(value: unknown): value is Point {
  const point = value as Partial<Point> | null;
  return typeof point === "object" && point !== null && typeof point.x === "number" &&
    typeof point.y === "number";
}

function formatPoint({ x, y }: Point): string {
  return `(${formatFloat(x)},${formatFloat(y)})`;
}

/** How a shape of a fixed number of coordinates is built and taken apart. */
export interface FixedShape<Value> {
  /** How many numbers the binary form has. */
  readonly count: number;
  /** What to give, for refusals. */
  readonly advice: string;
  /** The shape of these numbers. */
  build(numbers: readonly number[]): Value;
  /** The numbers of a shape; undefined when the value is not one. */
  read(value: unknown): readonly number[] | undefined;
  /** The text form of these numbers. */
  format(numbers: readonly number[]): string;
}

function read(value: unknown, keys: readonly string[]): readonly number[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const numbers: number[] = [];
  for (const key of keys) {
    const part = (value as Record<string, unknown>)[key];
    if (typeof part === "number") numbers.push(part);
    else if (isPoint(part)) numbers.push(part.x, part.y);
    else return undefined;
  }
  return numbers;
}

const pair = (x: number, y: number): string => formatPoint({ x, y });

/** `point`. */
export const POINT: FixedShape<Point> = {
  count: 2,
  advice: "give { x, y }",
  build: ([x, y]) => ({ x, y }),
  read: (value) => read(value, ["x", "y"]),
  format: ([x, y]) => pair(x, y),
};

/** `line`. */
export const LINE: FixedShape<Line> = {
  count: 3,
  advice: "give { a, b, c }",
  build: ([a, b, c]) => ({ a, b, c }),
  read: (value) => read(value, ["a", "b", "c"]),
  format: (numbers) => `{${numbers.map(formatFloat).join(",")}}`,
};

/** `lseg`. */
export const LINE_SEGMENT: FixedShape<LineSegment> = {
  count: 4,
  advice: "give { start: { x, y }, end: { x, y } }",
  build: ([x1, y1, x2, y2]) => ({ start: { x: x1, y: y1 }, end: { x: x2, y: y2 } }),
  read: (value) => read(value, ["start", "end"]),
  format: ([x1, y1, x2, y2]) => `[${pair(x1, y1)},${pair(x2, y2)}]`,
};

/** `box`. */
export const BOX: FixedShape<Box> = {
  count: 4,
  advice: "give { high: { x, y }, low: { x, y } }",
  build: ([x1, y1, x2, y2]) => ({ high: { x: x1, y: y1 }, low: { x: x2, y: y2 } }),
  read: (value) => read(value, ["high", "low"]),
  format: ([x1, y1, x2, y2]) => `${pair(x1, y1)},${pair(x2, y2)}`,
};

/** `circle`. */
export const CIRCLE: FixedShape<Circle> = {
  count: 3,
  advice: "give { center: { x, y }, radius }",
  build: ([x, y, radius]) => ({ center: { x, y }, radius }),
  read: (value) => read(value, ["center", "radius"]),
  format: ([x, y, radius]) => `<${pair(x, y)},${formatFloat(radius)}>`,
};

/** A geometric type with a fixed number of coordinates. */
export class FixedShapeCodec<Value> implements Codec<Value> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;
  readonly #shape: FixedShape<Value>;

  /** Creates the codec of a shape. */
  constructor(type: string, oid: number, shape: FixedShape<Value>) {
    this.type = type;
    this.oid = oid;
    this.#shape = shape;
  }

  encode(value: unknown, writer: ByteWriter): void {
    for (const number of this.#numbers(value)) writer.f64(number);
  }

  decode(source: ByteSource, offset: number, length: number): Value {
    const { count } = this.#shape;
    expectLength(this.type, length, count * 8);
    const numbers: number[] = [];
    for (let index = 0; index < count; index++) numbers.push(source.f64(offset + index * 8));
    return this.#shape.build(numbers);
  }

  encodeText(value: unknown): string {
    return this.#shape.format(this.#numbers(value));
  }

  decodeText(text: string): Value {
    const numbers = numbersIn(this.type, text);
    if (numbers.length !== this.#shape.count) {
      throw new DecodeError(this.type, "the text has too many or too few numbers");
    }
    return this.#shape.build(numbers);
  }

  #numbers(value: unknown): readonly number[] {
    const numbers = this.#shape.read(value);
    if (numbers === undefined) throw refusal(this.type, value, this.#shape.advice);
    return numbers;
  }
}

/** What `path` and `polygon` share: a row of points. */
abstract class PointsCodec<Value> implements Codec<Value> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  abstract encode(value: unknown, writer: ByteWriter): void;
  abstract decode(source: ByteSource, offset: number, length: number): Value;
  abstract encodeText(value: unknown): string;
  abstract decodeText(text: string): Value;

  protected writePoints(points: readonly Point[], writer: ByteWriter): void {
    writer.i32(points.length);
    for (const { x, y } of points) {
      writer.f64(x);
      writer.f64(y);
    }
  }

  protected readPoints(source: ByteSource, offset: number, length: number): Point[] {
    const count = length < 4 ? -1 : source.i32(offset);
    if (count < 0 || length !== 4 + count * 16) {
      throw wrongLength(this.type, length, "as many as its points take");
    }
    const points: Point[] = [];
    for (let at = offset + 4; at < offset + length; at += 16) {
      points.push({ x: source.f64(at), y: source.f64(at + 8) });
    }
    return points;
  }

  protected parsePoints(text: string): Point[] {
    const numbers = numbersIn(this.type, text);
    if (numbers.length % 2 !== 0) {
      throw new DecodeError(this.type, "the text has an odd number of coordinates");
    }
    const points: Point[] = [];
    for (let at = 0; at < numbers.length; at += 2) points.push({ x: numbers[at], y: numbers[at + 1] });
    return points;
  }

  protected checkPoints(value: unknown, advice: string): readonly Point[] {
    const points = typeof value === "object" && value !== null ? (value as Partial<Path>).points : undefined;
    if (Array.isArray(points) && points.every(isPoint)) return points;
    throw refusal(this.type, value, advice);
  }
}

/** `path` as `{ closed, points }`. */
export class PathCodec extends PointsCodec<Path> {
  encode(value: unknown, writer: ByteWriter): void {
    const { closed, points } = this.#check(value);
    writer.u8(closed ? 1 : 0);
    this.writePoints(points, writer);
  }

  decode(source: ByteSource, offset: number, length: number): Path {
    if (length < 5) throw wrongLength(this.type, length, "at least 5");
    return { closed: source.u8(offset) !== 0, points: this.readPoints(source, offset + 1, length - 1) };
  }

  encodeText(value: unknown): string {
    const { closed, points } = this.#check(value);
    const text = points.map(formatPoint).join(",");
    return closed ? `(${text})` : `[${text}]`;
  }

  decodeText(text: string): Path {
    return { closed: text.startsWith("("), points: this.parsePoints(text) };
  }

  #check(value: unknown): Path {
    const advice = "give { closed, points: [{ x, y }, …] }";
    const points = this.checkPoints(value, advice);
    const { closed } = value as Path;
    if (typeof closed !== "boolean") throw refusal(this.type, value, advice);
    return { closed, points };
  }
}

/** `polygon` as `{ points }`. */
export class PolygonCodec extends PointsCodec<Polygon> {
  encode(value: unknown, writer: ByteWriter): void {
    this.writePoints(this.checkPoints(value, "give { points: [{ x, y }, …] }"), writer);
  }

  decode(source: ByteSource, offset: number, length: number): Polygon {
    return { points: this.readPoints(source, offset, length) };
  }

  encodeText(value: unknown): string {
    return `(${this.checkPoints(value, "give { points: [{ x, y }, …] }").map(formatPoint).join(",")})`;
  }

  decodeText(text: string): Polygon {
    return { points: this.parsePoints(text) };
  }
}
