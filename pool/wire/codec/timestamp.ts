/**
 * The codecs of `timestamp` and `timestamptz`. `infinity` is the number `Infinity` as a value, in every mode but
 * `"string"`. A value given with nanoseconds is rounded to microseconds, as the server rounds.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import {
  dateOf,
  DAY,
  dayOf,
  daysOf,
  EPOCH_DAYS,
  formatDateTime,
  inIsoCalendar,
  LAST_JAVASCRIPT_DAY,
  monthOf,
  parseDateTime,
  temporalClassOf,
  yearOf,
} from "./calendar.ts";
import type { Codec } from "./codec.ts";
import { expectLength } from "./length.ts";
import { contentRefusal, refusal } from "./refusal.ts";

const INFINITY = 2n ** 63n - 1n;
const MINUS_INFINITY = -(2n ** 63n);
/** From 4713-11-24 BC to the end of 294276 (https://www.postgresql.org/docs/18/datatype-datetime.html). */
const FIRST = -211_813_488_000_000_000n;
const END = 9_223_371_331_200_000_000n;
const BIG_DAY = BigInt(DAY);
const EPOCH_NANOSECONDS = BigInt(EPOCH_DAYS) * BIG_DAY * 1_000n;
const EPOCH_MILLISECONDS = EPOCH_DAYS * 86_400_000;

/** Rounds nanoseconds to the nearest microsecond. */
function roundToMicros(nanoseconds: bigint): bigint {
  const shifted = nanoseconds + 500n;
  const quotient = shifted / 1_000n;
  return shifted < 0n && quotient * 1_000n !== shifted ? quotient - 1n : quotient;
}

/** What every timestamp shares: the wire forms, as microseconds from 2000-01-01. */
abstract class MomentCodec<Value> implements Codec<Value> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;
  /** Whether values are moments in time (`timestamptz`) or readings of a clock on a wall (`timestamp`). */
  protected readonly zoned: boolean;

  constructor(type: string, oid: number, zoned: boolean) {
    this.type = type;
    this.oid = oid;
    this.zoned = zoned;
  }

  encode(value: unknown, writer: ByteWriter): void {
    if (value instanceof Date) {
      const milliseconds = value.getTime() - EPOCH_MILLISECONDS;
      // Within a few centuries the arithmetic is exact without a bigint.
      if (milliseconds > -9e12 && milliseconds < 9e12) {
        const micros = milliseconds * 1_000;
        writer.i32(Math.floor(micros / 4_294_967_296));
        writer.i32(micros % 4_294_967_296 | 0);
        return;
      }
    }
    writer.i64(this.#microsOf(value));
  }

  decode(source: ByteSource, offset: number, length: number): Value {
    expectLength(this.type, length, 8);
    const high = source.i32(offset);
    if (high < 2_097_152 && high > -2_097_152) {
      const micros = high * 4_294_967_296 + source.u32(offset + 4);
      const days = Math.floor(micros / DAY);
      return this.fromDayAndMicros(days, micros - days * DAY);
    }
    return this.#fromMicros(source.i64(offset));
  }

  encodeText(value: unknown): string {
    const micros = this.#microsOf(value);
    if (micros === INFINITY) return "infinity";
    if (micros === MINUS_INFINITY) return "-infinity";
    const rest = ((micros % BIG_DAY) + BIG_DAY) % BIG_DAY;
    return formatDateTime(Number((micros - rest) / BIG_DAY), Number(rest), this.zoned ? "+00" : "");
  }

  decodeText(text: string): Value {
    if (text === "infinity") return this.infinite(Infinity);
    if (text === "-infinity") return this.infinite(-Infinity);
    const parsed = parseDateTime(text);
    if (parsed === undefined || (parsed.offset !== undefined) !== this.zoned) {
      throw new DecodeError(this.type, "the text is not an ISO timestamp; set DateStyle to ISO");
    }
    const micros = parsed.micros - (parsed.offset ?? 0) * 1_000_000;
    const carry = Math.floor(micros / DAY);
    return this.fromDayAndMicros(parsed.days + carry, micros - carry * DAY);
  }

  protected abstract fromDayAndMicros(days: number, micros: number): Value;
  protected abstract infinite(value: number): Value;

  #fromMicros(micros: bigint): Value {
    if (micros === INFINITY) return this.infinite(Infinity);
    if (micros === MINUS_INFINITY) return this.infinite(-Infinity);
    const rest = ((micros % BIG_DAY) + BIG_DAY) % BIG_DAY;
    return this.fromDayAndMicros(Number((micros - rest) / BIG_DAY), Number(rest));
  }

  #microsOf(value: unknown): bigint {
    if (value === Infinity || value === "infinity") return INFINITY;
    if (value === -Infinity || value === "-infinity") return MINUS_INFINITY;
    const micros = this.#read(value);
    if (micros >= FIRST && micros < END) return micros;
    const advice = "give one from 4713-11-24 BC to the end of 294276";
    throw contentRefusal(this.type, "the time is outside PostgreSQL's range", advice);
  }

  #read(value: unknown): bigint {
    if (typeof value === "string") return this.#readText(value);
    if (value instanceof Date && !Number.isNaN(value.getTime())) {
      return BigInt(value.getTime() - EPOCH_MILLISECONDS) * 1_000n;
    }
    const kind = temporalClassOf(value);
    if (this.zoned && (kind === "Temporal.Instant" || kind === "Temporal.ZonedDateTime")) {
      const { epochNanoseconds } = value as Temporal.Instant | Temporal.ZonedDateTime;
      return roundToMicros(epochNanoseconds - EPOCH_NANOSECONDS);
    }
    if (!this.zoned && kind === "Temporal.PlainDateTime") {
      const local = inIsoCalendar(value as Temporal.PlainDateTime);
      const seconds = (local.hour * 60 + local.minute) * 60 + local.second;
      const micros = (seconds * 1_000 + local.millisecond) * 1_000 + local.microsecond +
        (local.nanosecond >= 500 ? 1 : 0);
      return BigInt(daysOf(local.year, local.month, local.day)) * BIG_DAY + BigInt(micros);
    }
    throw refusal(this.type, value, this.#advice());
  }

  #readText(text: string): bigint {
    const parsed = parseDateTime(text);
    if (parsed === undefined) {
      throw contentRefusal(this.type, "the string is not an ISO timestamp", this.#advice());
    }
    if (this.zoned && parsed.offset === undefined) {
      throw contentRefusal(
        this.type,
        "the string has no offset from UTC",
        'add one, such as "Z" or "+02:00"',
      );
    }
    if (!this.zoned && parsed.offset !== undefined) {
      const advice = "leave the offset out, or use timestamptz";
      throw contentRefusal(
        this.type,
        "the string has an offset from UTC, which this type would drop",
        advice,
      );
    }
    return BigInt(parsed.days) * BIG_DAY + BigInt(parsed.micros - (parsed.offset ?? 0) * 1_000_000);
  }

  #advice(): string {
    return this.zoned
      ? 'give a Temporal.Instant, a Temporal.ZonedDateTime, a Date or a string such as "2024-02-29T12:00:00Z"'
      : 'give a Temporal.PlainDateTime, a Date (its reading in UTC) or a string such as "2024-02-29T12:00:00"';
  }
}

