/**
 * Takes a part of a catalog.
 *
 * @module
 */
import { makeCatalog, objectKey } from "./object_key.ts";
import type { Catalog, CatalogObject, ObjectKey } from "./objects.ts";

/** Which part. */
export interface ObjectSelection {
  readonly schemas?: readonly string[];
  readonly tables?: readonly string[];
}

/** The objects of some schemas, or some tables with what they need that is no other table. */
export function selectObjects(catalog: Catalog, { schemas, tables }: ObjectSelection): Catalog {
  let chosen: readonly CatalogObject[] = [...catalog.objects.values()];
  if (schemas !== undefined) {
    chosen = chosen.filter((object) =>
      object.kind === "extension" ||
      schemas.includes(object.kind === "schema" ? object.name : object.schema ?? "")
    );
  }
  if (tables !== undefined) chosen = withNeeds(catalog, chosen.filter((object) => isOf(object, tables)));
  if (chosen.length === catalog.objects.size) return catalog;
  const kept = new Set(chosen.map(objectKey));
  const columns = new Set(
    chosen.filter(isRelation).map((object) => objectKey(object).replace(/^[^:]*/, "column")),
  );
  return makeCatalog(
    chosen.map((object) => ({
      ...object,
      dependsOn: object.dependsOn.filter((key) => kept.has(key) || isColumnOf(columns, key)),
    })),
    catalog.serverVersion,
  );
}

function isRelation({ kind }: CatalogObject): boolean {
  return kind === "table" || kind === "view" || kind === "materialized view" || kind === "composite";
}

function isOf(object: CatalogObject, tables: readonly string[]): boolean {
  if (object.kind === "sequence") {
    const { ownedBy } = object;
    return ownedBy !== undefined && isNamed(ownedBy.schema, ownedBy.table, tables);
  }
  if ("table" in object) return isNamed(object.schema, object.table, tables);
  return isRelation(object) && object.kind !== "composite" && isNamed(object.schema, object.name, tables);
}

function isNamed(schema: string | undefined, name: string, tables: readonly string[]): boolean {
  return tables.includes(name) || tables.includes(`${schema}.${name}`);
}

/** Whether a column's key is of one of these tables, whose keys are columns' without the column. */
function isColumnOf(tables: ReadonlySet<ObjectKey>, key: ObjectKey): boolean {
  const end = key.match(/\.(?:"(?:[^"]|"")*"|[^".]+)$/)?.index;
  return key.startsWith("column:") && end !== undefined && tables.has(key.slice(0, end));
}

/** Objects with everything they depend on, but other tables. */
function withNeeds(catalog: Catalog, objects: readonly CatalogObject[]): readonly CatalogObject[] {
  const found = new Map(objects.map((object) => [objectKey(object), object]));
  // A map that grows while it is walked is walked to its end.
  for (const object of found.values()) {
    for (const key of object.dependsOn) {
      const needed = catalog.objects.get(key);
      if (needed !== undefined && !found.has(key) && needed.kind !== "table" && !("table" in needed)) {
        found.set(key, needed);
      }
    }
  }
  return [...found.values()];
}
