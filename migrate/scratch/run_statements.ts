/**
 * Runs statements that depend on each other in an order nobody knows: each that fails is tried again when others have
 * succeeded, until all have or none can.
 *
 * @module
 */
import type { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";

/** Statements in one round trip: more take no fewer seconds, and each holds its locks no longer than itself. */
const CHUNK = 200;

/** A statement and whose it is. */
export interface OwnedStatement {
  readonly text: string;
  /** What it is part of, for the error: `declaration 3`. */
  readonly owner: string;
}

/**
 * Runs statements, each for itself, in any order that succeeds.
 *
 * @throws {ValidationError} When some cannot run in any order, with the first of them and what the server said.
 */
export async function runStatements(pool: Pool, statements: readonly OwnedStatement[]): Promise<void> {
  let pending = statements;
  while (pending.length > 0) {
    const failed: { statement: OwnedStatement; reason: unknown }[] = [];
    for (let start = 0; start < pending.length; start += CHUNK) {
      const chunk = pending.slice(start, start + CHUNK);
      const outcomes = await pool.batch(chunk.map(({ text }) => sql.unsafe(text)), { atomic: false });
      outcomes.forEach((outcome, index) => {
        if (outcome.status === "rejected") failed.push({ statement: chunk[index], reason: outcome.reason });
      });
    }
    if (failed.length === pending.length) throw cannotRun(failed);
    pending = failed.map(({ statement }) => statement);
  }
}

function cannotRun(failed: readonly { statement: OwnedStatement; reason: unknown }[]): ValidationError {
  const [{ statement, reason }] = failed;
  const said = reason instanceof Error ? reason.message : String(reason);
  const others = failed.length === 1
    ? ""
    : ` (and ${failed.length - 1} more, perhaps since this one did not)`;
  return new ValidationError(
    `${statement.owner} "${firstLine(statement.text)}"`,
    `it fails in an empty database whatever runs before it${others}: ${said}; correct it, or declare what it needs`,
    { cause: reason },
  );
}

function firstLine(text: string): string {
  const line = text.trim().split(/\r?\n/, 1)[0];
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
