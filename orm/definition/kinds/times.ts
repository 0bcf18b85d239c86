/**
 * Columns of dates and times.
 *
 * @module
 */
import { type ColumnType, plainType, textType } from "../column_type.ts";
import { checkModifier, type NewColumn, newColumn } from "./new_column.ts";

/** How exact a time is. */
export interface TimeOptions {
  /** How many digits a second has after the point, 0 to 6; PostgreSQL rounds to them. Default 6. */
  readonly precision?: number;
}

/** The functions that make columns of dates and times. */
export interface TimeColumns {
  /** `date`. For a pool with the option `dates: "Date"` or `"string"`, say so: `column.date<string>()`. */
  date(): NewColumn<Temporal.PlainDate>;
  /** `date`, of another type. */
  date<Value>(): NewColumn<Value>;
  /** `time`. For a pool with another option `dates`, say so: `column.time<string>()`. */
  time(options?: TimeOptions): NewColumn<Temporal.PlainTime>;
  /** `time`, of another type. */
  time<Value>(options?: TimeOptions): NewColumn<Value>;
  /** `timetz`: a time with an offset, as a string: `"12:00:00+02"`. */
  timetz(options?: TimeOptions): NewColumn<string>;
  /** `timestamp`. For a pool with another option `dates`, say so: `column.timestamp<Date>()`. */
  timestamp(options?: TimeOptions): NewColumn<Temporal.PlainDateTime>;
  /** `timestamp`, of another type. */
  timestamp<Value>(options?: TimeOptions): NewColumn<Value>;
  /** `timestamptz`. For a pool with another option `dates`, say so: `column.timestamptz<Date>()`. */
  timestamptz(options?: TimeOptions): NewColumn<Temporal.Instant>;
  /** `timestamptz`, of another type. */
  timestamptz<Value>(options?: TimeOptions): NewColumn<Value>;
  /**
   * `interval`. For a pool with another option `dates`, say so: `column.interval<string>()`; where signs may differ:
   * `column.interval<Temporal.Duration | Interval>()`.
   */
  interval(options?: TimeOptions): NewColumn<Temporal.Duration>;
  /** `interval`, of another type. */
  interval<Value>(options?: TimeOptions): NewColumn<Value>;
}

/** See {@link TimeColumns}. */
export const TIMES: TimeColumns = {
  date: <Value>() => newColumn<Value>(plainType("date", "a Temporal.PlainDate")),
  time: <Value>(options?: TimeOptions) => newColumn<Value>(timeType("time", "a Temporal.PlainTime", options)),
  timetz: (options) =>
    newColumn({
      ...timeType("timetz", "a time with an offset as a string", options),
      accepts: textType("timetz").accepts,
    }),
  timestamp: <Value>(options?: TimeOptions) =>
    newColumn<Value>(timeType("timestamp", "a Temporal.PlainDateTime", options)),
  timestamptz: <Value>(options?: TimeOptions) =>
    newColumn<Value>(timeType("timestamptz", "a Temporal.Instant", options)),
  interval: <Value>(options?: TimeOptions) =>
    newColumn<Value>(timeType("interval", "a Temporal.Duration", options)),
};

function timeType(base: string, expected: string, options: TimeOptions = {}): ColumnType {
  const { precision } = options;
  if (precision === undefined) return plainType(base, expected);
  return plainType(
    `${base}(${checkModifier(base, precision, { what: "precision", min: 0, max: 6 })})`,
    expected,
  );
}
