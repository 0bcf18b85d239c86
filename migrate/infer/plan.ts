/**
 * What becomes a model, and what everything is called.
 *
 * ## Invariants
 *
 * - I1 Everything is looked at in the order of its kind and key, so that two catalogs with the same objects give the same source.
 * - I2 Whatever is no part of a model becomes a declaration; nothing is left out without a note.
 *
 * @module
 */
import {
  type Catalog,
  type CatalogObject,
  type ConstraintObject,
  type ForeignKeyTableConstraint,
  type IndexObject,
  type MaterializedViewObject,
  OBJECT_KINDS,
  type ObjectKey,
  type SequenceObject,
  type TableColumn,
  type TableName,
  type TableObject,
  type ViewObject,
} from "../catalog/objects.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { Names, postgresName, propertiesOf } from "./names.ts";
import { nameParts } from "./sql_text.ts";
import { isGranted, withoutRights } from "./without_rights.ts";
import { pascalCase, singular, wordsOf } from "./words.ts";

/** What a model stands on. */
export type ModelObject = TableObject | ViewObject | MaterializedViewObject;

/** A model to be written. */
export interface ModelPlan {
  readonly key: ObjectKey;
  readonly object: ModelObject;
  /** The constant's name: `InvoiceLine`. */
  readonly name: string;
  /** The words of the table's name. */
  readonly words: readonly string[];
  /** The properties by column. */
  readonly properties: ReadonlyMap<string, string>;
  /** Its constraints by name, without those that are a parent's. */
  readonly constraints: readonly ConstraintObject[];
  /** Its indexes by name, without those that are a parent's. */
  readonly indexes: readonly IndexObject[];
  /** The columns of its primary key. */
  readonly primaryKey: readonly string[];
}

/** Everything that source is made of. */
export interface Plan {
  readonly catalog: Catalog;
  /** In the order of their kinds and keys. */
  readonly objects: readonly (readonly [ObjectKey, CatalogObject])[];
  /** By the key of the table's name: {@link tableKey}. */
  readonly models: ReadonlyMap<string, ModelPlan>;
  /** The sequences that columns own, by {@link ownerKey}. */
  readonly owned: ReadonlyMap<string, SequenceObject>;
  /** Whether only some tables are wanted: then types nobody uses are left out. */
  readonly isPartial: boolean;
  /** What is to be known of tables without a model. */
  readonly notes: readonly string[];
}

/** Which objects models are made of. */
export interface Selection {
  /** The names of tables and views, with their schema where it is not `public`. Default: all. */
  readonly tables?: readonly string[];
  /** The names of schemas. Default: all. */
  readonly schemas?: readonly string[];
}

/** A table's name with its schema, as one text. */
export function tableKey({ schema = "public", name }: TableName): string {
  return JSON.stringify([schema, name]);
}

/** A column's table and name, as one text. */
export function ownerKey(table: TableName, column: string): string {
  return JSON.stringify([table.schema ?? "public", table.name, column]);
}

/** The table that a constraint, an index, a trigger or a policy belongs to. */
export function tableOfPart(part: { readonly schema?: string; readonly table: string }): TableName {
  return part.schema === undefined ? { name: part.table } : { schema: part.schema, name: part.table };
}

/** The key of what a part belongs to; `undefined` for what is no part of a table. */
export function homeKey(object: CatalogObject): string | undefined {
  if (object.kind === "table" || object.kind === "view" || object.kind === "materialized view") {
    return tableKey(object);
  }
  return "table" in object ? tableKey(tableOfPart(object)) : undefined;
}

/**
 * Decides what becomes a model.
 *
 * @param catalog The catalog.
 * @param selection Which tables and schemas.
 */
