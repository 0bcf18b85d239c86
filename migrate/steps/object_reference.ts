/**
 * How SQL calls an object: `table "public"."users"`, `trigger "audit" on "users"`, as `drop` and `comment on` take it.
 *
 * @module
 */
import { writeName } from "../../orm/compiling/ddl/write_table.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { CatalogObject, TableName } from "../catalog/objects.ts";

/** What stands after `drop`, `alter` and `comment on` for a kind of object. */
export function objectWord(object: CatalogObject): string {
  switch (object.kind) {
    case "enum":
    case "composite":
    case "range":
      return "type";
    case "function":
      return object.isProcedure ? "procedure" : "function";
    case "opaque":
      return object.what;
    default:
      return object.kind;
  }
}

/** The name of an object as SQL calls it, without its word. */
export function objectName(object: CatalogObject): string {
  switch (object.kind) {
    case "schema":
    case "extension":
      return quoteIdentifier(object.name);
    case "constraint":
    case "trigger":
    case "policy":
      return `${quoteIdentifier(object.name)} on ${writeName(tableOf(object))}`;
    case "function":
      return `${writeName(object)}(${object.identity})`;
    default:
      return writeName(object);
  }
}

/** The table that a part of one belongs to. */
export function tableOf(object: { readonly schema?: string; readonly table: string }): TableName {
  return object.schema === undefined ? { name: object.table } : { schema: object.schema, name: object.table };
}

/** The error for what PostgreSQL cannot do to a kind of object. */
export function cannot(object: CatalogObject, problem: string): ValidationError {
  return new ValidationError(`${objectWord(object)} "${object.name}" in a step`, problem);
}
