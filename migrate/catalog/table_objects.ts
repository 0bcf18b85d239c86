/**
 * Tables, views and materialized views, with their columns.
 *
 * @module
 */
import type { Grant, ObjectBase } from "./object_base.ts";

/** A table: plain, partitioned, or a partition. */
export interface TableObject extends ObjectBase {
  /** What it is. */
  readonly kind: "table";
  /** Its columns, in order. */
  readonly columns: readonly TableColumn[];
  /** Whether its rows are lost in a crash. */
  readonly unlogged?: boolean;
  /** Of which tables it is a child that is no partition. */
  readonly inherits?: readonly TableName[];
  /** How its rows are split, when it is partitioned. */
  readonly partitionBy?: PartitionKey;
  /** What it is a partition of. */
  readonly partitionOf?: PartitionBound;
  /** Its storage parameters: `{ fillfactor: "70" }`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether policies decide who sees which rows; forced: of its owner, too. */
  readonly rowSecurity?: "enabled" | "forced";
  /** Default: its primary key. */
  readonly replicaIdentity?: "full" | "nothing" | { readonly index: string };
  /** Its access method where that is not `heap`. */
  readonly accessMethod?: string;
}

/** The name of a table or of what is like one. */
export interface TableName {
  /** Its schema. */
  readonly schema?: string;
  /** Its name. */
  readonly name: string;
}

/** How rows are split between partitions. */
export interface PartitionKey {
  /** By what rows are told apart. */
  readonly strategy: "range" | "list" | "hash";
  /** Its columns and expressions as SQL, with operator classes and collations: `created_at`, `lower(name)`. */
  readonly keys: readonly string[];
}

/** Which rows of a partitioned table are in a partition. */
export interface PartitionBound {
  /** The partitioned table. */
  readonly table: TableName;
  /** `FOR VALUES FROM (…) TO (…)`, `FOR VALUES IN (…)`, `FOR VALUES WITH (…)` or `DEFAULT`. */
  readonly bound: string;
}

/** A column of a table, a view or a materialized view. */
export interface TableColumn {
  /** Its name. */
  readonly name: string;
  /** Its type with modifier and array brackets: `numeric(10,2)`, `text[]`. */
  readonly type: string;
  /** Whether it is never null. */
  readonly notNull: boolean;
  /** The name of its NOT NULL constraint where it has one that is not the usual name (PostgreSQL 18). */
  readonly notNullName?: string;
  /** Its collation where it is not its type's: `pg_catalog."C"`. */
  readonly collation?: string;
  /** What it is where nothing is given, as SQL. */
  readonly default?: string;
  /** What it is computed from, and whether that is when rows are written or read. */
  readonly generated?: { readonly expression: string; readonly kind: "stored" | "virtual" };
  /** How it counts, where it does. */
  readonly identity?: ColumnIdentity;
  /** The sequence it counts with where that has not the usual name, as after a rename. Not compared. */
  readonly identitySequence?: TableName;
  /** Its comment. */
  readonly comment?: string;
  /** Where it is not its type's. */
  readonly storage?: "plain" | "external" | "extended" | "main";
  /** How long values are compressed, where it is not the server's way. */
  readonly compression?: "pglz" | "lz4";
  /** Where it is set. */
  readonly statistics?: number;
  /** Whether it is only its parent's: then it is not written in a child's definition. */
  readonly inherited?: boolean;
  /** What roles may do with this column alone. */
  readonly granted?: readonly Grant[];
}

/** How a column counts by itself. */
export interface ColumnIdentity {
  /** Whether a value may be given. */
  readonly generation: "always" | "by default";
  /** The first value. */
  readonly start: bigint;
  /** How far it counts each time. */
  readonly increment: bigint;
  /** The lowest value. */
  readonly min: bigint;
  /** The highest value. */
  readonly max: bigint;
  /** How many values a session takes at once. */
  readonly cache: bigint;
  /** Whether it begins anew at its end. */
  readonly cycle: boolean;
}

/** A view. */
export interface ViewObject extends ObjectBase {
  /** What it is. */
  readonly kind: "view";
  /** Its columns, in order. */
  readonly columns: readonly TableColumn[];
  /** The query, without a semicolon. */
  readonly query: string;
  /** `security_barrier`, `security_invoker`, `check_option`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether it was written as `create recursive view`. */
  readonly recursive?: boolean;
}

/** A materialized view; its indexes are objects of their own. */
export interface MaterializedViewObject extends ObjectBase {
  /** What it is. */
  readonly kind: "materialized view";
  /** Its columns, in order. */
  readonly columns: readonly TableColumn[];
  /** The query, without a semicolon. */
  readonly query: string;
  /** Storage parameters of it: `{ fillfactor: "70" }`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether it has rows, so that it can be read. Not compared. */
  readonly isPopulated: boolean;
  /** Its access method where that is not `heap`. */
  readonly accessMethod?: string;
}
