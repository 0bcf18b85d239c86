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
    refuseSession(statement, source);
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

const UNLOCK_ALL = /^pg_advisory_unlock_all$/i;
const UTF8 = /^'?(?:utf-?8|unicode)'?$/i;

/** Refuses what would take from the session what the runner needs: its lock, its encoding, its transaction. */
function refuseSession({ firstWords, tokens, offset }: ParsedStatement, source: string): void {
  const refuse = (state: string, advice: string): never => {
    throw new SqlSyntaxError(source, offset, state, advice);
  };
  if (/^discard all\b/.test(firstWords)) {
    refuse(
      '"discard all" would release the lock that keeps other runners away',
      'leave it out, or write what you mean: "discard temp", "reset all"',
    );
  }
  if (/^deallocate (?:prepare )?all\b/.test(firstWords)) {
    refuse(
      '"deallocate all" would take the statements that the runner has prepared, too',
      "deallocate your own by their names; they end with the migration anyway",
    );
  }
  if (tokens.some(({ kind, text }) => kind !== "string" && UNLOCK_ALL.test(text))) {
    refuse(
      "pg_advisory_unlock_all() would release the lock that keeps other runners away",
      "release your own locks with pg_advisory_unlock()",
    );
  }
  if (/^set (?:local |session )?transaction\b/.test(firstWords)) {
    refuse(
      '"set transaction" comes too late: the transaction of the runner has begun',
      "leave it out; no other runner is at work, and lock table keeps everybody else away",
    );
  }
  const encoding = /^set (?:local |session )?(client_encoding|names)\b/.exec(firstWords);
  const value = tokens.at(-1)?.text ?? "";
  if (encoding !== null && !UTF8.test(value) && value.toLowerCase() !== "default") {
    refuse(
      `${encoding[1]} ${value} would garble what the file says, which is read as UTF-8`,
      "leave it out, and save the file as UTF-8",
    );
  }
}
