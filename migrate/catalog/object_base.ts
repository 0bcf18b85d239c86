/**
 * What every object of a database has: its name, and what must be there before it.
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
}
