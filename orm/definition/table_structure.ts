/**
 * What a model says of its table beside its columns: indexes, constraints, partitions, policies and triggers, and
 * whether it is a view.
 *
 * @module
 */
import { assertSql, type Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import type { ConstraintDefinition } from "./constraint_definition.ts";
import { IndexBuilder, type IndexDefinition } from "./index_definition.ts";
import { type PartitionBy, type PartitionKey, partitionKeyOf } from "./partition_key.ts";
import { PolicyDefinition, type RowSecurity } from "./policy_definition.ts";
import { TriggerDefinition } from "./trigger_definition.ts";
import { viewQueryOf, type ViewQueryOption } from "./view_query.ts";

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
  /** What a view shows; `view` is then `"view"` unless it says otherwise. */
  readonly query?: ViewQueryOption;
  /** How its table is divided: from the model's columns to `{ range: […] }`, `{ list: […] }` or `{ hash: […] }`. */
  readonly partitionBy?: (columns: Columns) => PartitionBy;
  /** Its policies of row-level security: from the model's columns to what `policy()` makes. */
  readonly policies?: (columns: Columns) => readonly PolicyDefinition[];
  /** Whether its policies apply, and to whom. Default: `"enabled"` where there are policies. */
  readonly rowSecurity?: RowSecurity;
  /** Its triggers: from the model's columns to what `trigger()` makes. */
  readonly triggers?: (columns: Columns) => readonly TriggerDefinition[];
}

/** The same as plain records. */
export interface TableStructure {
  /** Its indexes. */
  readonly indexes: readonly IndexDefinition[];
  /** Its constraints over several columns, and its named conditions. */
  readonly constraints: readonly ConstraintDefinition[];
  /** Whether it is a view. */
  readonly view?: ViewKind;
  /** Makes the query of a view, where the model says it. */
  readonly viewQuery?: () => Sql;
  /** How its table is divided, where it is. */
  readonly partitionKey?: PartitionKey;
  /** Its policies. */
  readonly policies: readonly PolicyDefinition[];
  /** Whether its policies apply, and to whom. */
  readonly rowSecurity?: RowSecurity;
  /** Its triggers. */
  readonly triggers: readonly TriggerDefinition[];
}

/** The names of the options. */
export const STRUCTURE_OPTIONS: readonly string[] = [
  "indexes",
  "checks",
  "constraints",
  "view",
  "query",
  "partitionBy",
  "policies",
  "rowSecurity",
  "triggers",
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
  const { query, rowSecurity } = options;
  const view = options.view ?? (query === undefined ? undefined : "view");
  if (view !== undefined && view !== "view" && view !== "materialized view") {
    throw new ValidationError(`the option "view" of ${subject}`, 'use "view" or "materialized view"');
  }
  if (rowSecurity !== undefined && rowSecurity !== "enabled" && rowSecurity !== "forced") {
    throw new ValidationError(`the option "rowSecurity" of ${subject}`, 'use "enabled" or "forced"');
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
  const policies = call("policies", options.policies) ?? [];
  if (!Array.isArray(policies) || policies.some((policy) => !(policy instanceof PolicyDefinition))) {
    throw new ValidationError(
      `the option "policies" of ${subject}`,
      "make a list of them, each with policy()",
    );
  }
  const triggers = call("triggers", options.triggers) ?? [];
  if (!Array.isArray(triggers) || triggers.some((trigger) => !(trigger instanceof TriggerDefinition))) {
    throw new ValidationError(
      `the option "triggers" of ${subject}`,
      "make a list of them, each with trigger()",
    );
  }
  const divided = call("partitionBy", options.partitionBy);
  if (divided !== undefined && indexes.some((index) => index.definition.concurrently)) {
    throw new ValidationError(
      `the option "indexes" of ${subject}`,
      "PostgreSQL builds no index of a divided table concurrently; leave concurrently() out, or build it on each partition",
    );
  }
  const kept = {
    view,
    viewQuery: query === undefined ? undefined : viewQueryOf(subject, columns, query),
    partitionKey: options.partitionBy === undefined
      ? undefined
      : partitionKeyOf(`the option "partitionBy" of ${subject}`, divided, keyOf(columns)),
    rowSecurity: rowSecurity ?? (policies.length === 0 ? undefined : "enabled"),
  };
  for (const [option, value] of Object.entries({ partitionBy: divided, rowSecurity: kept.rowSecurity })) {
    if (view === undefined || value === undefined) continue;
    throw new ValidationError(
      `the option "${option}" of ${subject}`,
      `it is for tables and this is a ${view}; leave it out`,
    );
  }
  return {
    indexes: indexes.map((index) => index.definition),
    constraints: [...checks, ...constraints],
    policies,
    triggers,
    ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)),
  };
}

function keyOf(columns: ReadonlyMap<string, AnyColumn>): readonly AnyColumn[] {
  return [...columns.values()].filter((column) => column.settings.primaryKey === true);
}

const KINDS: ReadonlySet<string> = new Set(
  [
    "unique",
    "check",
    "foreign key",
    "exclude",
  ] satisfies ConstraintDefinition["kind"][],
);
