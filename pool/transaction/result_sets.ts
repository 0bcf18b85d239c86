/**
 * Several result sets from one call: PostgreSQL returns them as cursors, which live in the calling transaction.
 *
 * @module
 */
import type { Executor, UnknownRow } from "../executor.ts";
import { type Sql, sql } from "../sql/sql.ts";
import { ValidationError } from "../wire/errors.ts";

/** The rows of one cursor. */
export type ResultSet = UnknownRow[];

/**
 * Calls a function that returns cursors and reads all of them.
 *
 * @param tx The transaction in which the cursors live.
 * @param statement The call.
 * @returns The rows of each cursor, in order.
 * @throws {ValidationError} When a value it returns is not a cursor's name.
 */
export async function readResultSets(tx: Executor, statement: Sql<unknown>): Promise<ResultSet[]> {
  const rows = await tx.query(statement) as UnknownRow[];
  const sets: ResultSet[] = [];
  for (const row of rows) {
    for (const [column, name] of Object.entries(row)) {
      if (name === null) continue;
      if (typeof name !== "string") {
        throw new ValidationError(
          `column "${column}" as a result set`,
          `it is a ${typeof name}; select a function that returns refcursor`,
        );
      }
      const cursor = sql.unsafe(`"${name.replaceAll('"', '""')}"`);
      sets.push(await tx.query(sql`fetch all from ${cursor}`) as ResultSet);
      await tx.execute(sql`close ${cursor}`);
    }
  }
  return sets;
}
