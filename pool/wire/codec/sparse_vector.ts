/** pgvector's `sparsevec` as a value. @module */
import { ValidationError } from "../errors.ts";

/**
 * A vector most of whose elements are zero, pgvector's `sparsevec`.
 *
 * @example
 * ```ts
 * import { SparseVector } from "@lifeguard/core";
 * const vector = new SparseVector(5, { indices: [0, 4], values: [1.5, 2] });
 * if (vector.dimensions !== 5) throw new Error("unexpected");
 * ```
 */
export class SparseVector {
  /** How many elements the vector has, with the zeros. */
  readonly dimensions: number;
  /** The places, from zero and ascending, of the elements that are not zero. */
  readonly indices: readonly number[];
  /** The elements at {@link indices}. */
  readonly values: readonly number[];

  /**
   * Creates a sparse vector.
   *
   * @param dimensions How many elements the vector has.
   * @param elements The places, from zero and ascending, of the elements that are not zero, and these elements.
   * @throws ValidationError when the places do not ascend within the dimensions, or are not as many as the values.
   */
  constructor(
    dimensions: number,
    elements: { readonly indices: readonly number[]; readonly values: readonly number[] },
  ) {
    const { indices, values } = elements;
    let last = -1;
    for (const index of indices) {
      if (!Number.isInteger(index) || index <= last || index >= dimensions) {
        throw new ValidationError(
          "the indices of a SparseVector",
          "give ascending integers from 0 below the dimensions",
        );
      }
      last = index;
    }
    if (indices.length !== values.length) {
      throw new ValidationError("the values of a SparseVector", "give as many as there are indices");
    }
    this.dimensions = dimensions;
    this.indices = indices;
    this.values = values;
  }
}
