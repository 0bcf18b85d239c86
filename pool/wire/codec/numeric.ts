/**
 * The codecs of `numeric`, whose binary form is groups of four decimal digits
 * (https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/numeric.c, `numeric_send`).
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError, type ValidationError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { wrongLength } from "./length.ts";
import { contentRefusal, refusal } from "./refusal.ts";

const POSITIVE = 0x0000;
const NEGATIVE = 0x4000;
const NOT_A_NUMBER = 0xc000;
const POSITIVE_INFINITY = 0xd000;
const NEGATIVE_INFINITY = 0xf000;

/** The most digits before and after the point (https://www.postgresql.org/docs/18/datatype-numeric.html). */
const MAXIMUM_WHOLE_DIGITS = 131_072;
const MAXIMUM_FRACTION_DIGITS = 16_383;

const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:e([+-]?\d{1,7}))?$/i;
const SPECIAL = /^(?:nan|([+-]?)inf(?:inity)?)$/i;

const GROUPS: readonly string[] = Array.from(
  { length: 10_000 },
  (_, group) => String(group).padStart(4, "0"),
);

/** Reads the binary form as the text PostgreSQL would print. */
function readNumeric(type: string, source: ByteSource, offset: number, length: number): string {
  if (length < 8) throw wrongLength(type, length, "at least 8");
  const count = source.i16(offset);
  const weight = source.i16(offset + 2);
  const sign = source.i16(offset + 4) & 0xffff;
  const scale = source.i16(offset + 6) & 0x3fff;
  if (count < 0 || length !== 8 + count * 2) throw wrongLength(type, length, `${8 + count * 2}`);
  if (sign === NOT_A_NUMBER) return "NaN";
  if (sign === POSITIVE_INFINITY) return "Infinity";
  if (sign === NEGATIVE_INFINITY) return "-Infinity";
  if (sign !== POSITIVE && sign !== NEGATIVE) throw new DecodeError(type, "the sign is unknown");
  const first = offset + 8;
  let text = sign === NEGATIVE ? "-" : "";
  if (weight < 0) text += "0";
  const whole = Math.min(count, weight + 1);
  for (let index = 0; index < whole; index++) {
    const group = readGroup(type, source, first + index * 2);
    text += index === 0 ? String(group) : GROUPS[group];
  }
  // The groups that are not sent are zeros, and may be many: a few bytes can stand for 131,072 digits.
  if (weight >= count) text += count === 0 ? "0" : "0000".repeat(weight + 1 - count);
  if (scale === 0) return text;
  let fraction = weight < -1 ? "0000".repeat(Math.min(-1 - weight, Math.ceil(scale / 4))) : "";
  for (let index = Math.max(weight + 1, 0); index < count && fraction.length < scale; index++) {
    fraction += GROUPS[readGroup(type, source, first + index * 2)];
  }
  return `${text}.${fraction.length > scale ? fraction.slice(0, scale) : fraction.padEnd(scale, "0")}`;
}

function readGroup(type: string, source: ByteSource, offset: number): number {
  const group = source.i16(offset);
  if (group < 0 || group > 9_999) throw new DecodeError(type, "a group of digits is outside 0 to 9999");
  return group;
}

