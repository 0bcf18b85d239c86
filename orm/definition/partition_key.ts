/**
 * How a model's table is divided into partitions.
 *
 * @module
 */
import { Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { Column } from "../building/column.ts";

/** How rows are told apart. */
export type PartitionStrategy = "range" | "list" | "hash";

const STRATEGIES: readonly PartitionStrategy[] = ["range", "list", "hash"];

/** How a table is divided: by ranges of values, by lists of them, or by their hash. Columns, or expressions. */
export type PartitionBy =
  | { readonly range: readonly Sql[] }
  | { readonly list: readonly [Sql] }
  | { readonly hash: readonly Sql[] };

/** The same as a plain record. */
export interface PartitionKey {
  /** How rows are told apart. */
  readonly strategy: PartitionStrategy;
  /** What tells them apart: columns, or expressions. */
  readonly parts: readonly Sql[];
}

/**
 * Checks how a table is divided.
 *
 * @param subject What errors call the option.
 * @param given What the option's function returned.
 * @param key The model's primary key, in which every column that tells rows apart must be.
 * @throws {ValidationError} When it is no way to divide a table.
 */
export function partitionKeyOf(subject: string, given: unknown, key: readonly Sql[]): PartitionKey {
  const entries = Object.entries(given ?? {});
  const [[strategy, parts] = []] = entries;
  if (entries.length !== 1 || !STRATEGIES.includes(strategy as PartitionStrategy)) {
    throw new ValidationError(
      subject,
      "it says no way or several; give one of { range }, { list }, { hash }",
    );
  }
  if (!Array.isArray(parts) || parts.length === 0 || !parts.every((part) => part instanceof Sql)) {
    throw new ValidationError(subject, `its ${strategy} is ${kindOf(parts)}; give an array of columns`);
  }
  if (strategy === "list" && parts.length > 1) {
    throw new ValidationError(subject, "a list tells rows apart by one column; give one");
  }
  const outside = parts.find((part) => key.length > 0 && !key.includes(part));
  if (outside !== undefined) {
    throw new ValidationError(
      subject,
      outside instanceof Column
        ? `the primary key does not hold ${outside.subject}, so PostgreSQL could not keep it unique; add primaryKey() to it`
        : "a table that is divided by an expression can have no primary key; divide it by columns of the key",
    );
  }
  return { strategy: strategy as PartitionStrategy, parts };
}
