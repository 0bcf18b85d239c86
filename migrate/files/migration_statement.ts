/**
 * A statement of a migration, ready to be run.
 *
 * @module
 */
import { SqlSyntaxError } from "./file_errors.ts";
import { controlsTransaction, type OutsideStatement, outsideStatement } from "./outside.ts";
import type { ParsedStatement } from "./statement.ts";

/** A statement of a migration. */
export interface MigrationStatement extends ParsedStatement {
  /** Whether it may be in a transaction. */
  readonly transaction: boolean;
  /** What it is about, where it may not. */
  readonly outside: OutsideStatement | undefined;
}

/**
 * Says of each statement whether a transaction may have it.
 *
 * @param parsed The statements.
 * @param source The text they are of, for errors.
 * @throws {SqlSyntaxError} When one begins or ends a transaction, or builds an index that could not be found again.
 */
export function migrationStatements(
  parsed: readonly ParsedStatement[],
  source: string,
): readonly MigrationStatement[] {
  return parsed.map((statement) => {
    if (controlsTransaction(statement)) {
      throw new SqlSyntaxError(
        source,
        statement.offset,
        `"${statement.firstWords}" begins or ends a transaction, which is the runner's to do`,
        'leave it out; "-- transaction: off" gives each statement a transaction of its own',
      );
    }
    const outside = outsideStatement(statement);
    if (outside?.what === "create index" && outside.index === undefined) {
      throw new SqlSyntaxError(
        source,
        statement.offset,
        "the index that is built concurrently has no name, so that nobody could find it if it is left invalid",
        "give it a name: create index concurrently users_email_idx on …",
      );
    }
    return { ...statement, transaction: outside === undefined, outside };
  });
}
