/** A PostgreSQL array whose shape a JavaScript array cannot hold. @module */
import { ValidationError } from "../errors.ts";

/** One dimension of a {@link PgArray}. */
export interface ArrayDimension {
  /** How many elements it has, at least 1. */
  readonly length: number;
  /** The subscript of its first element; PostgreSQL's default is 1. */
  readonly lowerBound: number;
}

/**
 * An array with its dimensions written out. Arrays decode to plain, nested JavaScript arrays; to a `PgArray` only
 * where those would lose something: a lower bound other than 1, or several dimensions of a type whose values are
 * JavaScript arrays themselves (`json`, `vector`, `record`). Give one as a parameter to write such an array.
 *
 * @example
 * ```ts
 * import { PgArray } from "@lifeguard/core";
 * const array = new PgArray([{ length: 2, lowerBound: 0 }], ["zero", "one"]);
 * if (array.elements[0] !== "zero") throw new Error("unexpected");
 * ```
 */
export class PgArray<Element = unknown> {
  /** The dimensions, outermost first, at most six. */
  readonly dimensions: readonly ArrayDimension[];
  /** All elements in one row, the last dimension varying fastest; null is SQL's NULL. */
  readonly elements: readonly (Element | null)[];

  /**
   * Creates an array.
   *
   * @param dimensions The dimensions, outermost first; none for an empty array.
   * @param elements As many elements as the product of the dimensions' lengths.
   * @throws ValidationError when the two do not fit each other.
   */
  constructor(dimensions: readonly ArrayDimension[], elements: readonly (Element | null)[]) {
    let total = dimensions.length === 0 ? 0 : 1;
    for (const { length, lowerBound } of dimensions) {
      const upper = lowerBound + length - 1;
      if (
        !(Number.isInteger(length) && length > 0) || (lowerBound | 0) !== lowerBound || (upper | 0) !== upper
      ) {
        throw new ValidationError(
          "a dimension of a PgArray",
          "give a length of at least 1 and 32-bit bounds",
        );
      }
      total *= length;
    }
    if (dimensions.length > 6) throw new ValidationError("the dimensions of a PgArray", "give at most 6");
    if (total !== elements.length) {
      throw new ValidationError(
        "the elements of a PgArray",
        `${elements.length} were given; give ${total}, as the dimensions say`,
      );
    }
    this.dimensions = dimensions;
    this.elements = elements;
  }
}
