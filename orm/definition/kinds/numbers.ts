/**
 * Columns of numbers.
 *
 * @module
 */
import { ValidationError } from "../../../pool/wire/errors.ts";
import { ColumnDefinition, type IdentityOptions } from "../column_definition.ts";
import {
  type ColumnType,
  integerType,
  plainType,
  textType,
  TO_BIGINT,
  TO_EXACT_NUMBER,
  TO_SAFE_INTEGER,
  TO_STRING,
} from "../column_type.ts";
import { type NewColumn, newColumn, type NewDefaultedColumn } from "./new_column.ts";

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

/** The functions that make columns of numbers. */
export interface NumberColumns {
  /** `smallint`: a whole number of 16 bits. */
  smallint(): NewColumn<number>;
  /** `integer`: a whole number of 32 bits. */
  integer(): NewColumn<number>;
  /** `bigint`: a whole number of 64 bits; a `bigint` unless a mode says otherwise, whatever the pool's options. */
  bigint<Mode extends keyof BigintModes = "bigint">(
    options?: ModeOptions<Mode>,
  ): NewColumn<BigintModes[Mode]>;
  /**
   * `integer` that counts by itself, unless a value is given; what `serial` was before identity columns. For another
   * type: `column.bigint().identity()`.
   *
   * @param options Where it starts and how it counts.
   */
  identity(options?: IdentityOptions): NewDefaultedColumn<number>;
  /** `smallserial`: a `smallint` whose default is the next number of a sequence. */
  smallserial(): NewDefaultedColumn<number>;
  /** `serial`: an `integer` whose default is the next number of a sequence. */
  serial(): NewDefaultedColumn<number>;
  /** `bigserial`: a `bigint` whose default is the next number of a sequence. */
  bigserial(): NewDefaultedColumn<bigint>;
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
  /** `money`: an amount as the database's locale prints it, `"$12.50"`; `numeric` is the better choice for amounts. */
  money(): NewColumn<string>;
  /** `oid`: the number of an object of the database. */
  oid(): NewColumn<number>;
  /** `xid8`: the number of a transaction. */
  xid8(): NewColumn<bigint>;
}

/** See {@link NumberColumns}. */
export const NUMBERS: NumberColumns = {
  smallint: () => newColumn(integerType("smallint", 16)),
  integer: () => newColumn(integerType("integer", 32)),
  bigint: (options) => newColumn(bigintType(options?.mode ?? "bigint")),
  identity: (options) =>
    (new ColumnDefinition({ type: integerType("integer", 32) }) as NewColumn<number>).identity(options),
  smallserial: () => new ColumnDefinition({ type: integerType("smallint", 16), serial: true }),
  serial: () => new ColumnDefinition({ type: integerType("integer", 32), serial: true }),
  bigserial: () => new ColumnDefinition({ type: bigintType("bigint"), serial: true }),
  real: () => newColumn(floatType("real", "float4")),
  double: () => newColumn(floatType("double precision", "float8")),
  numeric: numericColumn as NumberColumns["numeric"],
  money: () => newColumn(textType("money", "an amount as a string")),
  oid: () => newColumn({ ...plainType("oid", "a whole number from 0 to 4294967295"), accepts: isOid }),
  xid8: () => newColumn(plainType("xid8", "a bigint")),
};

function isOid(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}

function floatType(sql: string, base: string): ColumnType {
  return { ...plainType(sql, "a number", base), accepts: (value) => typeof value === "number" };
}

function bigintType(mode: string): ColumnType {
  const type = (expected: string): ColumnType => plainType("bigint", expected, "int8");
  if (mode === "number") return { ...type("a safe integer"), conversion: TO_SAFE_INTEGER };
  if (mode === "string") return { ...type("a whole number as a string"), conversion: TO_STRING };
  if (mode === "bigint") return { ...type("a bigint"), conversion: TO_BIGINT };
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
  if (mode === "number") return newColumn({ ...plainType(sql, "a number"), conversion: TO_EXACT_NUMBER });
  if (mode === "string") {
    return newColumn({ ...plainType(sql, "a decimal number as a string"), conversion: TO_STRING });
  }
  throw new ValidationError(`mode "${mode}" of a numeric column`, 'use "string" or "number"');
}
