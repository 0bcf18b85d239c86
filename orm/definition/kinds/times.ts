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
  date<Value = Temporal.PlainDate>(): NewColumn<NoInfer<Value>>;
  /** `time`. For a pool with another option `dates`, say so: `column.time<string>()`. */
  time<Value = Temporal.PlainTime>(options?: TimeOptions): NewColumn<NoInfer<Value>>;
  /** `timetz`: a time with an offset, as a string: `"12:00:00+02"`. */
  timetz(options?: TimeOptions): NewColumn<string>;
  /** `timestamp`. For a pool with another option `dates`, say so: `column.timestamp<Date>()`. */
  timestamp<Value = Temporal.PlainDateTime>(options?: TimeOptions): NewColumn<NoInfer<Value>>;
  /** `timestamptz`. For a pool with another option `dates`, say so: `column.timestamptz<Date>()`. */
  timestamptz<Value = Temporal.Instant>(options?: TimeOptions): NewColumn<NoInfer<Value>>;
  /**
   * `interval`. For a pool with another option `dates`, say so: `column.interval<string>()`; where signs may differ:
   * `column.interval<Temporal.Duration | Interval>()`.
   */
  interval<Value = Temporal.Duration>(options?: TimeOptions): NewColumn<NoInfer<Value>>;
}

/** See {@link TimeColumns}. */
export const TIMES: TimeColumns = {
  date: () => newColumn(plainType("date", "a Temporal.PlainDate")),
  time: (options) => newColumn(timeType("time", "a Temporal.PlainTime", options)),
  timetz: (options) =>
    newColumn({
      ...timeType("timetz", "a time with an offset as a string", options),
      accepts: textType("timetz").accepts,
    }),
  timestamp: (options) => newColumn(timeType("timestamp", "a Temporal.PlainDateTime", options)),
  timestamptz: (options) => newColumn(timeType("timestamptz", "a Temporal.Instant", options)),
  interval: (options) => newColumn(timeType("interval", "a Temporal.Duration", options)),
};

function timeType(base: string, expected: string, options: TimeOptions = {}): ColumnType {
  const { precision } = options;
  if (precision === undefined) return plainType(base, expected);
  return plainType(
    `${base}(${checkModifier(base, precision, { what: "precision", min: 0, max: 6 })})`,
    expected,
  );
}
