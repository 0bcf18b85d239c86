/**
 * What a test's database is to hold before the test begins, and by what it is recognised.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Pool } from "../pool/pool.ts";
import { assertSql, type Sql } from "../pool/sql/sql.ts";
import { ValidationError } from "../pool/wire/errors.ts";

/** What prepares a database: statements, run in order, or a function that is given a pool on it. */
export type Migrate = readonly Sql<unknown>[] | ((pool: Pool) => Promise<unknown> | unknown);

/** What a test's database holds. */
export interface PreparationOptions {
  /** Statements or a function that make its tables, and whatever every test is to find in it. */
  readonly migrate?: Migrate;
  /**
   * A name for what `migrate` makes, such as a hash of the migrations' files: it runs once for each name, and every
   * database is a copy. Statements need none. A function without one runs for every database.
   */
  readonly template?: string;
}

/** The same, checked. */
export interface Preparation {
  /** What recognises the template; undefined when each database is prepared by itself. `""` is an empty one. */
  readonly key: string | undefined;
  /** Prepares a database. */
  readonly run: (pool: Pool) => Promise<void>;
}

/** The names of {@link PreparationOptions}. */
export const PREPARATION_OPTIONS: readonly string[] = [
  "migrate",
  "template",
] satisfies (keyof PreparationOptions)[];

/**
 * Checks what a database is to hold.
 *
 * @param options What the caller gave.
 * @returns How to prepare it, and what to recognise that by.
 * @throws {ValidationError} When it cannot be run.
 */
export function resolvePreparation({ migrate, template }: PreparationOptions): Preparation {
  if (template !== undefined && (typeof template !== "string" || template === "")) {
    throw new ValidationError(
      'option "template"',
      "it is no text, or empty; give a name for what migrate makes",
    );
  }
  const run = async (pool: Pool): Promise<void> => {
    if (typeof migrate === "function") return void await migrate(pool);
    for (const statement of migrate ?? []) await pool.execute(statement);
  };
  if (migrate === undefined || typeof migrate === "function") {
    if (migrate === undefined && template === undefined) return { key: "", run };
    return { key: template === undefined ? undefined : hashOf(["template", template]), run };
  }
  if (!Array.isArray(migrate)) {
    throw new ValidationError('option "migrate"', "it is neither a function nor an array; give one of these");
  }
  for (const statement of migrate) assertSql(statement, "a statement of migrate");
  const texts = migrate.flatMap(({ text, values }) => [text, ...values.map(String)]);
  return { key: migrate.length === 0 ? "" : hashOf([template ?? "", ...texts]), run };
}

/** Twenty characters that differ where the texts do. */
function hashOf(texts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex").slice(0, 20);
}
