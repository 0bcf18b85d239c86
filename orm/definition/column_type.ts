/**
 * What is known at run time of a column's type: its name in SQL, what it takes, and how a value that the pool decoded
 * becomes the one the model promises.
 *
 * @module
 */
import { DecodeError } from "../../pool/wire/errors.ts";
import type { DeclaredType } from "./declared_type.ts";

/** A column's type. */
export interface ColumnType {
  /** The type as SQL writes it, without array brackets: `integer`, `varchar(20)`. */
  readonly sql: string;
  /** Its name in `pg_type`, without array brackets and modifiers: `int4`, `varchar`. It tells the codec. */
  readonly base: string;
  /** How many array dimensions it has; 0 is no array. */
  readonly dimensions: number;
  /** Whether a value is of the right kind; what is not told here, the pool's codec tells. */
  readonly accepts?: (value: unknown) => boolean;
  /** What it takes, as the end of "give …". */
  readonly expected: string;
  /** How a decoded value becomes the one the model promises, where the pool's options may differ. */
  readonly conversion?: Conversion;
  /** The extension it comes with, where PostgreSQL has it from one. */
  readonly extension?: string;
  /** What it is, where it is a type of the database's own. */
  readonly declared?: DeclaredType;
}

/** From the value the pool decoded, never null, to the one the model promises. */
export interface Conversion {
  /** Whether it is one already; all values of a column of one result are alike. */
  readonly fits: (value: unknown) => boolean;
  /** Converts it. */
  readonly convert: (value: unknown) => unknown;
}

/** The type of what a query computes, as far as the ORM knows it. */
export const COMPUTED = "a computed value";

/** A type whose values the pool's codec alone checks. `base` is left out where it is `sql` without its modifiers. */
export function plainType(sql: string, expected: string, base: string = sql.split("(")[0]): ColumnType {
  return { sql, base, dimensions: 0, expected };
}

/** A type that takes strings. */
export function textType(sql: string, expected = "a string", base?: string): ColumnType {
  return { ...plainType(sql, expected, base), accepts: (value) => typeof value === "string" };
}

/** `varchar(n)` or `char(n)`: PostgreSQL counts characters, not UTF-16 units. */
export function limitedTextType(base: "varchar" | "bpchar", length: number): ColumnType {
  return {
    ...textType(
      `${base === "bpchar" ? "char" : base}(${length})`,
      `a string of at most ${length} characters`,
      base,
    ),
    accepts: (value) => typeof value === "string" && (value.length <= length || [...value].length <= length),
  };
}

/** A whole number of at most 32 bits. */
export function integerType(sql: string, bits: 16 | 32): ColumnType {
  const limit = 2 ** (bits - 1);
  return {
    ...plainType(sql, `a whole number from ${-limit} to ${limit - 1}`, bits === 16 ? "int2" : "int4"),
    accepts: (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= -limit && value < limit,
  };
}

/** An array of a type. */
export function arrayType(element: ColumnType): ColumnType {
  const { accepts, conversion } = element;
  return {
    ...element,
    dimensions: element.dimensions + 1,
    expected: `an array whose elements are each ${element.expected}`,
    accepts: (value) =>
      Array.isArray(value) &&
      (accepts === undefined || value.every((item) => item === null || accepts(item))),
    ...(conversion === undefined ? {} : { conversion: arrayConversion(conversion) }),
  };
}

/** An array each of whose elements is converted. */
export function arrayConversion({ fits, convert }: Conversion): Conversion {
  return {
    fits: (value) => (value as unknown[]).every((item) => item === null || fits(item)),
    convert: (value) =>
      (value as unknown[]).map((item) => item === null || fits(item) ? item : convert(item)),
  };
}

/** `int8` as a bigint. */
export const TO_BIGINT: Conversion = {
  fits: (value) => typeof value === "bigint",
  convert: (value) => BigInt(value as string | number),
};

/** `int8` and `numeric` as a decimal string. */
export const TO_STRING: Conversion = {
  fits: (value) => typeof value === "string",
  convert: String,
};

/** `int8` as a number, exactly. */
export const TO_SAFE_INTEGER: Conversion = {
  fits: (value) => typeof value === "number",
  convert(value) {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new DecodeError(
      "int8",
      'it is beyond 2^53 - 1 and does not fit a number; declare the column with the mode "bigint"',
    );
  },
};

/** `numeric` as a number whose decimal form is the value's. */
export const TO_EXACT_NUMBER: Conversion = {
  fits: (value) => typeof value === "number",
  convert(value) {
    const text = String(value);
    const number = Number(text);
    if (!/\d/.test(text) || canonical(String(number)) === canonical(text)) return number;
    throw new DecodeError(
      "numeric",
      'it has more digits than a number keeps; declare the column with the mode "string"',
    );
  },
};

/** A decimal without its exponent and its trailing zeros, for comparison. */
function canonical(text: string): string {
  const [mantissa, exponent = "0"] = text.toLowerCase().split("e");
  const [whole, fraction = ""] = mantissa.replace("-", "").split(".");
  const digits = `${whole}${fraction}`;
  const scale = fraction.length - Number(exponent);
  const stripped = digits.replace(/0+$/, "");
  const sign = mantissa.startsWith("-") ? "-" : "";
  return `${sign}${stripped.replace(/^0+/, "")}e${digits.length - stripped.length - scale}`;
}
