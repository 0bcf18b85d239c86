/**
 * Functions of arrays: https://www.postgresql.org/docs/18/functions-array.html.
 *
 * @module
 */
import type { Conversion } from "../../definition/column_type.ts";
import { arrayConversion } from "../../definition/column_type.ts";
import { list, template } from "../composition.ts";
import { Expression, type FromOf, type Operand } from "../expression.ts";
import {
  composed,
  conversionOf,
  type CountOperand,
  invoke,
  type Result,
  type TypedSql,
  type ValueOf,
} from "./invocation.ts";
import { alike } from "./literal.ts";

/** An expression that is an array. */
export type ArrayOperand = Expression<readonly unknown[], unknown>;

/** What an array holds. */
export type ItemOf<A> = A extends TypedSql
  ? A["~types"]["value"] extends readonly (infer Item)[] ? Item : unknown
  : unknown;

/** Functions of arrays. Each is null where an operand is, unless it says otherwise. */
export interface ArrayFunctions {
  /** An array of expressions or values of one type: `array[a, b]`. */
  array<Items extends readonly Operand<unknown>[]>(
    ...items: Items
  ): Expression<readonly ValueOf<Items[number]>[], never, FromOf<Items[number]>>;
  /** How many elements it has along a dimension; null where it has none: `array_length(array, 1)`. */
  arrayLength<A extends ArrayOperand>(array: A, dimension?: number): Expression<number, null, FromOf<A>>;
  /** How many elements it has: `cardinality(array)`. */
  cardinality<A extends ArrayOperand>(array: A): Result<number, A>;
  /** With an element more at its end: `array_append(array, item)`. Never null. */
  arrayAppend<A extends ArrayOperand>(
    array: A,
    item: Operand<ItemOf<A>>,
  ): Expression<ValueOf<A>, never, never>;
  /** With an element more at its start: `array_prepend(item, array)`. Never null. */
  arrayPrepend<A extends ArrayOperand>(
    array: A,
    item: Operand<ItemOf<A>>,
  ): Expression<ValueOf<A>, never, never>;
  /** Without every element equal to one: `array_remove(array, item)`. */
  arrayRemove<A extends ArrayOperand>(array: A, item: Operand<ItemOf<A>>): Result<ValueOf<A>, A>;
  /** With every element equal to one replaced: `array_replace(array, from, to)`. */
  arrayReplace<A extends ArrayOperand>(
    array: A,
    from: Operand<ItemOf<A>>,
    to: Operand<ItemOf<A>>,
  ): Result<ValueOf<A>, A>;
  /** Where an element first stands, counted from 1; null where it does not: `array_position(array, item)`. */
  arrayPosition<A extends ArrayOperand>(
    array: A,
    item: Operand<ItemOf<A>>,
  ): Expression<number, null, FromOf<A>>;
  /** Its elements, that are not null, as text with a separator between: `array_to_string(array, separator)`. */
  arrayToString<A extends ArrayOperand>(array: A, separator: Operand<string>): Result<string, A>;
  /** The element of that number, counted from 1; null where there is none: `(array)[number]`. */
  element<A extends ArrayOperand>(array: A, number: CountOperand): Expression<ItemOf<A>, null, FromOf<A>>;
  /** The elements from a number to another: `(array)[from:to]`. */
  slice<A extends ArrayOperand>(array: A, from: CountOperand, to: CountOperand): Result<ValueOf<A>, A>;
  /** One row for each element, in the select list: `unnest(array)`. See {@link unnest} for a source of rows. */
  unnest<A extends ArrayOperand>(array: A): Expression<ItemOf<A>, null, FromOf<A>>;
}

const ARRAY_OF = list("array[", ", ", "]");
const LENGTH = template("array_length(", ", ", "::integer)");
const ELEMENT = template("(", ")[", "::integer]");
const SLICE = template("(", ")[", "::integer:", "::integer]");

function elementConversion(array: unknown): { readonly conversion?: Conversion } {
  const { conversion } = conversionOf([array]);
  if (conversion === undefined) return {};
  // An array's conversion converts each element; one element is an array of one.
  return {
    conversion: {
      fits: (value) => conversion.fits([value]),
      convert: (value) => (conversion.convert([value]) as unknown[])[0],
    },
  };
}

/** See {@link ArrayFunctions}. */
export const ARRAY: ArrayFunctions = {
  array: (...items) => {
    const { conversion } = conversionOf(items);
    const parts = alike(items, "the items of array()");
    return composed(
      ARRAY_OF,
      "array",
      parts,
      conversion === undefined ? {} : { conversion: arrayConversion(conversion) },
    );
  },
  arrayLength: (array, dimension = 1) => composed(LENGTH, "arrayLength", [array, dimension]),
  cardinality: (array) => invoke("cardinality", [array]),
  arrayAppend: (array, item) => invoke("array_append", [array, item], conversionOf([array])),
  arrayPrepend: (array, item) => invoke("array_prepend", [item, array], conversionOf([array])),
  arrayRemove: (array, item) => invoke("array_remove", [array, item], conversionOf([array])),
  arrayReplace: (array, from, to) => invoke("array_replace", [array, from, to], conversionOf([array])),
  arrayPosition: (array, item) => invoke("array_position", [array, item]),
  arrayToString: (array, separator) => invoke("array_to_string", [array, separator]),
  element: (array, number) => composed(ELEMENT, "element", [array, number], elementConversion(array)),
  slice: (array, from, to) => composed(SLICE, "slice", [array, from, to], conversionOf([array])),
  unnest: (array) => {
    const { strings, values, pure, stable } = invoke("unnest", [array]);
    // Like an aggregate it makes another number of rows than its tables have.
    return new Expression({ strings, values, pure, stable, grouped: true }, elementConversion(array));
  },
};
