/**
 * The columns a model can have, by type.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { ColumnDefinition } from "./column_definition.ts";
import {
  type ColumnType,
  enumType,
  integerType,
  plainType,
  textType,
  TO_BIGINT,
  TO_EXACT_NUMBER,
  TO_SAFE_INTEGER,
  TO_STRING,
  varcharType,
} from "./column_type.ts";

/** A column as a builder returns it: not null, to be given in an insert, no key. */
export type NewColumn<Value> = ColumnDefinition<Value, never, "required", false>;

/** The JavaScript types that can stand for an `int8`. */
export interface BigintModes {
  /** Exact. The default. */
  readonly bigint: bigint;
  /** A value beyond 2^53 - 1 is a DecodeError. */
  readonly number: number;
  /** Decimal. */
  readonly string: string;
}

/** The JavaScript types that can stand for a `numeric`. */
export interface NumericModes {
  /** Exact. The default. */
  readonly string: string;
  /** A value with more digits than a number keeps is a DecodeError. */
  readonly number: number;
}

/** How a column's values appear. */
export interface ModeOptions<Mode> {
  /** The JavaScript type's name. */
  readonly mode: Mode;
}

/**
 * The functions that make columns, one for each type. `NoInfer` keeps a type parameter's default from being replaced
 * by what the place of the call would accept.
 */
export interface ColumnBuilders {
  /** `smallint`: a whole number of 16 bits. */
  smallint(): NewColumn<number>;
  /** `integer`: a whole number of 32 bits. */
  integer(): NewColumn<number>;
  /** `bigint`: a whole number of 64 bits; a `bigint` unless a mode says otherwise, whatever the pool's options. */
  bigint<Mode extends keyof BigintModes = "bigint">(
    options?: ModeOptions<Mode>,
  ): NewColumn<BigintModes[Mode]>;
  /** `integer` that counts by itself, unless a value is given; what `serial` was before identity columns. */
  identity(): ColumnDefinition<number, never, "optional", false>;
  /** `serial`: an `integer` whose default is the next number of a sequence. */
  serial(): ColumnDefinition<number, never, "optional", false>;
  /** `bigserial`: a `bigint` whose default is the next number of a sequence. */
  bigserial(): ColumnDefinition<bigint, never, "optional", false>;
  /** `real`: a floating point number of 32 bits. */
  real(): NewColumn<number>;
  /** `double precision`: a floating point number of 64 bits. */
  double(): NewColumn<number>;
  /**
   * `numeric`: an exact decimal number; a string unless the mode is `"number"`.
   *
   * @param precision How many digits it has at most.
   * @param scale How many of them after the point. Default 0 when there is a precision.
   */
  numeric(precision?: number, scale?: number): NewColumn<string>;
  /** `numeric` in a mode. */
  numeric<Mode extends keyof NumericModes>(
    options: ModeOptions<Mode> & { readonly precision?: number; readonly scale?: number },
  ): NewColumn<NumericModes[Mode]>;
  /** `text`. `Value` may be a union of strings. */
  text<Value extends string = string>(): NewColumn<NoInfer<Value>>;
  /** `varchar(length)`, or without a limit. */
  varchar<Value extends string = string>(length?: number): NewColumn<NoInfer<Value>>;
  /** `boolean`. */
  boolean(): NewColumn<boolean>;
  /** `uuid`. */
  uuid(): NewColumn<string>;
  /** `json`: text kept as it was given. `Value` is the type of its data, which nothing checks at run time. */
  json<Value = unknown>(): NewColumn<NoInfer<Value>>;
  /** `jsonb`. `Value` is the type of its data, which nothing checks at run time. */
  jsonb<Value = unknown>(): NewColumn<NoInfer<Value>>;
  /** `bytea`: bytes. */
  bytea(): NewColumn<Uint8Array>;
  /** `date`. For a pool with the option `dates: "Date"` or `"string"`, say so: `column.date<string>()`. */
  date<Value = Temporal.PlainDate>(): NewColumn<NoInfer<Value>>;
  /** `time`. For a pool with another option `dates`, say so: `column.time<string>()`. */
  time<Value = Temporal.PlainTime>(): NewColumn<NoInfer<Value>>;
  /** `timestamp`. For a pool with another option `dates`, say so: `column.timestamp<Date>()`. */
  timestamp<Value = Temporal.PlainDateTime>(): NewColumn<NoInfer<Value>>;
  /** `timestamptz`. For a pool with another option `dates`, say so: `column.timestamptz<Date>()`. */
  timestamptz<Value = Temporal.Instant>(): NewColumn<NoInfer<Value>>;
  /** `interval`. For a pool with another option `dates`, say so: `column.interval<string>()`. */
  interval<Value = Temporal.Duration>(): NewColumn<NoInfer<Value>>;
  /**
   * An enum.
   *
   * @param type The enum type's name in the database.
   * @param labels Its labels.
   */
  enum<const Labels extends readonly [string, ...string[]]>(
    type: string,
    labels: Labels,
  ): NewColumn<Labels[number]>;
}

