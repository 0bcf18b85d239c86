/**
 * Rows of values as the data of a COPY: encoded as parameters are, once it is known which session takes them.
 *
 * @module
 */
import type { Session } from "../session/session.ts";
import { copyFormat, copyRows, learnCopyColumns } from "./copy_rows.ts";

/** Rows of values. The command they are for names no format: it is the one that all columns have. */
export class CopiedRows {
  /** A query of the columns that costs nothing. */
  readonly query: string;
  /** The rows. */
  readonly rows: Iterable<readonly unknown[]> | AsyncIterable<readonly unknown[]>;

  /**
   * Creates the data of one COPY.
   *
   * @param query A query of the columns that costs nothing: `select a, b from t limit 0`.
   * @param rows The rows, each with one value for each column; null is SQL NULL.
   */
  constructor(query: string, rows: Iterable<readonly unknown[]> | AsyncIterable<readonly unknown[]>) {
    this.query = query;
    this.rows = rows;
  }
}

/**
 * Encodes rows for a session.
 *
 * @param source The rows.
 * @param session The session.
 * @param timeout Milliseconds its columns may take to be learnt; 0 for no limit.
 * @returns What ends the command, and the chunks.
 */
export async function encodeRows(
  { query, rows }: CopiedRows,
  session: Session,
  timeout: number,
): Promise<{ readonly ending: string; readonly chunks: AsyncIterable<Uint8Array> }> {
  const columns = await learnCopyColumns(session, query, timeout);
  const format = copyFormat(columns);
  return { ending: ` (format ${format})`, chunks: copyRows(rows, columns, format) };
}
