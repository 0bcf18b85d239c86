/**
 * What depends on what in a catalog, both ways, down to columns.
 *
 * @module
 */
import type { Catalog, CatalogObject, ObjectKey, TableColumn, TableName } from "../catalog/objects.ts";
import { columnKey } from "../catalog/object_key.ts";

/** A table, a view or a materialized view. */
export type Relation = Extract<CatalogObject, { readonly columns: readonly TableColumn[] }>;

/** What depends on what in one catalog. */
export class Dependencies {
  /** Tables, views and materialized views by schema and name. */
  readonly #relations = new Map<string, ObjectKey>();
  readonly #columnOwners = new Map<ObjectKey, ObjectKey>();
  /** What each object needs: objects, as columns stand for their tables. */
  readonly #needs = new Map<ObjectKey, Set<ObjectKey>>();
  readonly #dependents = new Map<ObjectKey, Set<ObjectKey>>();
  readonly #columnDependents = new Map<ObjectKey, Set<ObjectKey>>();

  constructor(catalog: Catalog) {
    for (const [key, object] of catalog.objects) {
      if (!isRelation(object)) continue;
      this.#relations.set(relationId(object), key);
      for (const column of object.columns) this.#columnOwners.set(columnKey(object, column.name), key);
    }
    for (const [key, object] of catalog.objects) {
      const needs = new Set<ObjectKey>();
      this.#needs.set(key, needs);
      const owned = object.kind === "sequence" && object.ownedBy !== undefined
        ? this.#relations.get(relationId({ schema: object.ownedBy.schema, name: object.ownedBy.table }))
        : undefined;
      for (const dependency of object.dependsOn) {
        const owner = this.#columnOwners.get(dependency);
        const need = owner ?? dependency;
        if (need === key || need === owned || !catalog.objects.has(need)) continue;
        needs.add(need);
        if (owner !== undefined) addTo(this.#columnDependents, dependency, key);
      }
      for (const relation of impliedRelations(object)) {
        const need = this.#relations.get(relationId(relation));
        if (need !== undefined && need !== key) needs.add(need);
      }
      for (const need of needs) addTo(this.#dependents, need, key);
    }
  }

  /** What an object needs; a column stands for its table. */
  needs(key: ObjectKey): ReadonlySet<ObjectKey> {
    return this.#needs.get(key) ?? NOTHING;
  }

  /** What depends on an object or on a column of it. */
  of(key: ObjectKey): ReadonlySet<ObjectKey> {
    return this.#dependents.get(key) ?? NOTHING;
  }

  /** What depends on a column. */
  ofColumn(key: ObjectKey): ReadonlySet<ObjectKey> {
    return this.#columnDependents.get(key) ?? NOTHING;
  }

  /** The key of a table, a view or a materialized view. */
  relation(name: TableName): ObjectKey | undefined {
    return this.#relations.get(relationId(name));
  }

  /** Whether an object needs another, directly or not. */
  reaches(key: ObjectKey, target: ObjectKey): boolean {
    const seen = new Set<ObjectKey>([key]);
    const waiting = [key];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (next === target) return true;
      for (const need of this.needs(next)) {
        if (!seen.has(need)) {
          seen.add(need);
          waiting.push(need);
        }
      }
    }
    return false;
  }
}

const NOTHING: ReadonlySet<ObjectKey> = new Set();

/** Whether an object has columns that others can depend on. */
export function isRelation(object: CatalogObject): object is Relation {
  return object.kind === "table" || object.kind === "view" || object.kind === "materialized view";
}

/** The table that an object belongs to, so that it goes with it. */
export function ownerOf(object: CatalogObject): TableName | undefined {
  switch (object.kind) {
    case "constraint":
    case "index":
    case "statistics":
    case "trigger":
    case "policy":
      return { schema: object.schema, name: object.table };
    default:
      return undefined;
  }
}

function impliedRelations(object: CatalogObject): readonly TableName[] {
  const owner = ownerOf(object);
  if (owner === undefined) {
    if (object.kind !== "table") return [];
    return [...object.inherits ?? [], ...object.partitionOf === undefined ? [] : [object.partitionOf.table]];
  }
  const isForeignKey = object.kind === "constraint" && object.constraint.type === "foreign key";
  return isForeignKey && object.constraint.type === "foreign key"
    ? [owner, object.constraint.target]
    : [owner];
}

function relationId({ schema, name }: TableName): string {
  return `${schema ?? ""}\0${name}`;
}

function addTo(map: Map<ObjectKey, Set<ObjectKey>>, key: ObjectKey, value: ObjectKey): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, new Set([value]));
  else values.add(value);
}
