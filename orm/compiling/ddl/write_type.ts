/**
 * The text that creates and drops a database's own types.
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import { Sql } from "../../../pool/sql/sql.ts";
import type { DeclaredAttribute, DeclaredType } from "../../definition/declared_type.ts";
import { inlined, quoteLiteral } from "../../building/inlined.ts";
import { literalOf } from "./literal.ts";
import { writeName } from "./write_table.ts";

/** The statement that creates a type. */
export function writeType(type: DeclaredType): string {
  const name = writeName(type);
  switch (type.kind) {
    case "enum":
      return `create type ${name} as enum (${type.labels.map(quoteLiteral).join(", ")})`;
    case "composite":
      return `create type ${name} as (${type.attributes.map(writeAttribute).join(", ")})`;
    case "domain": {
      let text = `create domain ${name} as ${type.type.sql}${"[]".repeat(type.type.dimensions)}`;
      if (type.collation !== undefined) text += ` collate ${quoteIdentifier(type.collation)}`;
      if ("default" in type) text += ` default ${defaultText(type)}`;
      if (type.check !== undefined) {
        text += ` check (${inlined(type.check, `the check of domain "${type.name}"`)})`;
      }
      return text;
    }
  }
}

/** The statement that drops a type if it is there. */
export function writeDropType(type: DeclaredType): string {
  return `drop ${type.kind === "domain" ? "domain" : "type"} if exists ${writeName(type)}`;
}

/**
 * A statement that does nothing where what it creates is there already, for those that have no `if not exists`.
 *
 * @param statement The statement.
 * @param there PostgreSQL's word for that it is there.
 */
export function unlessThere(
  statement: string,
  there: "duplicate_object" | "duplicate_table" = "duplicate_object",
): string {
  const body = `begin\n  ${statement};\nexception when ${there} or unique_violation then\n  null;\nend`;
  let tag = "$lifeguard$";
  for (let count = 0; body.includes(tag); count++) tag = `$lifeguard${count}$`;
  return `do ${tag} ${body} ${tag}`;
}

function defaultText(type: DeclaredType & { readonly kind: "domain" }): string {
  const { default: value } = type;
  return value instanceof Sql
    ? `(${inlined(value, `the default of domain "${type.name}"`)})`
    : literalOf(type.type, value);
}

function writeAttribute({ name, type, collation }: DeclaredAttribute): string {
  return `${quoteIdentifier(name)} ${type.sql}${"[]".repeat(type.dimensions)}` +
    (collation === undefined ? "" : ` collate ${quoteIdentifier(collation)}`);
}
