/** A PostgreSQL range as a value. @module */
import { ValidationError } from "../errors.ts";

/** Which bounds belong to a range: `[` and `]` do, `(` and `)` do not. */
export const RANGE_BOUNDS = ["[)", "[]", "(]", "()"] as const;
/** Which bounds belong to a range; see {@link RANGE_BOUNDS}. */
export type RangeBounds = typeof RANGE_BOUNDS[number];

/**
 * A PostgreSQL range. A multirange is an array of them. PostgreSQL normalizes ranges of whole things: `[1,3]` of
 * `int4` comes back as `[1,4)`.
 *
 * @example
 * ```ts
 * import { Range } from "@lifeguard/core";
 * const teens = new Range(13, 20);
 * if (teens.bounds !== "[)" || teens.empty) throw new Error("unexpected");
 * const adults = new Range(18, null);
 * if (adults.upper !== null) throw new Error("unexpected");
 * ```
 */
export class Range<Value = unknown> {
  /** The lower bound; null when there is none, and when the range is empty. */
  readonly lower: Value | null;
  /** The upper bound; null when there is none, and when the range is empty. */
  readonly upper: Value | null;
  /** Which bounds belong to the range; a bound that is not there never does. */
  readonly bounds: RangeBounds;
  /** Whether the range contains nothing. */
  readonly empty: boolean;

  /**
   * Creates a range; see also {@link Range.empty}.
   *
   * @param lower The lower bound, null for none.
   * @param upper The upper bound, null for none.
   * @param options `bounds`: which of them belong to the range, default `"[)"`.
   * @throws ValidationError when a bound is undefined or `bounds` is not one of {@link RANGE_BOUNDS}.
   */
  constructor(lower: Value | null, upper: Value | null, options: { readonly bounds?: RangeBounds } = {}) {
    const bounds = options.bounds ?? "[)";
    if (lower === undefined || upper === undefined) {
      throw new ValidationError("a bound of a Range", "undefined was given; give null for no bound");
    }
    if (!RANGE_BOUNDS.includes(bounds)) {
      throw new ValidationError("the bounds of a Range", 'give "[)", "[]", "(]" or "()"');
    }
    this.lower = lower;
    this.upper = upper;
    this.empty = false;
    this.bounds = `${lower === null ? "(" : bounds[0]}${upper === null ? ")" : bounds[1]}` as RangeBounds;
  }

  /** The range that contains nothing. */
  static empty<Value>(): Range<Value> {
    const range = new Range<Value>(null, null);
    (range as { empty: boolean }).empty = true;
    return range;
  }
}