/**
 * Makes the columns of a model, each by its type's name.
 *
 * @example
 * ```ts
 * import { column, model } from "@lifeguard/core";
 * const Film = model("films", {
 *   id: column.identity().primaryKey(),
 *   title: column.varchar(200),
 *   rating: column.enum("rating", ["G", "PG", "R"]).default("G"),
 *   tags: column.text().array(),
 * });
 * type Film = typeof Film.Row; // { id: number, title: string, rating: "G" | "PG" | "R", tags: readonly string[] }
 * const film: Film = { id: 1, title: "Alien", rating: "R", tags: ["space"] };
 * console.assert(film.rating === "R");
 * ```
 */
export const column: ColumnBuilders = {
  smallint: () => make(integerType("smallint", 16)),
  integer: () => make(integerType("integer", 32)),
  bigint: (options) => make(bigintType("bigint", options?.mode ?? "bigint")),
  identity: () => new ColumnDefinition({ type: integerType("integer", 32), identity: "by default" }),
  serial: () => new ColumnDefinition({ type: integerType("integer", 32), serial: true }),
  bigserial: () => new ColumnDefinition({ type: bigintType("bigint", "bigint"), serial: true }),
  real: () => make(numberType("real")),
  double: () => make(numberType("double precision")),
  numeric: numericColumn as ColumnBuilders["numeric"],
  text: () => make(textType("text")),
  varchar: (length) => make(length === undefined ? textType("varchar") : varcharType(checkLength(length))),
  boolean: () =>
    make({ ...plainType("boolean", "true or false"), accepts: (value) => typeof value === "boolean" }),
  uuid: () => make(textType("uuid", "a UUID as a string")),
  json: () => make(plainType("json", "what JSON can hold")),
  jsonb: () => make(plainType("jsonb", "what JSON can hold")),
  bytea: () =>
    make({ ...plainType("bytea", "a Uint8Array"), accepts: (value) => value instanceof Uint8Array }),
  date: () => make(plainType("date", "a Temporal.PlainDate")),
  time: () => make(plainType("time", "a Temporal.PlainTime")),
  timestamp: () => make(plainType("timestamp", "a Temporal.PlainDateTime")),
  timestamptz: () => make(plainType("timestamptz", "a Temporal.Instant")),
  interval: () => make(plainType("interval", "a Temporal.Duration")),
  enum: (type, labels) => {
    if (!Array.isArray(labels) || labels.length === 0 || new Set(labels).size !== labels.length) {
      throw new ValidationError(`enum "${type}"`, "its labels are not a list of different strings; give one");
    }
    return make(enumType(quoteIdentifier(type), [...labels]));
  },
};

function make<Value>(type: ColumnType): NewColumn<Value> {
  return new ColumnDefinition({ type });
}

function numberType(sql: string): ColumnType {
  return { ...plainType(sql, "a number"), accepts: (value) => typeof value === "number" };
}

function bigintType(sql: string, mode: string): ColumnType {
  if (mode === "number") return { ...plainType(sql, "a safe integer"), conversion: TO_SAFE_INTEGER };
  if (mode === "string") return { ...plainType(sql, "a whole number as a string"), conversion: TO_STRING };
  if (mode === "bigint") return { ...plainType(sql, "a bigint"), conversion: TO_BIGINT };
  throw new ValidationError(`mode "${mode}" of a bigint column`, 'use "bigint", "number" or "string"');
}

function numericColumn(
  first?: number | { mode: string; precision?: number; scale?: number },
  second?: number,
): NewColumn<unknown> {
  const { mode = "string", precision, scale } = typeof first === "object"
    ? first
    : { precision: first, scale: second };
  for (const digits of [precision, scale]) {
    if (digits !== undefined && !Number.isInteger(digits)) {
      throw new ValidationError("numeric", "precision and scale are whole numbers; give numeric(12, 2)");
    }
  }
  const sql = precision === undefined ? "numeric" : `numeric(${precision}, ${scale ?? 0})`;
  if (mode === "number") return make({ ...plainType(sql, "a number"), conversion: TO_EXACT_NUMBER });
  if (mode === "string") {
    return make({ ...plainType(sql, "a decimal number as a string"), conversion: TO_STRING });
  }
  throw new ValidationError(`mode "${mode}" of a numeric column`, 'use "string" or "number"');
}

function checkLength(length: number): number {
  if (Number.isInteger(length) && length > 0 && length <= 10_485_760) return length;
  throw new ValidationError("varchar", "its length is not a whole number from 1 to 10,485,760; give one");
}
