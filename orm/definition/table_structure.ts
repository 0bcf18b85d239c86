/**
 * What a model says of its table beside its columns: indexes, constraints, and whether it is a view.
 *
 * @module
 */
import { assertSql, type Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import type { ConstraintDefinition } from "./constraint_definition.ts";
import { IndexBuilder, type IndexDefinition } from "./index_definition.ts";

/** What a model stands on, when it is no table. */
export type ViewKind = "view" | "materialized view";

/** The options of a model that say what its table has beside columns. `Columns` are the model's, by property. */
export interface StructureOptions<Columns> {
  /** Its indexes: from the model's columns to what `index()` makes. */
  readonly indexes?: (columns: Columns) => readonly IndexBuilder[];
  /** Conditions every row satisfies, by the constraints' names. */
  readonly checks?: (columns: Columns) => Readonly<Record<string, Sql>>;
  /** Its constraints over several columns: from the model's columns to what `constraint` makes. */
  readonly constraints?: (columns: Columns) => readonly ConstraintDefinition[];
  /** Whether it is a view, which cannot be written and is not created by `createTables()` without its query. */
  readonly view?: ViewKind;
}

/** The same as plain records. */
export interface TableStructure {
  /** Its indexes. */
  readonly indexes: readonly IndexDefinition[];
  /** Its constraints over several columns, and its named conditions. */
  readonly constraints: readonly ConstraintDefinition[];
  /** Whether it is a view. */
  readonly view?: ViewKind;
}

/** The names of the options. */
export const STRUCTURE_OPTIONS: readonly string[] = [
  "indexes",
  "checks",
  "constraints",
  "view",
] satisfies (keyof StructureOptions<never>)[];

/**
 * Checks what a model says of its table and makes records of it.
 *
 * @param subject What errors call the model.
 * @param columns The columns by property.
 * @param options See {@link StructureOptions}.
 * @throws {ValidationError} When an option is of the wrong kind, or one of them throws.
 */
export function structureOf(
  subject: string,
  columns: ReadonlyMap<string, AnyColumn>,
  options: StructureOptions<never>,
): TableStructure {
  const { view } = options;
  if (view !== undefined && view !== "view" && view !== "materialized view") {
    throw new ValidationError(`the option "view" of ${subject}`, 'use "view" or "materialized view"');
  }
  const byProperty = Object.fromEntries(columns);
  const call = <Result>(
    name: string,
    option: ((columns: never) => Result) | undefined,
  ): Result | undefined => {
    if (option === undefined) return undefined;
    if (typeof option !== "function") {
      throw new ValidationError(
        `the option "${name}" of ${subject}`,
        `it is ${kindOf(option)}; give a function of the columns`,
      );
    }
    try {
      return option(byProperty as never);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      throw new ValidationError(`the option "${name}" of ${subject}`, problem, { cause: error });
    }
  };
  const indexes = call("indexes", options.indexes) ?? [];
  for (const index of indexes) {
    if (!(index instanceof IndexBuilder)) {
      throw new ValidationError(
        `the option "indexes" of ${subject}`,
        `one of them is ${kindOf(index)}; make each with index()`,
      );
    }
  }
  const checks = Object.entries(call("checks", options.checks) ?? {}).map(([name, condition]) => {
    assertSql(condition, `the check "${name}" of ${subject}`);
    return { kind: "check" as const, condition, name };
  });
  const constraints = call("constraints", options.constraints) ?? [];
  for (const constraint of constraints) {
    if (!KINDS.has(constraint?.kind)) {
      throw new ValidationError(
        `the option "constraints" of ${subject}`,
        `one of them is ${kindOf(constraint)}; make each with constraint.unique() and its like`,
      );
    }
  }
  return {
    indexes: indexes.map((index) => index.definition),
    constraints: [...checks, ...constraints],
    ...(view === undefined ? {} : { view }),
  };
}

const KINDS: ReadonlySet<string> = new Set(
  [
    "unique",
    "check",
    "foreign key",
    "exclude",
  ] satisfies ConstraintDefinition["kind"][],
);
