/**
 * Renames: what was declared to have another name, what has one and is otherwise the same, and what may have.
 *
 * The old catalog is rewritten as PostgreSQL rewrites what stands on a renamed thing, so that the comparison sees only
 * what is different beside the name. A text that could not be rewritten is a difference that is not one: then a step is
 * made too much, never one too few.
 *
 * @module
 */
import type { Catalog, CatalogObject, ObjectKey, TableColumn } from "../catalog/objects.ts";
import { columnKey, describeObject, makeCatalog, objectKey } from "../catalog/object_key.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Step } from "../steps/step.ts";
import { parentsOf } from "./compare_tables.ts";
import { isRelation, ownerOf, type Relation } from "./dependencies.ts";
import { isEqual } from "./equal.ts";
import { isPartition } from "./partitions.ts";
import type { DiffPlan } from "./diff_plan.ts";
import { renameInObject } from "./rename_in_object.ts";

/** What has another name now. */
export interface Rename {
  /** A kind of object, `"column"` or `"enum label"`. */
  readonly kind: CatalogObject["kind"] | "column" | "enum label";
  /** Its old key; of a label its enum's. */
  readonly key: ObjectKey;
  /** The old label, of an enum's label. */
  readonly label?: string;
  /** Its new name. */
  readonly to: string;
}

/** What may have been renamed: something has gone and something of the same shape has come. */
export interface RenameCandidate extends Rename {
  /** Both, in words: `table public.users to people`. */
  readonly description: string;
}

/** The old catalog with new names. */
export interface RenamedCatalog {
  readonly catalog: Catalog;
  readonly steps: readonly Step[];
  /** What an object was known by before. */
  readonly oldKey: (key: ObjectKey) => ObjectKey;
}

/** Gives what is renamed its new name. */
export function applyRenames(
  from: Catalog,
  to: Catalog,
  options: { readonly renames: readonly Rename[]; readonly mayDrop: (key: ObjectKey) => boolean },
): RenamedCatalog {
  const renaming = new Renaming(from, to);
  for (const rename of options.renames) renaming.apply(rename);
  renaming.findSame(options.mayDrop);
  return renaming;
}

class Renaming implements RenamedCatalog {
  catalog: Catalog;
  readonly steps: Step[] = [];
  readonly #to: Catalog;
  readonly #oldKeys = new Map<ObjectKey, ObjectKey>();

  constructor(from: Catalog, to: Catalog) {
    this.catalog = from;
    this.#to = to;
  }

  readonly oldKey = (key: ObjectKey): ObjectKey => this.#oldKeys.get(key) ?? key;

  apply(rename: Rename): void {
    if (rename.kind === "column") return this.#renameColumn(rename);
    const object = this.catalog.objects.get(rename.key);
    if (object === undefined) throw missing(rename);
    if (rename.kind === "enum label") return this.#renameLabel(object, rename);
    this.#renameObject(object, rename);
  }

  /** Constraints, indexes, policies and owned sequences that are the same but for their names. */
  findSame(mayDrop: (key: ObjectKey) => boolean): void {
    const gone = new Map<string, [ObjectKey, CatalogObject][]>();
    const places = (objects: Catalog["objects"], key: ObjectKey, object: CatalogObject): string | undefined =>
      objects.has(key) ? undefined : placeOf(object);
    for (const [key, object] of this.catalog.objects) {
      const place = places(this.#to.objects, key, object);
      if (place === undefined || !mayDrop(this.oldKey(key))) continue;
      const there = gone.get(place);
      if (there === undefined) gone.set(place, [[key, object]]);
      else there.push([key, object]);
    }
    if (gone.size === 0) return;
    const before = this.catalog.objects;
    for (const [key, object] of this.#to.objects) {
      const place = places(before, key, object);
      const others = place === undefined ? undefined : gone.get(place);
      const index = others?.findIndex(([, other]) => isSame(other, object)) ?? -1;
      if (index < 0) continue;
      const [[, other]] = others!.splice(index, 1);
      this.#renameObject(other, { kind: object.kind, key: objectKey(other), to: object.name });
    }
  }

  #renameObject(object: CatalogObject, rename: Rename): void {
    this.#check(rename, objectKey({ ...object, name: rename.to } as CatalogObject));
    const { to } = rename;
    this.steps.push({ kind: "rename", object, to });
    this.#rewrite((other, depends) => renameInObject(other, { object, to, depends }), objectKey(object));
  }

