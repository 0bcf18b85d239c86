/**
 * Objects of which an SQL statement says no more than the name.
 *
 * @module
 */
import type { CatalogObject, ObjectBase, TableName } from "../catalog/objects.ts";

/** What every object has. */
export function base({ schema, name }: TableName): ObjectBase {
  return { name, ...(schema === undefined ? {} : { schema }), dependsOn: [] };
}

/** An object of which no more than its name is known. */
export function bareObject(kind: CatalogObject["kind"], name: TableName): CatalogObject {
  const known = base(name);
  switch (kind) {
    case "table":
      return { ...known, kind, columns: [], parameters: {} };
    case "view":
      return { ...known, kind, columns: [], query: "", parameters: {} };
    case "materialized view":
      return { ...known, kind, columns: [], query: "", parameters: {}, isPopulated: true };
    case "domain":
      return { ...known, kind, type: "", notNull: false, checks: [] };
    case "schema":
      return { ...known, kind };
    case "enum":
      return { ...known, kind, labels: [] };
    case "index":
      return {
        ...known,
        ...{
          kind,
          table: "",
          unique: false,
          method: "btree",
          keys: [],
          include: [],
          parameters: {},
          isValid: true,
        },
      };
    default:
      return { ...known, kind: "opaque", what: kind, hash: "" };
  }
}