/** Refuses a moment beyond what `Date` and `Temporal` can hold. */
function checkYear(type: string, days: number, limit: number): void {
  if (days <= limit) return;
  throw new DecodeError(type, 'the time is beyond the years of JavaScript; use the option dates: "string"');
}

/** `timestamptz` as a Temporal.Instant. */
export class InstantCodec extends MomentCodec<Temporal.Instant | number> {
  protected fromDayAndMicros(days: number, micros: number): Temporal.Instant {
    checkYear(this.type, days, LAST_JAVASCRIPT_DAY - 1);
    const sum = (days + EPOCH_DAYS) * DAY + micros;
    if (Number.isSafeInteger(sum)) return new Temporal.Instant(BigInt(sum) * 1_000n);
    return new Temporal.Instant((BigInt(days + EPOCH_DAYS) * BIG_DAY + BigInt(micros)) * 1_000n);
  }

  protected infinite(value: number): number {
    return value;
  }
}

/** `timestamp` as a Temporal.PlainDateTime. */
export class PlainDateTimeCodec extends MomentCodec<Temporal.PlainDateTime | number> {
  protected fromDayAndMicros(days: number, micros: number): Temporal.PlainDateTime {
    checkYear(this.type, days, LAST_JAVASCRIPT_DAY);
    const packed = dateOf(days);
    const seconds = Math.floor(micros / 1_000_000);
    const fraction = micros - seconds * 1_000_000;
    return new Temporal.PlainDateTime(
      yearOf(packed),
      monthOf(packed),
      dayOf(packed),
      Math.floor(seconds / 3_600),
      Math.floor(seconds / 60) % 60,
      seconds % 60,
      Math.floor(fraction / 1_000),
      fraction % 1_000,
    );
  }

  protected infinite(value: number): number {
    return value;
  }
}

/** `timestamp` (read in UTC) and `timestamptz` as a Date, which has milliseconds: microseconds are cut off. */
export class MomentDateCodec extends MomentCodec<Date | number> {
  protected fromDayAndMicros(days: number, micros: number): Date {
    checkYear(this.type, days, LAST_JAVASCRIPT_DAY - 1);
    return new Date((days + EPOCH_DAYS) * 86_400_000 + Math.floor(micros / 1_000));
  }

  protected infinite(value: number): number {
    return value;
  }
}

/** `timestamp` and `timestamptz` (in UTC) as a string, as PostgreSQL prints it in its ISO style. */
export class MomentStringCodec extends MomentCodec<string> {
  protected fromDayAndMicros(days: number, micros: number): string {
    return formatDateTime(days, micros, this.zoned ? "+00" : "");
  }

  protected infinite(value: number): string {
    return value > 0 ? "infinity" : "-infinity";
  }
}
