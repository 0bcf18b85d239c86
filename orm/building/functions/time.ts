/**
 * Functions of dates and times: https://www.postgresql.org/docs/18/functions-datetime.html.
 *
 * Names of fields, formats and zones given as strings become constants of the statement, so that what is selected can be
 * grouped by.
 *
 * @module
 */
import { ValidationError } from "../../../pool/wire/errors.ts";
import type { Conversion } from "../../definition/column_type.ts";
import { operator, template } from "../composition.ts";
import { Expression, type Operand } from "../expression.ts";
import { constantStrings } from "../operators/constant.ts";
import { composed, compositionFor, DATE, invoke, optional, type Result, type ValueOf } from "./invocation.ts";
import { operandOfAny as known, textConstant, typed } from "./literal.ts";

/** Fields a time is cut to. */
export type TruncateField =
  | "microseconds"
  | "milliseconds"
  | "second"
  | "minute"
  | "hour"
  | "day"
  | "week"
  | "month"
  | "quarter"
  | "year"
  | "decade"
  | "century"
  | "millennium";

/** Fields that are read from a time. */
export type ExtractField =
  | Exclude<TruncateField, "microseconds" | "milliseconds">
  | "microseconds"
  | "milliseconds"
  | "dow"
  | "doy"
  | "epoch"
  | "isodow"
  | "isoyear"
  | "julian"
  | "timezone";

const EXTRACTED: Readonly<Record<ExtractField, true>> = {
  second: true,
  minute: true,
  hour: true,
  day: true,
  week: true,
  month: true,
  quarter: true,
  year: true,
  decade: true,
  century: true,
  millennium: true,
  microseconds: true,
  milliseconds: true,
  dow: true,
  doy: true,
  epoch: true,
  isodow: true,
  isoyear: true,
  julian: true,
  timezone: true,
};

/** A date, or a point in time. */
export type TimeOperand = Operand<Temporal.PlainDate | Temporal.PlainDateTime | Temporal.Instant | Date>;

/** A date, a time, a point in time or a duration. */
export type AnyTimeOperand = Operand<
  | Temporal.PlainDate
  | Temporal.PlainTime
  | Temporal.PlainDateTime
  | Temporal.Instant
  | Temporal.Duration
  | Date
>;

/** What a date is cut to: PostgreSQL makes a point in time of it. */
export type Truncated<Value> = Value extends Temporal.PlainDate ? Temporal.Instant : Value;

/** Functions of dates and times. Each is null where an operand is. */
export interface TimeFunctions {
  /** When the transaction began: `now()`. */
  now(): Expression<Temporal.Instant, never, never>;
  /** The time at which it is computed: `clock_timestamp()`. */
  clockTimestamp(): Expression<Temporal.Instant, never, never>;
  /** The date in the session's zone when the transaction began: `current_date`. */
  currentDate(): Expression<Temporal.PlainDate, never, never>;
  /** The wall-clock time in the session's zone when the transaction began: `localtimestamp`. */
  localTimestamp(): Expression<Temporal.PlainDateTime, never, never>;
  /** Cut to a field, in a zone where one is named: `date_trunc('month', time, 'Europe/Oslo')`. */
  dateTrunc<A extends TimeOperand>(
    field: TruncateField,
    time: A,
    zone?: string,
  ): Result<Truncated<ValueOf<A>>, A>;
  /** A field of it as a number: `extract(year from time)`. */
  extract<A extends AnyTimeOperand>(field: ExtractField, time: A): Result<number, A>;
  /** The time between two, in years, months and days; to the start of today with one: `age(later, earlier)`. */
  age<A extends TimeOperand, B extends TimeOperand = never>(
    later: A,
    earlier?: B,
  ): Result<Temporal.Duration, A | B>;
  /** The start of the interval it is in, counted from an origin: `date_bin(stride, time, origin)`. PostgreSQL 14 or later. */
  dateBin<A extends TimeOperand, B extends TimeOperand>(
    stride: Temporal.Duration | Expression<Temporal.Duration, unknown>,
    time: A,
    origin: B,
  ): Result<ValueOf<A>, A | B>;
  /** As text, by a format such as `"YYYY-MM-DD"`: `to_char(value, 'YYYY-MM-DD')`; numbers too. */
  toChar<A extends Operand<unknown>>(value: A, format: string): Result<string, A>;
  /** The date a text holds, by a format: `to_date(text, 'DD.MM.YYYY')`. */
  toDate<A extends Operand<string>>(text: A, format: string): Result<Temporal.PlainDate, A>;
  /** The point in time of a number of seconds since 1970: `to_timestamp(seconds)`. */
  toTimestamp<A extends Operand<number>>(seconds: A): Result<Temporal.Instant, A>;
  /** A point in time as the wall-clock time in a zone, or the other way: `time at time zone 'Europe/Oslo'`. */
  atTimeZone<A extends Expression<Temporal.Instant | Temporal.PlainDateTime, unknown>>(
    time: A,
    zone: string,
  ): Result<OtherTime<ValueOf<A>>, A>;
  /** A duration, for arithmetic: `value::interval`. */
  interval(duration: Temporal.Duration | string): Expression<Temporal.Duration, never, never>;
  /** A date of three numbers: `make_date(year, month, day)`. */
  makeDate<A extends Operand<number>, B extends Operand<number>, C extends Operand<number>>(
    year: A,
    month: B,
    day: C,
  ): Result<Temporal.PlainDate, A | B | C>;
}

