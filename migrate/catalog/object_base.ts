/**
 * What every object of a database has: its name, what must be there before it, and who may do what with it.
 *
 * ## Invariants
 *
 * - O5 Owners and privileges are an object's own data, not its definition: they are never compared. What is made anew
 *   keeps them.
 *
 * @module
 */

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
  /** What is set of it, or of a part of it, by statements of their own, and has no other place in its record. */
  readonly settings?: readonly ObjectSetting[];
  /** The role it belongs to, where that is not the role that read it. */
  readonly owner?: string;
  /** Who may do what with it, where that is not what PostgreSQL gives by itself. */
  readonly privileges?: Privileges;
}

/** What is set of an object: that a table is clustered by an index, the options of a column, a security label. */
export interface ObjectSetting {
  /** The statement that sets it. */
  readonly set: string;
  /** The statement that takes it back. */
  readonly reset: string;
  /** Whether it is a database's own, as a tablespace is: then it is not compared, and what is made anew keeps it. */
  readonly isLocal?: boolean;
}

/** What roles may do with an object, against what they may do with one that the same role has just made. */
export interface Privileges {
  /** What they may do beside. */
  readonly granted: readonly Grant[];
  /** What they may not do. */
  readonly revoked: readonly Grant[];
}

/** What one role may do. */
export interface Grant {
  /** The role; `public` is every role. */
  readonly role: string;
  /** In PostgreSQL's words: `SELECT`. */
  readonly privileges: readonly string[];
  /** Whether it may let others do it, too. */
  readonly isGrantable?: boolean;
}
