/**
 * Names the column in an error the pool raised of a parameter.
 *
 * @module
 */
import { atCaller } from "../../pool/caller.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";

const PARAMETER = /^parameter \$(\d+)\b/;

/**
 * The error to throw in the place of one that a statement failed with.
 *
 * @param error What it failed with.
 * @param columns The columns of its parameters, in order; `undefined` for one that is of none.
 * @returns The error itself unless it is a `ValidationError` of a parameter. Its stack is the caller's, so that this is to
 * be called in the `catch` of an `async` function.
 */
export function namingColumn(error: unknown, columns: readonly (AnyColumn | undefined)[]): unknown {
  if (!(error instanceof ValidationError)) return atCaller(error);
  const position = PARAMETER.exec(error.subject)?.[1];
  const column = columns[Number(position) - 1];
  if (column === undefined) return error;
  return new ValidationError(column.subject, error.problem, { cause: error });
}
