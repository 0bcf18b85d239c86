/**
 * Names and options as a migration gives them.
 *
 * @module
 */
import { inlined } from "../../orm/building/inlined.ts";
import { checkOptions } from "../../orm/writing/write_options.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { assertSql, Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { TableName } from "../catalog/objects.ts";

export { checkOptions };

/** A name, or a name with its schema: `"users"`, `{ schema: "app", name: "users" }`. Without quotes. */
export type Name = string | TableName;

/**
 * A name as a record, checked.
 *
 * @param name What was given.
 * @param subject What it is the name of: `createTable()`.
 */
export function nameOf(name: Name, subject: string): TableName {
  if (typeof name === "string") {
    if (name.includes(".")) {
      const [schema, ...rest] = name.split(".");
      throw new ValidationError(
        `the name "${name}" of ${subject}`,
        `it holds a dot; give { schema: "${schema}", name: "${rest.join(".")}" }`,
      );
    }
    checkName(name, subject);
    return { name };
  }
  if (typeof name !== "object" || name === null || typeof name.name !== "string") {
    throw new ValidationError(
      `the name of ${subject}`,
      `it is ${kindOf(name)}; give a string, or { schema: "app", name: "users" }`,
    );
  }
  checkOptions(name, ["schema", "name"], `the name of ${subject}`);
  checkName(name.name, subject);
  if (name.schema === undefined) return { name: name.name };
  checkName(name.schema, subject);
  return { schema: name.schema, name: name.name };
}

/** Refuses what cannot be a name. */
export function checkName(name: string, subject: string): string {
  try {
    quoteIdentifier(name);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw new ValidationError(`the name of ${subject}`, error.problem, { cause: error });
  }
  return name;
}

/** A fragment as text, with its values as literals. */
export function textOf(fragment: Sql, subject: string): string {
  assertSql(fragment, subject);
  return inlined(fragment, subject);
}

/** Statements or bodies, which may be plain text: they hold no values of anybody. */
export function bodyOf(body: string | Sql, subject: string): string {
  if (body instanceof Sql) return inlined(body, subject);
  if (typeof body === "string" && body.trim() !== "") return body;
  throw new ValidationError(subject, `it is ${typeof body === "string" ? "empty" : kindOf(body)}; give SQL`);
}

/** A value as SQL text: a fragment as it is, anything else as a literal. */
export function literal(value: unknown, subject: string): string {
  return value instanceof Sql ? inlined(value, subject) : inlined(new Sql(["", ""], [value]), subject);
}

/** One of the words there are. */
export function oneOf<Word extends string>(word: Word, known: readonly Word[], subject: string): Word {
  if (known.includes(word)) return word;
  throw new ValidationError(
    subject,
    `it is ${typeof word === "string" ? `"${word}"` : kindOf(word)}; use ${
      known.map((one) => `"${one}"`).join(", ")
    }`,
  );
}
