/**
 * The statements that give an object its owner and its privileges.
 *
 * @module
 */
import { writeName } from "../../orm/compiling/ddl/write_table.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type { CatalogObject, Grant, TableColumn, TableName } from "../catalog/objects.ts";
import { objectName, objectWord } from "./object_reference.ts";
import { type Statement, statement } from "./statement.ts";

/** The statements that make an object that was just created another role's, and let roles do with it what they may. */
export function writeRights(object: CatalogObject): readonly Statement[] {
  const { owner, privileges } = object;
  const statements: Statement[] = [];
  const alter = alterOwner(object);
  if (owner !== undefined && alter !== undefined) {
    statements.push(statement(alter, quoteIdentifier(owner)));
  }
  const on = grantedAs(object);
  if (privileges === undefined || on === undefined) return statements;
  return [
    ...statements,
    ...privileges.revoked.map(({ role, privileges }) =>
      statement("revoke", privileges.join(", "), "on", on, "from", roleName(role))
    ),
    ...privileges.granted.map((grant) => writeGrant(grant, on)),
  ];
}

/** The statements that let roles do with a column what they may. */
export function writeColumnGrants(
  table: TableName,
  { name, granted = [] }: TableColumn,
): readonly Statement[] {
  return granted.map((grant) => writeGrant(grant, `table ${writeName(table)}`, name));
}

function writeGrant({ role, privileges, isGrantable }: Grant, on: string, column?: string): Statement {
  const of = column === undefined ? "" : ` (${quoteIdentifier(column)})`;
  return statement(
    "grant",
    privileges.map((privilege) => `${privilege}${of}`).join(", "),
    "on",
    on,
    "to",
    roleName(role),
    isGrantable === true ? "with grant option" : "",
  );
}

function roleName(role: string): string {
  return role === "public" ? role : quoteIdentifier(role);
}

/** What GRANT calls an object; `undefined` where nothing can be granted on it. */
function grantedAs(object: CatalogObject): string | undefined {
  switch (object.kind) {
    case "table":
    case "view":
    case "materialized view":
      return `table ${objectName(object)}`;
    case "schema":
    case "sequence":
    case "function":
    case "enum":
    case "domain":
    case "composite":
    case "range":
      return `${object.kind === "domain" ? "type" : objectWord(object)} ${objectName(object)}`;
    case "opaque":
      return object.grantedAs;
    default:
      return undefined;
  }
}

function alterOwner(object: CatalogObject): string | undefined {
  switch (object.kind) {
    case "constraint":
    case "extension":
    case "index":
    case "policy":
    case "trigger":
      return undefined;
    case "opaque":
      return object.alterOwner;
    default:
      return `alter ${objectWord(object)} ${objectName(object)} owner to`;
  }
}
