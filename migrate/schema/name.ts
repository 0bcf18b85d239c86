/**
 * Names and options as a migration gives them.
 *
 * @module
 */
import { inlined } from "../../orm/building/inlined.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { assertSql, Sql } from "../../pool/sql/sql.ts";
import { nearestWord } from "../../pool/wire/configuration/nearest_word.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { TableName } from "../catalog/objects.ts";

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

/** Refuses an option that there is not. */
export function checkOptions(options: object, known: readonly string[], subject: string): void {
  if (typeof options !== "object" || options === null) {
    throw new ValidationError(`the options of ${subject}`, `they are ${kindOf(options)}; give an object`);
  }
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue;
    const near = nearestWord(option, known);
    const advice = known.length === 0
      ? "leave it out"
      : near === undefined
      ? `use ${known.join(", ")}`
      : `did you mean "${near}"?`;
    throw new ValidationError(`option "${option}" of ${subject}`, `there is none; ${advice}`);
  }
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
