/**
 * The codecs of `date`. `infinity` is the number `Infinity` as a value, in every mode but `"string"`.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import {
  dateOf,
  dayOf,
  daysOf,
  EPOCH_DAYS,
  formatDate,
  inIsoCalendar,
  LAST_JAVASCRIPT_DAY,
  monthOf,
  parseDate,
  temporalClassOf,
  yearOf,
} from "./calendar.ts";
import type { Codec } from "./codec.ts";
import { expectLength } from "./length.ts";
import { contentRefusal, refusal } from "./refusal.ts";

const INFINITY = 2_147_483_647;
const MINUS_INFINITY = -2_147_483_648;
/** 4713-11-24 BC and 5874897-12-31 (https://www.postgresql.org/docs/18/datatype-datetime.html). */
const FIRST_DAY = -2_451_545;
const LAST_DAY = 2_145_031_948;
const MILLISECONDS_PER_DAY = 86_400_000;

/** What the modes of `date` share: the wire forms, as days from 2000-01-01. */
abstract class DateCodec<Value> implements Codec<Value> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    const days = this.#daysOf(value);
    if (days === Infinity) writer.i32(INFINITY);
    else if (days === -Infinity) writer.i32(MINUS_INFINITY);
    else writer.i32(days);
  }

  decode(source: ByteSource, offset: number, length: number): Value {
    expectLength(this.type, length, 4);
    const days = source.i32(offset);
    if (days === INFINITY) return this.infinite(Infinity);
    if (days === MINUS_INFINITY) return this.infinite(-Infinity);
    return this.fromDays(days);
  }

  encodeText(value: unknown): string {
    const days = this.#daysOf(value);
    if (days === Infinity) return "infinity";
    if (days === -Infinity) return "-infinity";
    return formatDate(days);
  }

  decodeText(text: string): Value {
    if (text === "infinity") return this.infinite(Infinity);
    if (text === "-infinity") return this.infinite(-Infinity);
    const days = parseDate(text);
    if (days === undefined) {
      throw new DecodeError(this.type, "the text is not an ISO date; set DateStyle to ISO");
    }
    return this.fromDays(days);
  }

  protected abstract fromDays(days: number): Value;
  protected abstract infinite(value: number): Value;

  #daysOf(value: unknown): number {
    const days = this.#read(value);
    if ((days >= FIRST_DAY && days <= LAST_DAY) || days === Infinity || days === -Infinity) return days;
    throw contentRefusal(
      this.type,
      "the date is outside PostgreSQL's range",
      "give one from 4713-11-24 BC to 5874897-12-31",
    );
  }

  #read(value: unknown): number {
    if (temporalClassOf(value) === "Temporal.PlainDate") {
      const date = inIsoCalendar(value as Temporal.PlainDate);
      return daysOf(date.year, date.month, date.day);
    }
    if (value instanceof Date && !Number.isNaN(value.getTime())) {
      return Math.floor(value.getTime() / MILLISECONDS_PER_DAY) - EPOCH_DAYS;
    }
    if (value === Infinity || value === "infinity") return Infinity;
    if (value === -Infinity || value === "-infinity") return -Infinity;
    const advice = 'give a Temporal.PlainDate, a Date (its day in UTC) or a string such as "2024-02-29"';
    if (typeof value !== "string") throw refusal(this.type, value, advice);
    const days = parseDate(value);
    if (days === undefined) throw contentRefusal(this.type, "the string is not an ISO date", advice);
    return days;
  }
}

/** `date` as a Temporal.PlainDate. */
export class DateTemporalCodec extends DateCodec<Temporal.PlainDate | number> {
  protected fromDays(days: number): Temporal.PlainDate {
    if (days > LAST_JAVASCRIPT_DAY) {
      throw new DecodeError(
        this.type,
        'the date is beyond the years of Temporal; use the option dates: "string"',
      );
    }
    const packed = dateOf(days);
    return new Temporal.PlainDate(yearOf(packed), monthOf(packed), dayOf(packed));
  }

  protected infinite(value: number): number {
    return value;
  }
}

/** `date` as a Date at midnight UTC. */
export class DateDateCodec extends DateCodec<Date | number> {
  protected fromDays(days: number): Date {
    if (days > LAST_JAVASCRIPT_DAY) {
      throw new DecodeError(
        this.type,
        'the date is beyond the years of Date; use the option dates: "string"',
      );
    }
    return new Date((days + EPOCH_DAYS) * MILLISECONDS_PER_DAY);
  }

  protected infinite(value: number): number {
    return value;
  }
}

/** `date` as a string, as PostgreSQL prints it in its ISO style. */
export class DateStringCodec extends DateCodec<string> {
  protected fromDays(days: number): string {
    return formatDate(days);
  }

  protected infinite(value: number): string {
    return value > 0 ? "infinity" : "-infinity";
  }
}
