/**
 * Functions of numbers: https://www.postgresql.org/docs/18/functions-math.html.
 *
 * @module
 */
import { type Conversion, TO_BIGINT } from "../../definition/column_type.ts";
import type { Expression } from "../expression.ts";
import {
  conversionOf,
  type CountOperand,
  invoke,
  type NumberOperand,
  optional,
  type Result,
  type ValueOf,
} from "./invocation.ts";

/** Functions of numbers. Each is null where an operand is; the result is of the first operand's type. */
export interface MathFunctions {
  /** Without its sign: `abs(number)`. */
  abs<A extends NumberOperand>(number: A): Result<ValueOf<A>, A>;
  /** Rounded half away from zero, to so many digits after the point: `round(number, digits)`; digits take a `numeric`. */
  round<A extends NumberOperand, B extends CountOperand = never>(
    number: A,
    digits?: B,
  ): Result<ValueOf<A>, A | B>;
  /** Cut towards zero, to so many digits after the point: `trunc(number, digits)`; digits take a `numeric`. */
  truncate<A extends NumberOperand, B extends CountOperand = never>(
    number: A,
    digits?: B,
  ): Result<ValueOf<A>, A | B>;
  /** The least whole number that is not less: `ceil(number)`. */
  ceil<A extends NumberOperand>(number: A): Result<ValueOf<A>, A>;
  /** The greatest whole number that is not greater: `floor(number)`. */
  floor<A extends NumberOperand>(number: A): Result<ValueOf<A>, A>;
  /** Raised to a power: `power(number, exponent)`. */
  power<A extends NumberOperand, B extends NumberOperand>(
    number: A,
    exponent: B,
  ): Result<Inexact<ValueOf<A>>, A | B>;
  /** The square root: `sqrt(number)`. */
  sqrt<A extends NumberOperand>(number: A): Result<Inexact<ValueOf<A>>, A>;
  /** e raised to a power: `exp(number)`. */
  exp<A extends NumberOperand>(number: A): Result<Inexact<ValueOf<A>>, A>;
  /** The natural logarithm: `ln(number)`. */
  ln<A extends NumberOperand>(number: A): Result<Inexact<ValueOf<A>>, A>;
  /** The logarithm to the base 10: `log(number)`. */
  log<A extends NumberOperand>(number: A): Result<Inexact<ValueOf<A>>, A>;
  /** The remainder: `mod(number, divisor)`. */
  mod<A extends NumberOperand, B extends NumberOperand>(number: A, divisor: B): Result<ValueOf<A>, A | B>;
  /** -1, 0 or 1: `sign(number)`. */
  sign<A extends NumberOperand>(number: A): Result<ValueOf<A>, A>;
  /** A number from 0 to below 1, another for each row: `random()`. */
  random(): Expression<number, never, never>;
}

/** What has a fraction: of a `bigint` PostgreSQL makes a `double precision`. */
export type Inexact<Value> = Value extends bigint ? number : Value;

/** What a function of a number gives where PostgreSQL may answer in another of its types: an `integer`'s is no `numeric`. */
const NUMBER: Conversion = {
  fits: (value) => typeof value === "number" || typeof value === "object",
  convert: Number,
};

function ofNumber(number: unknown): { readonly conversion: Conversion } {
  return { conversion: conversionOf([number]).conversion ?? NUMBER };
}

function inexact(number: unknown): { readonly conversion: Conversion } {
  const { conversion } = ofNumber(number);
  return { conversion: conversion === TO_BIGINT ? NUMBER : conversion };
}

/** See {@link MathFunctions}. */
export const MATH: MathFunctions = {
  abs: (number) => invoke("abs", [number], ofNumber(number)),
  round: (number, digits) => invoke("round", [number, ...optional(digits)], ofNumber(number)),
  truncate: (number, digits) => invoke("trunc", [number, ...optional(digits)], ofNumber(number)),
  ceil: (number) => invoke("ceil", [number], ofNumber(number)),
  floor: (number) => invoke("floor", [number], ofNumber(number)),
  power: (number, exponent) => invoke("power", [number, exponent], inexact(number)),
  sqrt: (number) => invoke("sqrt", [number], inexact(number)),
  exp: (number) => invoke("exp", [number], inexact(number)),
  ln: (number) => invoke("ln", [number], inexact(number)),
  log: (number) => invoke("log", [number], inexact(number)),
  mod: (number, divisor) => invoke("mod", [number, divisor], ofNumber(number)),
  sign: (number) => invoke("sign", [number], ofNumber(number)),
  random: () => invoke("random", []),
};
