/**
 * What the type level knows of arithmetic: https://www.postgresql.org/docs/18/functions-datetime.html.
 *
 * @module
 */
import type { Fragment, TypedPart } from "./expression.ts";

/** A point in time or a time of day. */
export type PointInTime = Temporal.Instant | Temporal.PlainDateTime | Temporal.PlainTime | Date;

/** What is added to a value: days or a duration to a date, a duration to a point in time, a number to a number. */
export type Addend<Value> = Value extends string ? string | number
  : Value extends Temporal.PlainDate ? number | Temporal.Duration | Temporal.PlainTime
  : Value extends PointInTime ? Temporal.Duration
  : Value;

/** What is taken from a value: what can be added to it, or another of its type. */
export type Subtrahend<Value> = Addend<Value> | Value;

/** What a value is multiplied with, or divided by: a duration by a number. */
export type Factor<Value> = Value extends string ? string | number
  : Value extends Temporal.Duration ? number
  : Value extends Temporal.PlainDate | PointInTime ? never
  : Value;

/** What an operand is where it is not null; of a fragment nothing is known. */
export type OperandValue<O> = O extends TypedPart ? O["~types"]["value"] : O extends Fragment ? unknown : O;

/**
 * What a sum is: a date and days are a date, a date and a time or a duration a point in time; all else stays what it is.
 * `Added` is unknown of a fragment.
 */
export type Sum<Value, Added> = Value extends Temporal.PlainDate ? Added extends number ? Temporal.PlainDate
  : Added extends Temporal.Duration | Temporal.PlainTime ? Temporal.PlainDateTime
  : Temporal.PlainDate | Temporal.PlainDateTime
  : Value;

/** What a difference is: between dates a number of days, between points in time a duration, else what a sum is. */
export type Difference<Value, Taken> = Value extends Temporal.PlainDate
  ? Taken extends Temporal.PlainDate ? number : Sum<Value, Taken>
  : Value extends PointInTime ? Taken extends Temporal.Duration ? Value
    : Taken extends PointInTime ? Temporal.Duration
    : Value | Temporal.Duration
  : Value;

/** What strings, arrays and objects put together are: of labels any text. */
export type Concatenated<Value> = Value extends string ? string : Value;
