/**
 * Window functions: https://www.postgresql.org/docs/18/functions-window.html. Each is an expression once `over()` says
 * over which rows.
 *
 * @module
 */
import { TO_SAFE_INTEGER } from "../../definition/column_type.ts";
import type { ExpressionOptions, FromOf, NullOf, Operand } from "../expression.ts";
import { WindowFunction } from "./aggregate.ts";
import { conversionOf, invoke, type TypedSql, type ValueOf } from "./invocation.ts";
import { typed } from "./literal.ts";

/** Window functions. */
export interface WindowFunctions {
  /** The row's number in its partition, from 1: `row_number()`. */
  rowNumber(): WindowFunction<number, never, never>;
  /** Its rank, the same for equals, with gaps after them: `rank()`. */
  rank(): WindowFunction<number, never, never>;
  /** Its rank without gaps: `dense_rank()`. */
  denseRank(): WindowFunction<number, never, never>;
  /** Its rank from 0 to 1: `percent_rank()`. */
  percentRank(): WindowFunction<number, never, never>;
  /** How large a part of the partition is not after it, to 1: `cume_dist()`. */
  cumeDist(): WindowFunction<number, never, never>;
  /** In which of so many buckets of nearly equal size it is, from 1: `ntile(buckets)`. */
  ntile(buckets: number): WindowFunction<number, never, never>;
  /** The value so many rows before it, else the default, else null: `lag(expression, offset, otherwise)`. */
  lag<A extends TypedSql, B extends Operand<ValueOf<A>> = never>(
    expression: A,
    offset?: number,
    otherwise?: B,
  ): WindowFunction<ValueOf<A>, NullOf<A> | NullWithout<B>, FromOf<A | B>>;
  /** The value so many rows after it, else the default, else null: `lead(expression, offset, otherwise)`. */
  lead<A extends TypedSql, B extends Operand<ValueOf<A>> = never>(
    expression: A,
    offset?: number,
    otherwise?: B,
  ): WindowFunction<ValueOf<A>, NullOf<A> | NullWithout<B>, FromOf<A | B>>;
  /** The first row's value; null where the frame is empty: `first_value(expression)`. */
  firstValue<A extends TypedSql>(expression: A): WindowFunction<ValueOf<A>, null, never>;
  /** The last row's value; null where the frame is empty: `last_value(expression)`. */
  lastValue<A extends TypedSql>(expression: A): WindowFunction<ValueOf<A>, null, never>;
  /** That row's value, from 1; null where there is none: `nth_value(expression, number)`. */
  nthValue<A extends TypedSql>(expression: A, number: number): WindowFunction<ValueOf<A>, null, never>;
}

/** Null where no default was given, else where the default is. */
export type NullWithout<B> = [B] extends [never] ? null : NullOf<B>;

const COUNT: ExpressionOptions = { conversion: TO_SAFE_INTEGER };

function windowed<Value, Null, From extends string>(
  name: string,
  args: readonly unknown[],
  options?: ExpressionOptions,
): WindowFunction<Value, Null, From> {
  return new WindowFunction(invoke(name, args), options);
}

function whole(number: number): unknown {
  return typed(number, "integer");
}

function shifted(expression: unknown, offset: number | undefined, otherwise: unknown): readonly unknown[] {
  if (otherwise !== undefined) return [expression, whole(offset ?? 1), otherwise];
  return offset === undefined ? [expression] : [expression, whole(offset)];
}

/** See {@link WindowFunctions}. */
export const WINDOWS: WindowFunctions = {
  rowNumber: () => windowed("row_number", [], COUNT),
  rank: () => windowed("rank", [], COUNT),
  denseRank: () => windowed("dense_rank", [], COUNT),
  percentRank: () => windowed("percent_rank", []),
  cumeDist: () => windowed("cume_dist", []),
  ntile: (buckets) => windowed("ntile", [whole(buckets)]),
  lag: (expression, offset, otherwise) =>
    windowed("lag", shifted(expression, offset, otherwise), conversionOf([expression])),
  lead: (expression, offset, otherwise) =>
    windowed("lead", shifted(expression, offset, otherwise), conversionOf([expression])),
  firstValue: (expression) => windowed("first_value", [expression], conversionOf([expression])),
  lastValue: (expression) => windowed("last_value", [expression], conversionOf([expression])),
  nthValue: (expression, number) =>
    windowed("nth_value", [expression, whole(number)], conversionOf([expression])),
};
