/**
 * Which rows a partition holds, as text.
 *
 * @module
 */
import { Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { Column } from "../building/column.ts";
import { inlined } from "../building/inlined.ts";
import { literalOf } from "../compiling/ddl/literal.ts";
import type { PartitionKey } from "../definition/partition_key.ts";

/**
 * The rows of a range: not less than `from` and less than `to`. Where the table is divided by several columns, an array
 * of their values. What is undefined has no bound.
 */
export interface RangePartition {
  /** The least. */
  readonly from?: unknown;
  /** The least that is not in it. */
  readonly to?: unknown;
}

/** The rows of some values; null is one. */
export interface ListPartition {
  /** The values. */
  readonly values: readonly unknown[];
}

/** The rows whose hash leaves a remainder when it is divided. */
export interface HashPartition {
  /** By what it is divided. */
  readonly modulus: number;
  /** What is left: from 0, less than the modulus. */
  readonly remainder: number;
}

/** Which rows a partition holds; `"default"` those no other does. */
export type PartitionBounds = RangePartition | ListPartition | HashPartition | "default";

/** How each kind of bounds is said. */
const FORMS: Readonly<Record<PartitionKey["strategy"], string>> = {
  range: "{ from, to }",
  list: "{ values }",
  hash: "{ modulus, remainder }",
};

/**
 * Bounds as `create table … partition of` and `attach partition` take them.
 *
 * @param subject What errors call the partition.
 * @param key How the table is divided.
 * @param bounds The bounds.
 * @throws {ValidationError} When they are of another kind than the table's, or a value does not fit its column.
 */
export function boundsText(subject: string, key: PartitionKey, bounds: PartitionBounds): string {
  const { strategy, parts } = key;
  if (bounds === "default") {
    if (strategy !== "hash") return "default";
    throw new ValidationError(
      subject,
      "a table divided by a hash has no default partition; give { modulus, remainder }",
    );
  }
  const allowed: readonly string[] =
    { range: ["from", "to"], list: ["values"], hash: ["modulus", "remainder"] }[strategy];
  const given = typeof bounds === "object" && bounds !== null ? Object.keys(bounds) : [];
  if (given.length === 0 || given.some((name) => !allowed.includes(name))) {
    throw new ValidationError(
      subject,
      `its table is divided by ${strategy} and it was given ${
        given.length === 0 ? kindOf(bounds) : given.join(", ")
      }; give ${FORMS[strategy]}${strategy === "hash" ? "" : ' or "default"'}`,
    );
  }
  const value = (part: Sql, item: unknown): string => {
    if (item instanceof Sql) return inlined(item, subject);
    return part instanceof Column
      ? literalOf(part.settings.type, item)
      : inlined(new Sql(["", ""], [item]), subject);
  };
  switch (strategy) {
    case "range": {
      const { from, to } = bounds as RangePartition;
      const side = (values: unknown, unbounded: string): string => {
        const list = parts.length === 1 ? [values] : values ?? [];
        if (!Array.isArray(list) || list.length > parts.length) {
          throw new ValidationError(
            subject,
            `it is bounded by ${kindOf(values)}; give an array of ${parts.length} values`,
          );
        }
        return parts.map((part, index) => list[index] === undefined ? unbounded : value(part, list[index]))
          .join(", ");
      };
      return `for values from (${side(from, "minvalue")}) to (${side(to, "maxvalue")})`;
    }
    case "list": {
      const { values } = bounds as ListPartition;
      if (!Array.isArray(values) || values.length === 0 || values.includes(undefined)) {
        throw new ValidationError(subject, `its values are ${kindOf(values)}; give an array of at least one`);
      }
      return `for values in (${values.map((item) => value(parts[0], item)).join(", ")})`;
    }
    case "hash": {
      const { modulus, remainder } = bounds as HashPartition;
      if (
        !(Number.isInteger(modulus) && modulus > 0 && Number.isInteger(remainder) && remainder >= 0 &&
          remainder < modulus)
      ) {
        throw new ValidationError(
          subject,
          "its modulus is no whole number from 1, or its remainder none from 0 that is less; give such",
        );
      }
      return `for values with (modulus ${modulus}, remainder ${remainder})`;
    }
  }
}

/** What tells a partition's name from its table's, made of its bounds; at most so long. */
export function boundsSuffix(bounds: PartitionBounds): string {
  if (bounds === "default") return "default";
  const words = "modulus" in bounds
    ? [bounds.remainder, "of", bounds.modulus]
    : "values" in bounds
    ? bounds.values
    : [bounds.from ?? "min", bounds.to ?? "max"].flat();
  return words.map((word) => word instanceof Date ? word.toISOString() : String(word)).join("_").toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "_").replaceAll(/^_+|_+$/g, "");
}
