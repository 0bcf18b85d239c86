/**
 * Functions of ranges: https://www.postgresql.org/docs/18/functions-range.html.
 *
 * @module
 */
import { Range } from "../../../pool/wire/codec/mod.ts";
import type { Conversion } from "../../definition/column_type.ts";
import type { Expression, ExpressionTypes, FromOf, Operand } from "../expression.ts";
import { conversionOf, invoke, type Result, type TypedSql, type ValueOf } from "./invocation.ts";

/** An expression that is a range. */
export interface RangeOperand extends TypedSql {
  /** See {@link ExpressionTypes}; no value at run time. */
  readonly "~types": ExpressionTypes<{ readonly lower: unknown; readonly upper: unknown }, unknown, string>;
}

/** What a range's bounds are. */
export type BoundOf<A> = ValueOf<A> extends { readonly lower: infer Bound } ? NonNullable<Bound> : unknown;

/** Functions of ranges. */
export interface RangeFunctions {
  /** Its lower bound; null where it has none or is empty: `lower(range)`. */
  lowerBound<A extends RangeOperand>(range: A): Expression<BoundOf<A>, null, FromOf<A>>;
  /** Its upper bound; null where it has none or is empty: `upper(range)`. */
  upperBound<A extends RangeOperand>(range: A): Expression<BoundOf<A>, null, FromOf<A>>;
  /** Whether it holds nothing: `isempty(range)`. */
  isEmpty<A extends RangeOperand>(range: A): Result<boolean, A>;
  /** Whether its lower bound belongs to it: `lower_inc(range)`. */
  lowerInclusive<A extends RangeOperand>(range: A): Result<boolean, A>;
  /** Whether its upper bound belongs to it: `upper_inc(range)`. */
  upperInclusive<A extends RangeOperand>(range: A): Result<boolean, A>;
  /** The smallest range that holds both: `range_merge(a, b)`. */
  rangeMerge<A extends RangeOperand, B extends Operand<ValueOf<A>>>(a: A, b: B): Result<ValueOf<A>, A | B>;
}

/** A range's conversion converts its bounds; a bound is the range of it alone. */
function boundConversion(range: unknown): { readonly conversion?: Conversion } {
  const { conversion } = conversionOf([range]);
  if (conversion === undefined) return {};
  const around = (value: unknown): unknown => new Range(value, value, { bounds: "[]" });
  return {
    conversion: {
      fits: (value) => conversion.fits(around(value)),
      convert: (value) => (conversion.convert(around(value)) as Range<unknown>).lower,
    },
  };
}

/** See {@link RangeFunctions}. */
export const RANGE: RangeFunctions = {
  lowerBound: (range) => invoke("lower", [range], boundConversion(range)),
  upperBound: (range) => invoke("upper", [range], boundConversion(range)),
  isEmpty: (range) => invoke("isempty", [range]),
  lowerInclusive: (range) => invoke("lower_inc", [range]),
  upperInclusive: (range) => invoke("upper_inc", [range]),
  rangeMerge: (a, b) => invoke("range_merge", [a, b], conversionOf([a, b])),
};
