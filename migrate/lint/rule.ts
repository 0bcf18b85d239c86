/**
 * What a rule of the lint is, and what it is told.
 *
 * @module
 */
import type { Catalog, ConstraintObject, ObjectKey, TableColumn, TableName } from "../catalog/objects.ts";
import type { Step } from "../steps/step.ts";

/** How bad a finding is: `"danger"` stops users or loses data, `"warning"` may, `"note"` is advice. */
export type Severity = "danger" | "warning" | "note";

/** The locks of tables that matter here, from the weakest: https://www.postgresql.org/docs/18/explicit-locking.html */
export const LOCK_MODES = [
  "ACCESS SHARE",
  "ROW SHARE",
  "ROW EXCLUSIVE",
  "SHARE UPDATE EXCLUSIVE",
  "SHARE",
  "SHARE ROW EXCLUSIVE",
  "EXCLUSIVE",
  "ACCESS EXCLUSIVE",
] as const;

/** A lock of a table. */
export type LockMode = typeof LOCK_MODES[number];

/** Whom a lock keeps waiting. */
export function blockedBy(
  lock: LockMode,
): "reads and writes" | "writes" | "changes of the schema" | "nobody" {
  switch (lock) {
    case "ACCESS EXCLUSIVE":
      return "reads and writes";
    case "EXCLUSIVE":
    case "SHARE ROW EXCLUSIVE":
    case "SHARE":
      return "writes";
    case "SHARE UPDATE EXCLUSIVE":
    case "ROW EXCLUSIVE":
      return "changes of the schema";
    case "ROW SHARE":
    case "ACCESS SHARE":
      return "nobody";
  }
}

/** A rule. */
export interface Rule {
  /** Its name; a heading of `docs/migration-lints.md`. */
  readonly id: string;
  /** How bad it is, unless a problem says otherwise. */
  readonly severity: Severity;
  /** The lock that what it finds takes of the table. */
  readonly lock?: LockMode;
  /** Whether PostgreSQL writes the whole table anew. */
  readonly rewrites?: boolean;
  /** What is wrong with a step; nothing where all is well. */
  check(step: Step, context: LintContext): readonly Problem[];
}

/** Something that a rule found. */
export interface Problem {
  /** What would happen, in a sentence. */
  readonly message: string;
  /** What to do instead, in a sentence. */
  readonly advice: string;
  /** The table whose size decides how bad it is; `undefined` where size does not matter. */
  readonly table?: TableName;
  /** How bad it is, where that is not the rule's. */
  readonly severity?: Severity;
  /** The steps, or statements, to do instead. */
  readonly safer?: readonly Step[] | string;
}

/** What a rule knows beside the step. */
export interface LintContext {
  /** The server's major version. */
  readonly serverVersion: number;
  /** All steps. */
  readonly steps: readonly Step[];
  /** The index of the step. */
  readonly position: number;
  /** What the database has before the steps, where that is known. */
  readonly catalog: Catalog | undefined;
  /** Whether the step at that index is in one transaction with this one. */
  isTogether(position: number): boolean;
  /** Whether the steps before have created the table or view, so that nobody uses it yet. */
  isNew(table: TableName): boolean;
  /** Whether the steps before have created this: `enum:public.mood`. */
  isNewObject(key: ObjectKey): boolean;
  /** Whether the steps before have added the column, or its table, so that nobody uses it yet. */
  isNewColumn(table: TableName, column: string): boolean;
  /** A column as it is before the step, where that is known. */
  columnOf(table: TableName, column: string): TableColumn | undefined;
  /** What a constraint demands of which only the name may be known, as the steps before or the database have it. */
  constraintOf(object: ConstraintObject): ConstraintObject | undefined;
  /** The columns of a table's primary key, where they are known. */
  keyOf(table: TableName): readonly string[] | undefined;
  /** Whether a type is known to be a domain that not every value fits. */
  isConstrainedDomain(type: string): boolean;
  /** Whether a valid check that is there says that a column is not null. */
  isCheckedNotNull(table: TableName, column: string): boolean;
  /** Whether a table's index or key begins with these columns, in any order, before or after the steps. */
  hasIndexOn(table: TableName, columns: readonly string[]): boolean;
}

/** A name as a message shows it. */
export function shown({ schema, name }: TableName): string {
  return schema === undefined || schema === "public" ? `"${name}"` : `"${schema}.${name}"`;
}

/** The names of one table in two forms are equal: no schema is `public`. */
export function sameTable(one: TableName, other: TableName): boolean {
  return one.name === other.name && (one.schema ?? "public") === (other.schema ?? "public");
}

/** A table's name from an object that is on one. */
export function tableOfObject(object: { readonly schema?: string; readonly table: string }): TableName {
  return object.schema === undefined ? { name: object.table } : { schema: object.schema, name: object.table };
}