  #renameColumn(rename: Rename): void {
    for (const table of this.catalog.objects.values()) {
      if (!isRelation(table)) continue;
      const column = table.columns.find(({ name }) => columnKey(table, name) === rename.key);
      if (column === undefined) continue;
      const { name } = column;
      if (table.columns.some((other) => other.name === rename.to)) throw taken(rename);
      this.steps.push({
        kind: "column",
        table: { schema: table.schema, name: table.name },
        column: name,
        change: { type: "rename", to: rename.to },
      });
      const { to } = rename;
      // Children have the column with its name; first they, as then they are known by it.
      for (const one of [...this.#heirs(table), table]) {
        this.#rewrite(
          (other, depends) => renameInObject(other, { object: one, column: name, to, depends }),
          columnKey(one, name),
        );
      }
      return;
    }
    throw missing(rename);
  }

  /** The children of a table, theirs before them. */
  #heirs(table: Relation): readonly Relation[] {
    const heirs: Relation[] = [];
    for (const other of this.catalog.objects.values()) {
      if (other.kind !== "table") continue;
      const isHeir = parentsOf(other).some(({ schema, name }) =>
        schema === table.schema && name === table.name
      );
      if (isHeir && !heirs.includes(other)) heirs.push(...this.#heirs(other), other);
    }
    return heirs;
  }

  #renameLabel(object: CatalogObject, rename: Rename): void {
    const { label = "", to } = rename;
    if (object.kind !== "enum" || !object.labels.includes(label)) throw missing(rename);
    if (object.labels.includes(to)) throw taken(rename);
    this.steps.push({ kind: "type", object, change: { type: "rename label", from: label, to } });
    this.#rewrite(
      (other, depends) => renameInObject(other, { object, label, to, depends }),
      objectKey(object),
    );
  }

  #check(rename: Rename, key: ObjectKey): void {
    if (this.catalog.objects.has(key)) throw taken(rename);
  }

  /** Rewrites every object, and the keys of those whose keys change. */
  #rewrite(
    change: (object: CatalogObject, depends: boolean) => CatalogObject,
    key: ObjectKey,
  ): void {
    const keys = new Map<ObjectKey, ObjectKey>();
    const columns = new Set<ObjectKey>([key]);
    const renamed = this.catalog.objects.get(key);
    if (renamed !== undefined && isRelation(renamed)) {
      for (const { name } of renamed.columns) columns.add(columnKey(renamed, name));
    }
    const objects: CatalogObject[] = [];
    for (const [old, object] of this.catalog.objects) {
      const depends = object.dependsOn.some((need) => columns.has(need));
      const next = change(object, depends);
      objects.push(next);
      if (next === object) continue;
      const newKey = objectKey(next);
      if (newKey !== old) keys.set(old, newKey);
      if (!isRelation(object) || !isRelation(next)) continue;
      object.columns.forEach(({ name }, index) => {
        const [a, b] = [columnKey(object, name), columnKey(next, next.columns[index].name)];
        if (a !== b) keys.set(a, b);
      });
    }
    for (const [old, next] of keys) {
      this.#oldKeys.set(next, this.oldKey(old));
      this.#oldKeys.delete(old);
    }
    const moved = objects.map((object) =>
      object.dependsOn.some((need) => keys.has(need))
        ? { ...object, dependsOn: object.dependsOn.map((need) => keys.get(need) ?? need) }
        : object
    );
    this.catalog = makeCatalog(moved, this.catalog.serverVersion);
  }
}

function missing(rename: Rename): ValidationError {
  return new ValidationError(
    `rename of ${rename.kind} "${rename.label ?? rename.key}"`,
    "it is not there; name what the database has now",
  );
}

function taken(rename: Rename): ValidationError {
  return new ValidationError(
    `rename of ${rename.kind} "${rename.label ?? rename.key}" to "${rename.to}"`,
    "there is one of that name already; rename that first",
  );
}

/** Where an object is that is known for more than its name; `undefined` for others. */
function placeOf(object: CatalogObject): string | undefined {
  if ("inherited" in object && object.inherited === true) return undefined;
  if (object.kind === "sequence") {
    return object.ownedBy === undefined ? undefined : `sequence ${JSON.stringify(object.ownedBy)}`;
  }
  const isNamed = object.kind === "constraint" || object.kind === "index" || object.kind === "policy";
  const owner = isNamed ? ownerOf(object) : undefined;
  return owner === undefined ? undefined : `${object.kind} ${JSON.stringify([owner.schema, owner.name])}`;
}

const NAMES: ReadonlySet<string> = new Set([
  "name",
  "dependsOn",
  "comment",
  "inherited",
  "owner",
  "privileges",
  "settings",
]);

function isSame(a: CatalogObject, b: CatalogObject): boolean {
  return isEqual(a, b, NAMES);
}

/** What has gone and what has come that is like it. */
export function findCandidates(plan: DiffPlan): readonly RenameCandidate[] {
  const candidates: RenameCandidate[] = [];
  const gone = [...plan.dropped, ...plan.kept].filter(([, object]) =>
    object.kind === "table" && !isPartition(object)
  );
  for (const [key, old] of gone) {
    for (const object of plan.created.values()) {
      if (old.kind !== "table" || object.kind !== "table" || old.schema !== object.schema) continue;
      if (!isEqual(tableShape(old.columns), tableShape(object.columns))) continue;
      const description = `${describeObject(old)} to ${object.name}`;
      candidates.push({ kind: "table", key, to: object.name, description });
    }
  }
  for (const { to: table, columns } of plan.tables.values()) {
    for (const old of columns.values()) {
      if (old.action !== "drop" || old.isParents) continue;
      for (const next of columns.values()) {
        if (next.action !== "add" || next.to!.type !== old.from!.type) continue;
        candidates.push({
          kind: "column",
          key: columnKey(table, old.name),
          to: next.name,
          description: `column ${old.name} of ${describeObject(table)} to ${next.name}`,
        });
      }
    }
  }
  for (const [key, { from, to }] of plan.replaced) {
    if (from.kind !== "enum" || to.kind !== "enum" || from.labels.length !== to.labels.length) continue;
    from.labels.forEach((label, index) => {
      const next = to.labels[index];
      if (label === next || from.labels.includes(next) || to.labels.includes(label)) return;
      const description = `label ${label} of ${describeObject(from)} to ${next}`;
      candidates.push({ kind: "enum label", key, label, to: next, description });
    });
  }
  return candidates;
}

function tableShape(columns: readonly TableColumn[]): readonly string[] {
  return columns.map(({ name, type }) => `${name} ${type}`).sort();
}
