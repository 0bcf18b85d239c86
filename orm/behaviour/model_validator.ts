/**
 * Validators of a whole record, which see how its values fit together.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import type { StandardSchema } from "../../pool/standard_schema.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Anything, ColumnDefinitions, InsertOf, RowOf } from "../definition/row_types.ts";
import type { WriteOperation } from "./hooks.ts";
import { isSchema } from "./validators/validator.ts";

/** What a model's validator finds wrong. */
export interface FoundIssue<Property extends PropertyKey> {
  /** Where: a property and what is inside it. Default: the record as a whole. */
  readonly path?: readonly [Property, ...(string | number)[]] | readonly [];
  /** What programs read. */
  readonly code: string;
  /** What people read after the name of what the path leads to; never repeat a value. */
  readonly message: string;
}

/** What a model's validator is told besides the values, and how it answers. */
export interface ValidationContext<Row> {
  /** Tells that something is wrong; may be called several times. */
  readonly issue: (issue: FoundIssue<keyof Row>) => void;
  /** What the call runs on. */
  readonly executor: Executor;
  /** The model's table. */
  readonly table: string;
  /** What is done. */
  readonly operation: WriteOperation;
  /** Ends the call, where it was given one. */
  readonly signal: AbortSignal | undefined;
  /** Whether more of the row exists than the values tell: an update whose caller does not have the row, an expression. */
  readonly partial: boolean;
  /** The row that is updated or deleted, as it was, where the caller has it. */
  readonly row: Row | undefined;
}

/** Some of a row's values. */
export type KnownValues<Columns extends ColumnDefinitions> =
  & { readonly [Property in keyof Columns]?: Columns[Property]["~types"]["stored"] }
  & Anything;

/** A validator of a model: it says what is wrong by `context.issue()`, and may be asynchronous. */
export type ModelValidator<Columns extends ColumnDefinitions> = (
  values: KnownValues<Columns>,
  context: ValidationContext<RowOf<Columns>>,
) => void;

/** A validator of deletes: it gets the row where the caller has it. */
export type DeleteValidator<Columns extends ColumnDefinitions> = (
  row: RowOf<Columns> | undefined,
  context: ValidationContext<RowOf<Columns>>,
) => void;

/** What validates a whole record: a function, or any Standard Schema whose output the model can hold. */
export type RecordValidator<Columns extends ColumnDefinitions> =
  | ModelValidator<Columns>
  | StandardSchema<Partial<InsertOf<Columns>>>;

/** A validator whose values' type is forgotten. */
export type AnyModelValidator = (values: unknown, context: ValidationContext<never>) => unknown;

/** One item or several. */
export type OneOrMany<Item> = Item | readonly Item[];

/**
 * Checks a model's validators.
 *
 * @param subject What the message calls the option.
 * @param given What the option holds.
 * @returns The validators in their order.
 * @throws {ValidationError} When one is neither a function nor a Standard Schema.
 */
export function defineModelValidators(
  subject: string,
  given: unknown,
): readonly (AnyModelValidator | StandardSchema)[] {
  if (given === undefined) return [];
  const list: unknown[] = Array.isArray(given) ? given : [given];
  for (const validator of list) {
    if (typeof validator === "function" || isSchema(validator)) continue;
    throw new ValidationError(
      subject,
      "it is neither a function nor a Standard Schema; give one or an array",
    );
  }
  return [...list] as (AnyModelValidator | StandardSchema)[];
}
