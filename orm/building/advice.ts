/**
 * What the compiler says of a mistake beside "is not assignable".
 *
 * @module
 */

/**
 * A type that no value has. Where it stands beside the types that will do, the compiler prints it with them, and so the
 * sentence that says what to do instead.
 */
export interface Advice<Sentence extends string> {
  /** No value at run time, nor a type that one could have. */
  readonly "~advice": readonly [Sentence, never];
}

/** What is said where SQL is expected. */
export type WriteSql = "SQL is written as sql`…`, never as a plain string";

/** What is said where something is compared with null, undefined or another type. */
export type NotNull = "nothing is equal to null: use isNull(); undefined is refused: leave the condition out";

/** What is said of what cannot be selected. */
export type SelectByName =
  "select({ name: User.name }): columns, expressions, models or sql by name; only('name') selects columns";

/** What is said of an update or a delete of which nobody said what rows it is about. */
export type SayWhich = "say which rows first: where(…), or all() when every row is meant";