/** What `at time zone` makes of a time: of an instant what the clock shows, of that the instant. */
export type OtherTime<Value> = Value extends Temporal.Instant ? Temporal.PlainDateTime : Temporal.Instant;

/** `extract` is `numeric` since PostgreSQL 14. */
const TO_NUMBER: Conversion = { fits: (value) => typeof value === "number", convert: Number };

const AT_ZONE = operator("(", " at time zone ", ")");

/** See {@link TimeFunctions}. */
export const TIME: TimeFunctions = {
  now: () => invoke("now", []),
  clockTimestamp: () => invoke("clock_timestamp", []),
  currentDate: () => new Expression(constantStrings("current_date"), DATE),
  localTimestamp: () => new Expression(constantStrings("localtimestamp")),
  dateTrunc: (field, time, zone) =>
    invoke("date_trunc", [
      textConstant(field, "the field of dateTrunc()"),
      known(time),
      ...(zone === undefined ? [] : [textConstant(zone, "the zone of dateTrunc()")]),
    ]),
  extract: (field, time) => {
    if (!Object.hasOwn(EXTRACTED, field)) {
      throw new ValidationError(
        "the field of extract()",
        `it is none; give one of ${Object.keys(EXTRACTED).join(", ")}`,
      );
    }
    const composition = compositionFor(`extract ${field}`, () => template(`extract(${field} from `, ")"));
    return composed(composition, "extract", [known(time)], { conversion: TO_NUMBER });
  },
  age: (later, earlier) => invoke("age", [known(later), ...optional(earlier).map(known)]),
  dateBin: (stride, time, origin) =>
    invoke("date_bin", [
      stride instanceof Expression ? stride : typed(stride, "interval"),
      known(time),
      known(origin),
    ]),
  toChar: (value, format) =>
    invoke("to_char", [known(value), textConstant(format, "the format of toChar()")]),
  toDate: (text, format) => invoke("to_date", [text, textConstant(format, "the format of toDate()")], DATE),
  toTimestamp: (seconds) => composed(TO_TIMESTAMP, "toTimestamp", [seconds]),
  atTimeZone: (time, zone) =>
    composed(AT_ZONE, "atTimeZone", [time, textConstant(zone, "the zone of atTimeZone()")]),
  interval: (duration) => typed(duration, "interval"),
  makeDate: (year, month, day) => invoke("make_date", [year, month, day], DATE),
};

const TO_TIMESTAMP = template("to_timestamp(", "::double precision)");
