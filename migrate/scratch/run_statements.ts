/**
 * Runs statements that depend on each other in an order nobody knows: each that fails is tried again when others have
 * succeeded, until all have or none can.
 *
 * @module
 */
import { quoteLiteral } from "../../orm/building/inlined.ts";
import type { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";

/** Statements in one transaction: with more, each takes longer, and their locks must fit the server's table of locks. */
const CHUNK = 100;

/** A statement and whose it is. */
export interface OwnedStatement {
  readonly text: string;
  /** What it is part of, for the error: `declaration 3`. */
  readonly owner: string;
  /** Whether it must not be in a transaction. */
  readonly isApart?: boolean;
}

/**
 * Runs statements, each for itself, in any order that succeeds.
 *
 * @throws {ValidationError} When some cannot run in any order, with the first of them and what the server said.
 */
export async function runStatements(pool: Pool, statements: readonly OwnedStatement[]): Promise<void> {
  const pending: OwnedStatement[] = [];
  const together = statements.filter(({ isApart }) => isApart !== true);
  for (let start = 0; start < together.length; start += CHUNK) {
    const chunk = together.slice(start, start + CHUNK);
    if (!await runTogether(pool, chunk)) pending.push(...await runEach(pool, chunk));
  }
  pending.push(...statements.filter(({ isApart }) => isApart === true));
  while (pending.length > 0) {
    const failed = await runEach(pool, pending);
    if (failed.length === pending.length) throw cannotRun(failed);
    pending.splice(0, pending.length, ...failed);
  }
}

interface FailedStatement extends OwnedStatement {
  readonly reason: unknown;
}

/** Runs statements within the server as one transaction, which takes half the time; false when one of them failed. */
async function runTogether(pool: Pool, statements: readonly OwnedStatement[]): Promise<boolean> {
  const body = statements.map(({ text }) => `execute ${quoteLiteral(text)};`).join("\n");
  const settings = "perform set_config('synchronous_commit', 'off', true);";
  try {
    await pool.execute(sql.unsafe(`do ${quoteLiteral(`begin ${settings}\n${body}\nend`)}`));
    return true;
  } catch (error) {
    if (error instanceof PostgresError) return false;
    throw error;
  }
}

/** Runs statements each for itself, in one go, and returns those that failed. */
async function runEach(pool: Pool, statements: readonly OwnedStatement[]): Promise<FailedStatement[]> {
  const outcomes = await pool.batch(statements.map(({ text }) => sql.unsafe(text)), { atomic: false });
  return statements.flatMap((statement, index) => {
    const outcome = outcomes[index];
    return outcome.status === "rejected" ? [{ ...statement, reason: outcome.reason }] : [];
  });
}

function cannotRun(failed: readonly FailedStatement[]): ValidationError {
  const [{ reason, ...statement }] = failed;
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
