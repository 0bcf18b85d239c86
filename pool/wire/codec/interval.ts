/**
 * The codecs of `interval`, which counts months, days and microseconds apart from each other
 * (https://www.postgresql.org/docs/18/datatype-datetime.html#DATATYPE-INTERVAL-INPUT).
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import { temporalClassOf } from "./calendar.ts";
import type { Codec } from "./codec.ts";
import { Interval, parseInterval } from "./interval_value.ts";
import { expectLength } from "./length.ts";
import { contentRefusal, refusal } from "./refusal.ts";

const INT4_MAXIMUM = 2_147_483_647;
const INT4_MINIMUM = -2_147_483_648;
const INT8_MAXIMUM = 2n ** 63n - 1n;
const INT8_MINIMUM = -(2n ** 63n);
const ADVICE =
  'give a Temporal.Duration, an Interval or a string such as "1 mon -1 days 02:00:00" or "P1MT2H"';

/** `infinity`, which PostgreSQL has had since version 17, is every field at its end. */
const INFINITE = new Interval({ months: INT4_MAXIMUM, days: INT4_MAXIMUM, microseconds: INT8_MAXIMUM });
const MINUS_INFINITE = new Interval({ months: INT4_MINIMUM, days: INT4_MINIMUM, microseconds: INT8_MINIMUM });

/** What the modes of `interval` share: the wire forms, as an {@link Interval}. */
abstract class IntervalCodec<Value> implements Codec<Value> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    const interval = this.#read(value);
    writer.i64(interval.microseconds);
    writer.i32(interval.days);
    writer.i32(interval.months);
  }

  decode(source: ByteSource, offset: number, length: number): Value {
    expectLength(this.type, length, 16);
    const days = source.i32(offset + 8);
    const months = source.i32(offset + 12);
    const microseconds = source.i64(offset);
    if (months === INT4_MAXIMUM && days === INT4_MAXIMUM && microseconds === INT8_MAXIMUM) {
      return this.infinite(Infinity);
    }
    if (months === INT4_MINIMUM && days === INT4_MINIMUM && microseconds === INT8_MINIMUM) {
      return this.infinite(-Infinity);
    }
    return this.fromParts(months, days, microseconds);
  }

  encodeText(value: unknown): string {
    const interval = this.#read(value);
    if (interval === INFINITE) return "infinity";
    if (interval === MINUS_INFINITE) return "-infinity";
    return interval.toString();
  }

  decodeText(text: string): Value {
    if (text === "infinity") return this.infinite(Infinity);
    if (text === "-infinity") return this.infinite(-Infinity);
    const interval = parseInterval(text);
    if (interval === undefined) {
      throw new DecodeError(
        this.type,
        "the text is in an unknown style; set IntervalStyle to postgres or iso_8601",
      );
    }
    return this.fromParts(interval.months, interval.days, interval.microseconds);
  }

  protected abstract fromParts(months: number, days: number, microseconds: bigint): Value;
  protected abstract infinite(value: number): Value;

  #read(value: unknown): Interval {
    if (value instanceof Interval) return value;
    if (value === Infinity || value === "infinity") return INFINITE;
    if (value === -Infinity || value === "-infinity") return MINUS_INFINITE;
    if (typeof value === "string") {
      const interval = parseInterval(value);
      if (interval === undefined) throw contentRefusal(this.type, "the string is not an interval", ADVICE);
      return interval;
    }
    if (temporalClassOf(value) !== "Temporal.Duration") throw refusal(this.type, value, ADVICE);
    const duration = value as Temporal.Duration;
    const seconds = BigInt(duration.hours) * 3_600n + BigInt(duration.minutes) * 60n +
      BigInt(duration.seconds);
    const nanoseconds = BigInt(duration.milliseconds) * 1_000_000n + BigInt(duration.microseconds) * 1_000n +
      BigInt(duration.nanoseconds);
    const total = seconds * 1_000_000_000n + nanoseconds;
    return new Interval({
      months: duration.years * 12 + duration.months,
      days: duration.weeks * 7 + duration.days,
      // To the nearest microsecond, as the server rounds; away from zero at a half.
      microseconds: (total + (total < 0n ? -500n : 500n)) / 1_000n,
    });
  }
}

/**
 * `interval` as a Temporal.Duration. One whose parts differ in sign (`1 mon -1 days`), which a Duration cannot be,
 * is an {@link Interval}; `infinity` is the number `Infinity`.
 */
export class IntervalTemporalCodec extends IntervalCodec<Temporal.Duration | Interval | number> {
  protected fromParts(months: number, days: number, microseconds: bigint): Temporal.Duration | Interval {
    const negative = months < 0 || days < 0 || microseconds < 0n;
    if (negative && (months > 0 || days > 0 || microseconds > 0n)) {
      return new Interval({ months, days, microseconds });
    }
    const wholeSeconds = microseconds / 1_000_000n;
    const seconds = Number(wholeSeconds);
    const fraction = Number(microseconds - wholeSeconds * 1_000_000n);
    return new Temporal.Duration(
      Math.trunc(months / 12),
      months % 12,
      0,
      days,
      Math.trunc(seconds / 3_600),
      Math.trunc(seconds / 60) % 60,
      seconds % 60,
      Math.trunc(fraction / 1_000),
      fraction % 1_000,
    );
  }

  protected infinite(value: number): number {
    return value;
  }
}

/** `interval` as a string, as PostgreSQL prints it in its default style. */
export class IntervalStringCodec extends IntervalCodec<string> {
  protected fromParts(months: number, days: number, microseconds: bigint): string {
    return new Interval({ months, days, microseconds }).toString();
  }

  protected infinite(value: number): string {
    return value > 0 ? "infinity" : "-infinity";
  }
}
