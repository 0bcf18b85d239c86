/**
 * What a database has, as plain records: what the reader of the catalogs returns, what two of are compared, what a step
 * creates or drops, what model source is made of.
 *
 * Names are as they are stored, without quotes. Types, expressions and queries are SQL text; from a database it is
 * PostgreSQL's own (`format_type`, `pg_get_expr` …) read with an empty `search_path`, so that two texts of one server are
 * equal where the things are. What a builder or a person wrote is any SQL that means it.
 *
 * ## Invariants
 *
 * - O1 An object is known by its {@link ObjectKey}; a catalog has no two with one key.
 * - O2 What belongs to something else alone (the index of a constraint, an identity's sequence, the type of a table, what
 *   an extension brought) is no object of its own.
 * - O3 `dependsOn` names every object, or column, of the same catalog that must be there before it, as `pg_depend` has it.
 * - O4 What has no kind here is an {@link OpaqueObject} with its definition as SQL and a hash; it is never passed over.
 *
 * @module
 */

/** Kinds of objects, in an order in which they can be created as far as dependencies say nothing else. */
export const OBJECT_KINDS = [
  "schema",
  "extension",
  "collation",
  "enum",
  "domain",
  "composite",
  "range",
  "function",
  "sequence",
  "table",
  "constraint",
  "view",
  "materialized view",
  "index",
  "statistics",
  "trigger",
  "policy",
  "opaque",
] as const;

/** A kind of object. */
export type ObjectKind = typeof OBJECT_KINDS[number];

/**
 * What an object is known by: `kind:name`, with the schema and the table it belongs to in front of the name, each quoted
 * where SQL needs quotes: `table:public.users`, `index:public.users_name_idx`, `constraint:public.users.users_pkey`,
 * `function:public.age(integer, text)`, `column:public.users.name` (in `dependsOn` only). Made by `objectKey()`.
 */
export type ObjectKey = string;

/** What every object has. */
export interface ObjectBase {
  /** Its name, without its schema. */
  readonly name: string;
  /** Its schema; `undefined` for what has none, and where a connection's search path decides. */
  readonly schema?: string;
  /** Its comment. */
  readonly comment?: string;
  /** What must be there before it. */
  readonly dependsOn: readonly ObjectKey[];
}

/** A schema; its `name` is all there is. */
export interface SchemaObject extends ObjectBase {
  /** What it is. */
  readonly kind: "schema";
}

/** An extension. */
export interface ExtensionObject extends ObjectBase {
  /** What it is. */
  readonly kind: "extension";
  /** Its version; `undefined` is the server's default. Versions are not compared. */
  readonly version?: string;
}

/** A collation. */
export interface CollationObject extends ObjectBase {
  /** What it is. */
  readonly kind: "collation";
  /** What compares by it. */
  readonly provider: "icu" | "libc" | "builtin";
  /** The provider's name of it: `de-DE`. */
  readonly locale: string;
  /** Whether only equal bytes are equal. */
  readonly deterministic: boolean;
  /** What an ICU collation does otherwise than its locale. */
  readonly rules?: string;
}

/** An enum. */
export interface EnumObject extends ObjectBase {
  /** What it is. */
  readonly kind: "enum";
  /** Its labels, in the order they sort in. */
  readonly labels: readonly string[];
}

/** A domain. */
export interface DomainObject extends ObjectBase {
  /** What it is. */
  readonly kind: "domain";
  /** The type it is based on. */
  readonly type: string;
  /** Its collation where it is not its type's. */
  readonly collation?: string;
  /** Whether it is never null. */
  readonly notNull: boolean;
  /** What it is where nothing is given, as SQL. */
  readonly default?: string;
  /** Its conditions; PostgreSQL names each. */
  readonly checks: readonly DomainCheck[];
}

/** A condition of a domain. */
export interface DomainCheck {
  /** Its name. */
  readonly name: string;
  /** The condition, about `VALUE`. */
  readonly condition: string;
  /** Whether what is there satisfies it. */
  readonly isValid: boolean;
}

/** A composite type made with `create type … as (…)`. */
export interface CompositeObject extends ObjectBase {
  /** What it is. */
  readonly kind: "composite";
  /** Its attributes, in order. */
  readonly attributes: readonly CompositeAttribute[];
}

/** An attribute of a composite type. */
export interface CompositeAttribute {
  /** Its name. */
  readonly name: string;
  /** Its type. */
  readonly type: string;
  /** Its collation where it is not its type's. */
  readonly collation?: string;
}

/** A range type, with the multirange that comes with it. */
export interface RangeObject extends ObjectBase {
  /** What it is. */
  readonly kind: "range";
  /** The type of its bounds. */
  readonly subtype: string;
  /** The name of its multirange. */
  readonly multirange?: string;
  /** What follows in its definition: `subtype_opclass`, `collation`, `canonical`, `subtype_diff`, by option. */
  readonly options: Readonly<Record<string, string>>;
}

/** A function or a procedure. Aggregates and window functions in C are opaque. */
export interface FunctionObject extends ObjectBase {
  /** What it is. */
  readonly kind: "function";
  /** Whether it is called with `call`. */
  readonly isProcedure: boolean;
  /** Its arguments' types as they identify it: `integer, text`. */
  readonly identity: string;
  /** Its arguments as declared, with names and defaults. */
  readonly arguments: string;
  /** What it returns, as SQL: `integer`, `TABLE(a integer)`, `trigger`; `undefined` for a procedure. */
  readonly returns?: string;
  /** What it is written in: `sql`, `plpgsql`. */
  readonly language: string;
  /** The whole `create or replace` statement: what is compared and run. */
  readonly definition: string;
}

/** A sequence. One that belongs to an identity column is part of the column. */
export interface SequenceObject extends ObjectBase {
  /** What it is. */
  readonly kind: "sequence";
  /** Its type. */
  readonly type: "smallint" | "integer" | "bigint";
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
  /** Whether its rows are lost in a crash. */
  readonly unlogged?: boolean;
  /** The column whose end is its own, as of `serial`. */
  readonly ownedBy?: { readonly schema?: string; readonly table: string; readonly column: string };
}

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

/** What has no kind of its own here: rules, casts, operators, text search configurations, foreign tables, aggregates … */
export interface OpaqueObject extends ObjectBase {
  /** What it is. */
  readonly kind: "opaque";
  /** What it is, in PostgreSQL's words: `rule`, `aggregate`, `event trigger`. */
  readonly what: string;
  /** The statements that create it; `undefined` where PostgreSQL has no function that tells them. */
  readonly definition?: string;
  /** The statement that drops it. */
  readonly drop?: string;
  /** SHA-256 of everything that is known of it, as hexadecimal digits. */
  readonly hash: string;
}

/** Anything a database has. */
export type CatalogObject =
  | SchemaObject
  | ExtensionObject
  | CollationObject
  | EnumObject
  | DomainObject
  | CompositeObject
  | RangeObject
  | FunctionObject
  | SequenceObject
  | TableObject
  | ConstraintObject
  | ViewObject
  | MaterializedViewObject
  | IndexObject
  | StatisticsObject
  | TriggerObject
  | PolicyObject
  | OpaqueObject;

/** The object of a kind. */
export type ObjectOf<Kind extends ObjectKind> = Extract<CatalogObject, { readonly kind: Kind }>;

/** What a database, or some of its schemas, has. */
export interface Catalog {
  /** The server's major version, such as 18. */
  readonly serverVersion: number;
  /** By their keys. */
  readonly objects: ReadonlyMap<ObjectKey, CatalogObject>;
}
