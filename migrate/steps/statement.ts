/**
 * The statements that steps are written as.
 *
 * @module
 */

/** A statement of a migration. */
export interface Statement {
  /** Its SQL, without a semicolon at its end. */
  readonly text: string;
  /** Whether it can be in a transaction; PostgreSQL refuses some there, such as `create index concurrently`. */
  readonly transaction: boolean;
}

/** Words with blanks between them; those that are empty or `undefined` are left out. */
export function words(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== "").join(" ");
}

/** A statement that can be in a transaction. */
export function statement(...parts: readonly (string | undefined)[]): Statement {
  return { text: words(...parts), transaction: true };
}
