/**
 * What a test's database is to hold before the test begins, and by what it is recognised.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Joinable } from "../orm/building/source.ts";
import { createTablesSQL } from "../orm/executing/create_tables.ts";
import type { Pool } from "../pool/pool.ts";
import { assertSql, type Sql } from "../pool/sql/sql.ts";
import { ValidationError } from "../pool/wire/errors.ts";

/** What prepares a database: statements, run in order, or a function that is given a pool on it. */
export type Migrate = readonly Sql<unknown>[] | ((pool: Pool) => Promise<unknown> | unknown);

/** What a test's database holds. */
export interface PreparationOptions {
  /** Models whose tables are created, before `migrate` runs. */
  readonly models?: readonly Joinable[];
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
  "models",
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
export function resolvePreparation({ models = [], migrate, template }: PreparationOptions): Preparation {
  if (template !== undefined && (typeof template !== "string" || template === "")) {
    throw new ValidationError(
      'option "template"',
      "it is no text, or empty; give a name for what migrate makes",
    );
  }
  if (!Array.isArray(models)) {
    throw new ValidationError('option "models"', "it is no array; give one of models");
  }
  if (migrate !== undefined && typeof migrate !== "function" && !Array.isArray(migrate)) {
    throw new ValidationError('option "migrate"', "it is neither a function nor an array; give one of these");
  }
  const statements = typeof migrate === "function" ? [] : [...migrate ?? []];
  for (const statement of statements) assertSql(statement, "a statement of migrate");
  const tables = createTablesSQL(models);
  const run = async (pool: Pool): Promise<void> => {
    for (const statement of [...tables, ...statements]) await pool.execute(statement);
    if (typeof migrate === "function") await migrate(pool);
  };
  // What a function does cannot be told from it.
  if (typeof migrate === "function" && template === undefined) return { key: undefined, run };
  const texts = [...tables, ...statements].flatMap(({ text, values }) => [text, ...values.map(String)]);
  return { key: texts.length === 0 && template === undefined ? "" : hashOf([template ?? "", ...texts]), run };
}

/** Twenty characters that differ where the texts do. */
function hashOf(texts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex").slice(0, 20);
}
