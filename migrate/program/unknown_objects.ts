/**
 * What nobody knows, for people: what is in a table or schema that is named is not named again.
 *
 * @module
 */
import { describeObject, objectKey } from "../catalog/object_key.ts";
import type { CatalogObject, ObjectKey } from "../catalog/objects.ts";

/** The names of objects that do not belong to others among them. */
export function unknownNames(objects: readonly CatalogObject[]): readonly string[] {
  const keys = new Set(objects.map(objectKey));
  return objects.filter((object) => !ownersOf(object).some((key) => keys.has(key))).map(describeObject);
}

/** Keys of that without which an object would not be: its schema, its table, the table of the column it counts for. */
function ownersOf(object: CatalogObject): readonly ObjectKey[] {
  const { schema, kind } = object;
  if (schema === undefined || kind === "schema" || kind === "extension") return [];
  const name = "table" in object ? object.table : kind === "sequence" ? object.ownedBy?.table : undefined;
  const place = (of: string): ObjectKey =>
    objectKey({ kind: "enum", schema, name: of, labels: [], dependsOn: [] }).slice("enum:".length);
  const tables = name === undefined || typeof name !== "string"
    ? []
    : ["table", "view", "materialized view"].map((of) => `${of}:${place(name)}`);
  return [
    objectKey({ kind: "schema", name: schema, dependsOn: [] }),
    ...tables,
  ];
}
