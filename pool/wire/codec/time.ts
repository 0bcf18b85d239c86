/** The codecs of `time` and `timetz`. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import { DAY, formatOffset, formatTime, parseTime, temporalClassOf } from "./calendar.ts";
import type { Codec } from "./codec.ts";
import { expectLength } from "./length.ts";
import { contentRefusal, refusal } from "./refusal.ts";

const TIME_ADVICE = 'give a Temporal.PlainTime or a string such as "12:34:56.789"';
const TIMETZ_ADVICE = 'give a string with an offset, such as "12:34:56+02"';

/** Reads the microseconds of a day; `24:00` is a time of its own in PostgreSQL. */
function readMicros(type: string, source: ByteSource, offset: number): number {
  const micros = source.i32(offset) * 4_294_967_296 + source.u32(offset + 4);
  if (micros < 0 || micros > DAY) throw new DecodeError(type, "the time is not within a day");
  return micros;
}

function writeMicros(micros: number, writer: ByteWriter): void {
  writer.i32(Math.floor(micros / 4_294_967_296));
  writer.i32(micros % 4_294_967_296 | 0);
}

/** What the modes of `time` share: the wire forms, as microseconds of the day. */
abstract class TimeCodec<Value> implements Codec<Value> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writeMicros(this.#microsOf(value), writer);
  }

  decode(source: ByteSource, offset: number, length: number): Value {
    expectLength(this.type, length, 8);
    return this.fromMicros(readMicros(this.type, source, offset));
  }

  encodeText(value: unknown): string {
    return formatTime(this.#microsOf(value));
  }

  decodeText(text: string): Value {
    const parsed = parseTime(text);
    if (parsed === undefined || parsed.offset !== undefined) {
      throw new DecodeError(this.type, "the text is not a time of day");
    }
    return this.fromMicros(parsed.micros);
  }

  protected abstract fromMicros(micros: number): Value;

  #microsOf(value: unknown): number {
    if (temporalClassOf(value) === "Temporal.PlainTime") {
      const time = value as Temporal.PlainTime;
      const seconds = (time.hour * 60 + time.minute) * 60 + time.second;
      return (seconds * 1_000 + time.millisecond) * 1_000 + time.microsecond +
        (time.nanosecond >= 500 ? 1 : 0);
    }
    if (typeof value !== "string") throw refusal(this.type, value, TIME_ADVICE);
    const parsed = parseTime(value);
    if (parsed === undefined || parsed.offset !== undefined) {
      throw contentRefusal(this.type, "the string is not a time of day without an offset", TIME_ADVICE);
    }
    return parsed.micros;
  }
}

/** `time` as a Temporal.PlainTime; PostgreSQL's `24:00:00`, which that cannot be, as the string `"24:00:00"`. */
export class TimeTemporalCodec extends TimeCodec<Temporal.PlainTime | "24:00:00"> {
  protected fromMicros(micros: number): Temporal.PlainTime | "24:00:00" {
    if (micros === DAY) return "24:00:00";
    const seconds = Math.floor(micros / 1_000_000);
    const fraction = micros - seconds * 1_000_000;
    return new Temporal.PlainTime(
      Math.floor(seconds / 3_600),
      Math.floor(seconds / 60) % 60,
      seconds % 60,
      Math.floor(fraction / 1_000),
      fraction % 1_000,
    );
  }
}

/** `time` as a string, as PostgreSQL prints it. */
export class TimeStringCodec extends TimeCodec<string> {
  protected fromMicros(micros: number): string {
    return formatTime(micros);
  }
}

/** `timetz` as a string such as `"12:34:56.789+02"` in every mode: JavaScript has no time with an offset. */
export class TimetzCodec implements Codec<string> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    const { micros, offset } = this.#parse(value);
    writeMicros(micros, writer);
    // The wire counts seconds west of UTC.
    writer.i32(-offset);
  }

  decode(source: ByteSource, offset: number, length: number): string {
    expectLength(this.type, length, 12);
    return formatTime(readMicros(this.type, source, offset)) + formatOffset(-source.i32(offset + 8));
  }

  encodeText(value: unknown): string {
    const { micros, offset } = this.#parse(value);
    return formatTime(micros) + formatOffset(offset);
  }

  decodeText(text: string): string {
    return text;
  }

  #parse(value: unknown): { micros: number; offset: number } {
    if (typeof value !== "string") throw refusal(this.type, value, TIMETZ_ADVICE);
    const parsed = parseTime(value);
    if (parsed?.offset === undefined) {
      throw contentRefusal(this.type, "the string is not a time of day with an offset", TIMETZ_ADVICE);
    }
    return { micros: parsed.micros, offset: parsed.offset };
  }
}
