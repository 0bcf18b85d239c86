/**
 * What belongs to a table and is an object of its own: constraints, indexes, statistics, triggers, policies.
 *
 * @module
 */
import type { ObjectBase } from "./object_base.ts";
import type { TableName } from "./table_objects.ts";

/** A constraint of a table; NOT NULL is the column's. Its `schema` and `table` are the table's. */
export interface ConstraintObject extends ObjectBase {
  /** What it is. */
  readonly kind: "constraint";
  /** The table it is on. */
  readonly table: string;
  /** What it demands. */
  readonly constraint: TableConstraint;
  /** When it is checked, where that may be at the end of a transaction. */
  readonly deferrable?: "immediate" | "deferred";
  /** Whether rows that are there satisfy it: false after NOT VALID. Default true. */
  readonly isValid: boolean;
  /** False for NOT ENFORCED (PostgreSQL 18). Default true. */
  readonly isEnforced?: boolean;
  /** Whether it is not its children's. */
  readonly noInherit?: boolean;
  /** Whether it came with the parent's, so that it is created and dropped with that one. */
  readonly inherited?: boolean;
}

/** What a constraint demands. */
export type TableConstraint =
  | KeyConstraint
  | CheckTableConstraint
  | ForeignKeyTableConstraint
  | ExclusionTableConstraint;

/** A primary key or a unique constraint. */
export interface KeyConstraint {
  /** What it demands. */
  readonly type: "primary key" | "unique";
  /** Its columns, in order. */
  readonly columns: readonly string[];
  /** Columns that are stored beside the keys. */
  readonly include: readonly string[];
  /** Whether two nulls are equal. */
  readonly nullsNotDistinct?: boolean;
  /** WITHOUT OVERLAPS (PostgreSQL 18). */
  readonly withoutOverlaps?: boolean;
  /** Storage parameters of it: `{ fillfactor: "70" }`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A condition every row satisfies. */
export interface CheckTableConstraint {
  /** What it demands. */
  readonly type: "check";
  /** The condition, as SQL. */
  readonly condition: string;
}

/** A foreign key. */
export interface ForeignKeyTableConstraint {
  /** What it demands. */
  readonly type: "foreign key";
  /** Its columns, in order. */
  readonly columns: readonly string[];
  /** The table it refers to. */
  readonly target: TableName;
  /** The columns it refers to. */
  readonly targetColumns: readonly string[];
  /** Where either all or none of its columns are null. */
  readonly match?: "full";
  /** What happens when what it refers to is deleted. */
  readonly onDelete: ForeignKeyAction;
  /** What happens when the key it refers to changes. */
  readonly onUpdate: ForeignKeyAction;
  /** The columns of `on delete set null (…)`, where not all. */
  readonly onDeleteColumns?: readonly string[];
  /** PERIOD (PostgreSQL 18). */
  readonly period?: boolean;
}

/** What happens to rows that refer to a row that goes. */
export type ForeignKeyAction = "no action" | "restrict" | "cascade" | "set null" | "set default";

/** Rows no two of which may have all of some things in common. */
export interface ExclusionTableConstraint {
  /** What it demands. */
  readonly type: "exclude";
  /** Its access method: `btree`. */
  readonly method: string;
  /** What is compared, and by which operators. */
  readonly elements: readonly (IndexKey & { readonly operator: string })[];
  /** Columns that are stored beside the keys. */
  readonly include: readonly string[];
  /** Of which rows it is, as SQL. */
  readonly where?: string;
  /** Storage parameters of it: `{ fillfactor: "70" }`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** An index that belongs to no constraint. Its `schema` is the table's. */
export interface IndexObject extends ObjectBase {
  /** What it is. */
  readonly kind: "index";
  /** The table or materialized view it is on. */
  readonly table: string;
  /** Whether no two rows have equal keys. */
  readonly unique: boolean;
  /** Whether two nulls are equal. */
  readonly nullsNotDistinct?: boolean;
  /** Its access method: `btree`. */
  readonly method: string;
  /** What it is sorted or searched by. */
  readonly keys: readonly IndexKey[];
  /** Columns that are stored beside the keys. */
  readonly include: readonly string[];
  /** Of which rows it is, as SQL. */
  readonly where?: string;
  /** Storage parameters of it: `{ fillfactor: "70" }`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** False for what a `create index concurrently` that failed has left. */
  readonly isValid: boolean;
  /** Whether it is part of the parent's index, so that it is created and dropped with that one. */
  readonly inherited?: boolean;
}

/** A key of an index. */
export interface IndexKey {
  /** A quoted column, or an expression that is written in parentheses or is a call. */
  readonly expression: string;
  /** Whether it is a column. */
  readonly isColumn: boolean;
  /** Where it is not ascending. */
  readonly order?: "desc";
  /** Where it is not the order's: last ascending, first descending. */
  readonly nulls?: "first" | "last";
  /** Where it is not the column's. */
  readonly collation?: string;
  /** Where it is not the type's default. */
  readonly opclass?: string;
  /** The operator class's own parameters. */
  readonly opclassParameters?: Readonly<Record<string, string>>;
}

/** Extended statistics. */
export interface StatisticsObject extends ObjectBase {
  /** What it is. */
  readonly kind: "statistics";
  /** The table it is on. */
  readonly table: string;
  /** The whole `create statistics` statement. */
  readonly definition: string;
}

/** A trigger. Its `schema` is the table's. */
export interface TriggerObject extends ObjectBase {
  /** What it is. */
  readonly kind: "trigger";
  /** The table it is on. */
  readonly table: string;
  /** The whole `create trigger` statement. */
  readonly definition: string;
  /** When it fires. */
  readonly enabled: "origin" | "always" | "replica" | "disabled";
  /** Whether it came with the parent's. */
  readonly inherited?: boolean;
}

/** A policy of row-level security. Its `schema` is the table's. */
export interface PolicyObject extends ObjectBase {
  /** What it is. */
  readonly kind: "policy";
  /** The table it is on. */
  readonly table: string;
  /** Whether one such policy is enough. */
  readonly permissive: boolean;
  /** What it is about. */
  readonly command: "all" | "select" | "insert" | "update" | "delete";
  /** `public`, or names of roles. */
  readonly roles: readonly string[];
  /** Which rows are seen, as SQL. */
  readonly using?: string;
  /** Which rows may be written, as SQL. */
  readonly check?: string;
}