export function planModels(catalog: Catalog, selection: Selection = {}): Plan {
  const selected = [...catalog.objects].filter(([, object]) => isSelected(object, selection));
  checkSelection(selected, selection);
  const objects = selected.map(([key, object]) => [key, withoutRights(object)] as const)
    .sort(([one, { kind: first }], [other, { kind: second }]) =>
      OBJECT_KINDS.indexOf(first) - OBJECT_KINDS.indexOf(second) || (one < other ? -1 : 1)
    );
  const constraints = grouped(objects, "constraint");
  const indexes = grouped(objects, "index");
  const owned = new Map<string, SequenceObject>();
  const notes: string[] = [];
  // Every database has privileges on this schema.
  const granted = selected.filter(([key, object]) => key !== "schema:public" && isGranted(object)).length;
  if (granted > 0) {
    const objects = granted === 1 ? "one object are" : `${granted} objects are`;
    notes.push(`the privileges of roles on ${objects} left out: grant them in a migration`);
  }
  const candidates: (readonly [ObjectKey, ModelObject])[] = [];
  for (const [key, object] of objects) {
    if (object.kind === "sequence" && object.ownedBy !== undefined) {
      const { schema, table: name, column } = object.ownedBy;
      owned.set(ownerKey(schema === undefined ? { name } : { schema, name }, column), object);
    }
    if (object.kind !== "table" && object.kind !== "view" && object.kind !== "materialized view") continue;
    const reason = object.kind === "table" ? whyNoModel(object) : undefined;
    if (reason === undefined && object.columns.length > 0) candidates.push([key, object]);
    else if (reason !== "") {
      notes.push(`${key} has no model and is declared: ${reason ?? "it has no columns"}`);
    }
  }
  const names = modelNames(candidates);
  const models = new Map(candidates.map(([key, object]): [string, ModelPlan] => {
    const own = constraints.get(tableKey(object)) ?? [];
    const [primaryKey] = own.flatMap(({ constraint }) =>
      constraint.type === "primary key" ? [constraint.columns] : []
    );
    return [tableKey(object), {
      key,
      object,
      name: names.get(key)!,
      words: wordsOf(object.name),
      properties: propertiesOf(object.columns.map(({ name }) => name)),
      constraints: own.filter(({ inherited }) => inherited !== true),
      indexes: (indexes.get(tableKey(object)) ?? []).filter(({ inherited }) => inherited !== true),
      primaryKey: primaryKey ?? [],
    }];
  }));
  return { catalog, objects, models, owned, notes, isPartial: selection.tables !== undefined };
}

/** Why a table is no model: a reason, or nothing that is worth a note for a partition, which its parent is read by. */
function whyNoModel(table: TableObject): string | undefined {
  if (table.partitionOf !== undefined) return "";
  if ((table.inherits ?? []).length > 0) return "it inherits from another table";
  if (table.partitionBy !== undefined && !isPartitionable(table)) {
    return "its rows are split by an expression that a model has no form for";
  }
  if (table.accessMethod !== undefined) return `its access method is ${table.accessMethod}`;
  return undefined;
}

/** Whether a model can say how a table's rows are split: by columns, without operator classes. */
function isPartitionable({ columns, partitionBy }: TableObject): boolean {
  return partitionBy!.keys.every((key) => {
    const parts = nameParts(key);
    return parts?.length === 1 && columns.some(({ name }) => name === parts[0]);
  });
}

/** Refuses names that nothing has: a person misspelt them. */
function checkSelection(
  selected: readonly (readonly [ObjectKey, CatalogObject])[],
  { tables = [], schemas = [] }: Selection,
): void {
  const homes = new Set(selected.map(([, object]) => homeKey(object)));
  for (const name of tables) {
    if (homes.has(selectedKey(name))) continue;
    throw new ValidationError(
      `the table "${name}"`,
      "the database has none of this name; write it with its schema where that is not public, and as it is stored",
    );
  }
  const names = new Set(selected.map(([, object]) => object.kind === "schema" ? object.name : object.schema));
  for (const name of schemas) {
    if (names.has(name)) continue;
    throw new ValidationError(
      `the schema "${name}"`,
      "the database has none of this name; write it as it is stored",
    );
  }
}

