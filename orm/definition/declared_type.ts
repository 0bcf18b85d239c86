/**
 * Types of a database's own, which are created before the tables that use them: enums, composites, domains.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import type { ColumnType } from "./column_type.ts";

/** A type of the database's own. */
export type DeclaredType = DeclaredEnum | DeclaredComposite | DeclaredDomain;

/** What every such type has. */
export interface TypeName {
  /** Its name, without its schema. */
  readonly name: string;
  /** The schema it is in; `undefined` where the connection's search path decides. */
  readonly schema?: string;
}

/** An enum. */
export interface DeclaredEnum extends TypeName {
  /** Tells the kinds apart. */
  readonly kind: "enum";
  /** Its labels, in the order they sort in. */
  readonly labels: readonly string[];
}

/** A composite type. */
export interface DeclaredComposite extends TypeName {
  /** Tells the kinds apart. */
  readonly kind: "composite";
  /** Its attributes, in order. */
  readonly attributes: readonly DeclaredAttribute[];
}

/** An attribute of a composite type. */
export interface DeclaredAttribute {
  /** Its name, which is also its property in JavaScript. */
  readonly name: string;
  /** Its type. */
  readonly type: ColumnType;
  /** The collation its values are sorted by, where it is not its type's. */
  readonly collation?: string;
}

/** A domain: a type with conditions. */
export interface DeclaredDomain extends TypeName {
  /** Tells the kinds apart. */
  readonly kind: "domain";
  /** The type it is based on. */
  readonly type: ColumnType;
  /** The condition its values satisfy; they are called `value` in it. */
  readonly check?: Sql;
  /** The value a column of it has by default: a value or an expression. */
  readonly default?: unknown;
  /** The collation its values are sorted by, where it is not its type's. */
  readonly collation?: string;
}
