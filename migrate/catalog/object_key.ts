/**
 * What objects are known by, and catalogs made of objects.
 *
 * A key is for programs: it is the same for the same object, whoever made the record. Names that are not plain lower-case
 * words are quoted in it, so that no two objects have one key; words that SQL keeps for itself are not.
 *
 * @module
 */
import { type Catalog, type CatalogObject, OBJECT_KINDS, type ObjectKey, type TableName } from "./objects.ts";

const PLAIN = /^[a-z_][a-z0-9_$]*$/;

/** Objects that are known by their table's name and their own. */
const OF_A_TABLE = ["constraint", "trigger", "policy"] as const;

/**
 * The key of an object.
 *
 * @param object The object.
 * @returns Such as `table:public.users` or `function:public.age(integer, text)`.
 *
 * @example
 * ```ts
 * import { objectKey } from "@lifeguard/core/migrate";
 * const key = objectKey({ kind: "enum", schema: "public", name: "Mood", labels: [], dependsOn: [] });
 * console.assert(key === 'enum:public."Mood"');
 * ```
 */
export function objectKey(object: CatalogObject): ObjectKey {
  return object.kind === "opaque"
    ? `opaque:${object.what} ${writtenName(object)}`
    : `${object.kind}:${writtenName(object)}`;
}

/**
 * The key of a column, as it stands in `dependsOn`.
 *
 * @param table The table or view.
 * @param column The column's name.
 * @returns Such as `column:public.users.name`.
 *
 * @example
 * ```ts
 * import { columnKey } from "@lifeguard/core/migrate";
 * console.assert(columnKey({ schema: "public", name: "users" }, "Name") === 'column:public.users."Name"');
 * ```
 */
export function columnKey(table: TableName, column: string): ObjectKey {
  return `column:${dotted(table.schema, table.name, column)}`;
}

/**
 * An object in words a person reads.
 *
 * @param object The object.
 * @returns Such as `table public.users` or `rule "no deletes" on public.users`.
 *
 * @example
 * ```ts
 * import { describeObject } from "@lifeguard/core/migrate";
 * const mood = { kind: "enum", schema: "public", name: "mood", labels: ["sad"], dependsOn: [] } as const;
 * console.assert(describeObject(mood) === "enum public.mood");
 * ```
 */
export function describeObject(object: CatalogObject): string {
  return `${object.kind === "opaque" ? object.what : object.kind} ${
    object.kind === "function" && object.isProcedure
      ? `${writtenName(object)} (procedure)`
      : writtenName(object)
  }`;
}

/**
 * A catalog of objects, in the order of their kinds and keys.
 *
 * @param objects The objects.
 * @param serverVersion The server's major version.
 * @returns The catalog.
 * @throws {Error} When two objects have one key (invariant O1).
 *
 * @example
 * ```ts
 * import { diffCatalogs, makeCatalog } from "@lifeguard/core/migrate";
 * const mood = { kind: "enum", schema: "public", name: "mood", labels: ["sad"], dependsOn: [] } as const;
 * const { steps } = diffCatalogs(makeCatalog([], 18), makeCatalog([mood], 18));
 * console.assert(steps.length === 1 && steps[0].kind === "create");
 * ```
 */
export function makeCatalog(objects: Iterable<CatalogObject>, serverVersion: number): Catalog {
  const keyed = [...objects].map((object) => ({
    object,
    key: objectKey(object),
    rank: OBJECT_KINDS.indexOf(object.kind),
  }));
  keyed.sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const map = new Map(keyed.map(({ key, object }) => [key, object]));
  if (map.size < keyed.length) {
    const { object } = keyed.find(({ key }, index) => keyed[index + 1]?.key === key)!;
    throw new Error(`Cannot make a catalog: it has ${describeObject(object)} twice; give each object once`);
  }
  return { serverVersion, objects: map };
}

/** The name of an object as SQL would have it, for a person. */
function writtenName(object: CatalogObject): string {
  switch (object.kind) {
    case "schema":
    case "extension":
      return quoted(object.name);
    case "function":
      return `${dotted(object.schema, object.name)}(${object.identity})`;
    case "opaque":
      // Its name is SQL already: `count_all(integer)`, `r on public.t`.
      return object.schema === undefined ? object.name : `${quoted(object.schema)}.${object.name}`;
    default:
      return OF_A_TABLE.some((kind) => kind === object.kind)
        ? dotted(object.schema, (object as { readonly table: string }).table, object.name)
        : dotted(object.schema, object.name);
  }
}

function dotted(schema: string | undefined, ...names: readonly string[]): string {
  const path = names.map(quoted).join(".");
  return schema === undefined ? path : `${quoted(schema)}.${path}`;
}

function quoted(name: string): string {
  return PLAIN.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
