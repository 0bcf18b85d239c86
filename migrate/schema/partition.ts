/**
 * Partitions: how rows are split, and which are in one.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { PartitionKey } from "../catalog/objects.ts";
import { literal, textOf } from "./name.ts";

/** How the rows of a table are split: by columns, named as in the database, or by expressions. */
export type PartitionBy =
  | { readonly range: readonly (string | Sql)[] }
  | { readonly list: readonly (string | Sql)[] }
  | { readonly hash: readonly (string | Sql)[] };

/**
 * Which rows are in a partition: from a value to below another, those with some values, a remainder of the hash, or what
 * no other partition has. sql`minvalue` and sql`maxvalue` have no end.
 */
export type Bound =
  | { readonly from: readonly unknown[]; readonly to: readonly unknown[] }
  | { readonly in: readonly unknown[] }
  | { readonly modulus: number; readonly remainder: number }
  | "default";

/** How rows are split, as a record. */
export function partitionKeyOf(given: PartitionBy, subject: string): PartitionKey {
  const [entry, ...more] = Object.entries(given ?? {});
  const [strategy, keys] = entry ?? [];
  if (
    more.length > 0 || (strategy !== "range" && strategy !== "list" && strategy !== "hash") ||
    !Array.isArray(keys) || keys.length === 0
  ) {
    throw new ValidationError(
      `the option "partitionBy" of ${subject}`,
      `it is none; give { range: ["created_at"] }, { list: ["country"] } or { hash: ["id"] }`,
    );
  }
  if (strategy === "list" && keys.length > 1) {
    throw new ValidationError(
      `the option "partitionBy" of ${subject}`,
      `it splits by a list of ${keys.length} columns, and PostgreSQL takes one; use range or hash`,
    );
  }
  return {
    strategy,
    keys: keys.map((key: string | Sql) =>
      key instanceof Sql ? `(${textOf(key, subject)})` : quoteIdentifier(key)
    ),
  };
}

/** Which rows are in a partition, as SQL. */
export function boundText(bound: Bound, subject: string): string {
  const values = (given: readonly unknown[]): string =>
    `(${given.map((value) => literal(value, `the bound of ${subject}`)).join(", ")})`;
  if (bound === "default") return "default";
  if (typeof bound === "object" && bound !== null) {
    if ("from" in bound && Array.isArray(bound.from) && Array.isArray(bound.to)) {
      if (bound.from.length === bound.to.length && bound.from.length > 0) {
        return `for values from ${values(bound.from)} to ${values(bound.to)}`;
      }
      throw new ValidationError(
        `the bound of ${subject}`,
        `it is from ${bound.from.length} values to ${bound.to.length}; give as many as the table is split by`,
      );
    }
    if ("in" in bound && Array.isArray(bound.in) && bound.in.length > 0) {
      return `for values in ${values(bound.in)}`;
    }
    if ("modulus" in bound && Number.isInteger(bound.modulus) && Number.isInteger(bound.remainder)) {
      if (bound.remainder >= 0 && bound.remainder < bound.modulus) {
        return `for values with (modulus ${bound.modulus}, remainder ${bound.remainder})`;
      }
      throw new ValidationError(
        `the bound of ${subject}`,
        `the remainder ${bound.remainder} is none of ${bound.modulus}; give 0 to ${bound.modulus - 1}`,
      );
    }
  }
  throw new ValidationError(
    `the bound of ${subject}`,
    `it is ${
      kindOf(bound)
    }; give { from: […], to: […] }, { in: […] }, { modulus: 4, remainder: 0 } or "default"`,
  );
}