function writeNumeric(type: string, value: unknown, writer: ByteWriter): void {
  const text = decimalText(type, value);
  const match = DECIMAL.exec(text);
  if (match === null) {
    const special = SPECIAL.exec(text);
    if (special === null) throw notDecimal(type);
    writer.i32(0);
    const infinity = special[1] === "-" ? NEGATIVE_INFINITY : POSITIVE_INFINITY;
    writer.i16(special[1] === undefined ? NOT_A_NUMBER : infinity);
    writer.i16(0);
    return;
  }
  const [, sign, whole, fraction, exponent] = match;
  const shift = exponent === undefined ? 0 : Number(exponent);
  const digits = whole + fraction;
  const point = whole.length + shift;
  const scale = Math.max(0, fraction.length - shift);
  const significant = digits.search(/[1-9]/);
  if (significant < 0) {
    checkSize(type, 0, scale);
    writer.i32(0);
    writer.i16(POSITIVE);
    writer.i16(scale);
    return;
  }
  checkSize(type, point - significant, scale);
  // Groups of four are counted from the point, so the first group may need zeros before it.
  const lead = ((point % 4) + 4) % 4;
  const padded = lead === 0 ? digits : "0".repeat(4 - lead) + digits;
  let weight = Math.ceil(point / 4) - 1;
  let from = 0;
  while (padded.startsWith("0000", from)) {
    from += 4;
    weight--;
  }
  let to = padded.length;
  while (padded.charCodeAt(to - 1) === 48) to--;
  const count = Math.ceil((to - from) / 4);
  writer.i16(count);
  writer.i16(weight);
  writer.i16(sign === "-" ? NEGATIVE : POSITIVE);
  writer.i16(scale);
  for (let index = 0; index < count; index++) {
    const at = from + index * 4;
    writer.i16(Number(padded.slice(at, at + 4).padEnd(4, "0")));
  }
}

function checkSize(type: string, whole: number, fraction: number): void {
  if (whole <= MAXIMUM_WHOLE_DIGITS && fraction <= MAXIMUM_FRACTION_DIGITS) return;
  throw contentRefusal(
    type,
    "the number has too many digits",
    `give at most ${MAXIMUM_WHOLE_DIGITS} before the point and ${MAXIMUM_FRACTION_DIGITS} after it`,
  );
}

const ADVICE = 'give a decimal string such as "12.50", a number or a bigint';

/** The value as a text, if it is of a kind that may be a decimal number. */
function decimalText(type: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "number") return value.toString();
  throw refusal(type, value, ADVICE);
}

function notDecimal(type: string): ValidationError {
  return contentRefusal(type, "the string is not a decimal number", ADVICE);
}

/** The value as a decimal text that PostgreSQL takes. */
function numericText(type: string, value: unknown): string {
  const text = decimalText(type, value);
  if (DECIMAL.test(text) || SPECIAL.test(text)) return text;
  throw notDecimal(type);
}

/** `numeric` as a decimal string, exactly as PostgreSQL prints it. */
export class NumericStringCodec implements Codec<string> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writeNumeric(this.type, value, writer);
  }

  decode(source: ByteSource, offset: number, length: number): string {
    return readNumeric(this.type, source, offset, length);
  }

  encodeText(value: unknown): string {
    return numericText(this.type, value);
  }

  decodeText(text: string): string {
    return text;
  }
}

/**
 * `numeric` as a number. A value fits when the number prints the same decimal value again, so `0.10` fits and a
 * value of twenty significant digits does not. NaN and the infinities fit.
 */
export class NumericNumberCodec implements Codec<number> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writeNumeric(this.type, value, writer);
  }

  decode(source: ByteSource, offset: number, length: number): number {
    return this.decodeText(readNumeric(this.type, source, offset, length));
  }

  encodeText(value: unknown): string {
    return numericText(this.type, value);
  }

  decodeText(text: string): number {
    const value = Number(text);
    // Fifteen significant digits always survive; a longer text is compared with what the number prints.
    if (text.length <= 15 || !/\d/.test(text)) return value;
    if (normalize(text) === normalize(String(value))) return value;
    throw new DecodeError(
      this.type,
      'the value has more digits than a number holds; use the option numeric: "string"',
    );
  }
}

/** The sign, significant digits and exponent of a decimal text: equal for texts of equal value. */
function normalize(text: string): string {
  const match = DECIMAL.exec(text);
  if (match === null) return text;
  const [, sign, whole, fraction, exponent] = match;
  const digits = (whole + fraction).replace(/^0+/, "");
  const trimmed = digits.replace(/0+$/, "");
  if (trimmed === "") return "0";
  const scale = (exponent === undefined ? 0 : Number(exponent)) - fraction.length + digits.length -
    trimmed.length;
  return `${sign === "-" ? "-" : ""}${trimmed}e${scale}`;
}
