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
import type { ObjectBase, ObjectKey } from "./object_base.ts";
import type { MaterializedViewObject, TableObject, ViewObject } from "./table_objects.ts";
import type {
  ConstraintObject,
  IndexObject,
  PolicyObject,
  StatisticsObject,
  TriggerObject,
} from "./table_parts.ts";
import type {
  CollationObject,
  CompositeObject,
  DomainObject,
  EnumObject,
  RangeObject,
} from "./type_objects.ts";

export type * from "./object_base.ts";
export type * from "./table_objects.ts";
export type * from "./table_parts.ts";
export type * from "./type_objects.ts";

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
  /** What GRANT calls it, where privileges on it can be given: `foreign server far`. */
  readonly grantedAs?: string;
  /** What sets its owner, but for the owner's name: `alter server far owner to`. */
  readonly alterOwner?: string;
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
