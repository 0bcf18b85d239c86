/**
 * What PostgreSQL knows and models have no word for: functions, triggers, policies, sequences, aggregates …, declared
 * beside the models in the SQL that creates it.
 *
 * @module
 */
import { inlined } from "../../orm/building/inlined.ts";
import { assertSql, type Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";

/** Statements that create what a database is to have besides its models; made by {@link declare}. */
export class Declaration {
  /** The statements' text, in order. */
  readonly statements: readonly string[];

  /** @ignore Made by {@link declare}. */
  constructor(statements: readonly string[]) {
    this.statements = statements;
  }
}

/**
 * Declares what a database is to have besides models, in the SQL that creates it. Export it from the module of the
 * models: it is run with them where models are compared with a database, before or after them as it depends on them.
 *
 * @param statement The statement, or several, each for itself and in any order.
 * @returns The declaration.
 * @throws {ValidationError} When it is no statement, or has a value that cannot be written as SQL.
 *
 * @example
 * ```ts
 * import { sql } from "@lifeguard/core";
 * import { declare } from "@lifeguard/core/migrate";
 * export const slug = declare(sql`
 *   create function slug(title text) returns text language sql immutable
 *   return lower(replace(title, ' ', '-'))
 * `);
 * console.assert(slug.statements.length === 1);
 * ```
 */
export function declare(statement: Sql | readonly Sql[]): Declaration {
  const all = Array.isArray(statement) ? statement as readonly Sql[] : [statement as Sql];
  if (all.length === 0) throw new ValidationError("a declaration", "it has no statements; give at least one");
  return new Declaration(all.map((one) => {
    assertSql(one, "a declaration");
    const text = inlined(one, "a declaration").trim().replace(/;\s*$/, "");
    if (text === "") throw new ValidationError("a declaration", "its statement is empty; write one");
    return text;
  }));
}