function selectedKey(name: string): string {
  const parts = nameParts(name) ?? [name];
  return tableKey(parts.length === 2 ? { schema: parts[0], name: parts[1] } : { name: parts[0] });
}

function isSelected(object: CatalogObject, { tables, schemas }: Selection): boolean {
  const schema = object.kind === "schema" ? object.name : object.schema;
  if (schemas !== undefined && schema !== undefined && !schemas.includes(schema)) return false;
  if (tables === undefined) return true;
  const home = object.kind === "sequence" && object.ownedBy !== undefined
    ? tableKey(tableOfPart(object.ownedBy))
    : homeKey(object);
  // A type belongs to no table: it is written where a column uses it.
  if (home === undefined) return ["enum", "domain", "composite", "range", "extension"].includes(object.kind);
  return tables.some((name) => selectedKey(name) === home);
}

function grouped<Kind extends "constraint" | "index">(
  objects: readonly (readonly [ObjectKey, CatalogObject])[],
  kind: Kind,
): ReadonlyMap<string, Extract<CatalogObject, { kind: Kind }>[]> {
  const groups = new Map<string, Extract<CatalogObject, { kind: Kind }>[]>();
  for (const [, object] of objects) {
    if (object.kind !== kind) continue;
    const home = homeKey(object)!;
    const group = groups.get(home) ?? [];
    group.push(object as Extract<CatalogObject, { kind: Kind }>);
    groups.set(home, group);
  }
  return groups;
}

function modelNames(objects: readonly (readonly [ObjectKey, ModelObject])[]): ReadonlyMap<ObjectKey, string> {
  const names = new Names();
  const result = new Map<ObjectKey, string>();
  // What is in the schema `public` keeps the short name.
  const rank = ({ schema = "public" }: ModelObject): number => schema === "public" ? 0 : 1;
  for (const [key, object] of objects.toSorted(([, one], [, other]) => rank(one) - rank(other))) {
    const words = wordsOf(object.name);
    const one = pascalCase(singular(words));
    const inSchema = pascalCase([...wordsOf(object.schema ?? "public"), ...singular(words)]);
    const candidates = rank(object) === 0 ? [one, pascalCase(words), `${one}Model`] : [one, inSchema];
    result.set(key, names.take(candidates));
  }
  return result;
}

/** Whether a column is what `serial` makes, with nothing changed since. */
export function isSerial(
  table: TableName,
  column: TableColumn,
  sequence: SequenceObject | undefined,
): boolean {
  if (sequence === undefined || !column.notNull || column.default === undefined) return false;
  const [, quoted] = /^nextval\('(.+)'::regclass\)$/.exec(column.default) ?? [];
  const parts = quoted === undefined ? undefined : nameParts(quoted.replaceAll("''", "'"));
  const { schema = "public", name } = sequence;
  return parts?.length === 2 && parts[0] === schema && parts[1] === name &&
    schema === (table.schema ?? "public") && name === postgresName(table.name, column.name, "seq") &&
    sequence.type === column.type && sequence.start === 1n && sequence.increment === 1n &&
    sequence.min === 1n && sequence.max === GREATEST[sequence.type] && sequence.cache === 1n &&
    !sequence.cycle && sequence.unlogged !== true;
}

/** The greatest number of a type. */
export const GREATEST: Readonly<Record<"smallint" | "integer" | "bigint", bigint>> = {
  smallint: 2n ** 15n - 1n,
  integer: 2n ** 31n - 1n,
  bigint: 2n ** 63n - 1n,
};

/** The foreign keys of a model. */
export function foreignKeysOf(
  model: ModelPlan,
): readonly (readonly [ConstraintObject, ForeignKeyTableConstraint])[] {
  return model.constraints.flatMap((object) =>
    object.constraint.type === "foreign key" ? [[object, object.constraint] as const] : []
  );
}
