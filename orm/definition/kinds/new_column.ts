/**
 * A column as its builder returns it, and what builders of several families share.
 *
 * @module
 */
import { ValidationError } from "../../../pool/wire/errors.ts";
import { ColumnDefinition } from "../column_definition.ts";
import type { ColumnType } from "../column_type.ts";

/** A column as a builder returns it: not null, to be given in an insert, no key. */
export type NewColumn<Value> = ColumnDefinition<Value, never, "required", false>;

/** A column as a builder returns it that has a default. */
export type NewDefaultedColumn<Value> = ColumnDefinition<Value, never, "optional", false>;

/** A new column of a type. */
export function newColumn<Value>(type: ColumnType): NewColumn<Value> {
  return new ColumnDefinition({ type });
}

/**
 * Checks a whole number that a type is declared with.
 *
 * @param type The type's name, for the message.
 * @param value What was given.
 * @param range `what` it is, the least and the greatest it may be.
 * @returns The number.
 * @throws {ValidationError} When it is no whole number, or out of range.
 */
export function checkModifier(
  type: string,
  value: number,
  range: { readonly what: string; readonly min: number; readonly max: number },
): number {
  const { what, min, max } = range;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new ValidationError(
    type,
    `its ${what} is not a whole number from ${min.toLocaleString("en")} to ${
      max.toLocaleString("en")
    }; give one`,
  );
}
