/**
 * A catalog while it is read: objects by their addresses (`pg_class` and the like, and the row's OID there), what belongs
 * to them, and what `pg_depend` says of both. Addresses never leave the reader.
 *
 * ## Invariants
 *
 * - An address stands for one object, or belongs to an address that does (an index to its constraint, a default to its
 *   table), or is unknown: then nothing is said of it.
 * - A member of an extension is never an object; what depends on it depends on the extension.
 *
 * @module
 */
import { canonicalObject } from "./canonical_text.ts";
import { columnKey, makeCatalog, objectKey } from "./object_key.ts";
import type { Catalog, CatalogObject, ObjectKey, ObjectSetting, TableName } from "./objects.ts";

/** OIDs of the catalogs themselves: https://github.com/postgres/postgres/tree/REL_18_STABLE/src/include/catalog */
export const CATALOGS = {
  attrdef: 2604,
  class: 1259,
  collation: 3456,
  constraint: 2606,
  extension: 3079,
  namespace: 2615,
  policy: 3256,
  proc: 1255,
  rewrite: 2618,
  statistic: 3381,
  trigger: 2620,
  type: 1247,
} as const;

/** An object before its dependencies and its comment are known. */
export type DraftObject = CatalogObject extends infer Each
  ? Each extends CatalogObject ? Drafted<Each> : never
  : never;

type Drafted<Each extends CatalogObject> = Omit<
  Each,
  "dependsOn" | "comment" | "owner" | "privileges" | "settings"
>;

/** A row of `pg_depend`. */
export interface DependRow {
  readonly classid: number;
  readonly objid: number;
  readonly objsubid: number;
  readonly refclassid: number;
  readonly refobjid: number;
  readonly refobjsubid: number;
  readonly deptype: string;
}

/** A row of `pg_description`. */
export interface CommentRow {
  readonly classoid: number;
  readonly objoid: number;
  readonly objsubid: number;
  readonly description: string;
}

interface Entry {
  readonly object: DraftObject;
  readonly key: ObjectKey;
  readonly needs: Set<ObjectKey>;
  readonly comment: string | undefined;
  rights: Pick<CatalogObject, "owner" | "privileges">;
  settings?: readonly ObjectSetting[];
}

/** Objects as they are read. */
export class CatalogDraft {
  readonly #depends: readonly DependRow[];
  readonly #comments: ReadonlyMap<string, string>;
  readonly #entries = new Map<number, Entry>();
  /** What extensions brought. */
  readonly #members = new Set<number>();
  /** What each address belongs to. */
  readonly #owners = new Map<number, number>();
  /** Names of columns by the address of their table. */
  readonly #columns = new Map<
    number,
    { readonly table: TableName; readonly names: ReadonlyMap<number, string> }
  >();

  constructor(depends: readonly DependRow[], comments: readonly CommentRow[]) {
    this.#depends = depends;
    this.#comments = new Map(
      comments.map((row) => [`${row.classoid}.${row.objoid}.${row.objsubid}`, row.description]),
    );
    for (const row of depends) {
      // What an extension brought, and what is internal to something, belongs to it; an object of its own overrules it.
      if (
        row.deptype === "e" || (row.deptype === "i" && !this.#owners.has(address(row.classid, row.objid)))
      ) {
        this.#owners.set(address(row.classid, row.objid), address(row.refclassid, row.refobjid));
      }
      if (isPart(row)) {
        this.#owners.set(address(row.classid, row.objid), address(row.refclassid, row.refobjid));
      }
      if (row.deptype === "e") this.#members.add(address(row.classid, row.objid));
    }
  }

  /** Whether an extension brought it. */
  isMember(catalog: number, oid: number): boolean {
    return this.#members.has(address(catalog, oid));
  }

  /** The comment of what is at an address, or of a column of it. */
  comment(catalog: number, oid: number, column = 0): string | undefined {
    return this.#comments.get(`${catalog}.${oid}.${column}`);
  }

  /** Adds an object, unless an extension brought it; its comment may be that of what it is, too. */
  add(catalog: number, oid: number, object: DraftObject, comment?: string): void {
    const at = address(catalog, oid);
    if (this.#members.has(at)) return;
    const entry = {
      object,
      key: objectKey(object as CatalogObject),
      needs: new Set<ObjectKey>(),
      comment: comment ?? this.comment(catalog, oid),
      rights: {},
    };
    this.#owners.delete(at);
    this.#entries.set(at, entry);
  }

  /** Says whose an object is, and who may do what with it. */
  setRights(catalog: number, oid: number, rights: Entry["rights"]): void {
    const entry = this.#entries.get(address(catalog, oid));
    if (entry !== undefined) entry.rights = rights;
  }

  /** Says what is set of an object by statements of their own. */
  setSettings(catalog: number, oid: number, settings: readonly ObjectSetting[]): void {
    const entry = this.#entries.get(address(catalog, oid));
    if (entry !== undefined) entry.settings = settings;
  }

  /** Says that something is part of what is at another address. */
  belongs(catalog: number, oid: number, ownerCatalog: number, owner: number): void {
    const at = address(catalog, oid);
    if (!this.#members.has(at) && !this.#entries.has(at)) this.#owners.set(at, address(ownerCatalog, owner));
  }

  /** Names the columns of a table or view by their numbers. */
  nameColumns(oid: number, table: TableName, names: ReadonlyMap<number, string>): void {
    this.#columns.set(address(CATALOGS.class, oid), { table, names });
  }

  /** Whether something is an object, or belongs to one or to what an extension brought. */
  covers(catalog: number, oid: number): boolean {
    return this.#find(address(catalog, oid)) !== undefined || this.isMember(catalog, oid);
  }

  /** The catalog of everything that was added. */
  finish(serverVersion: number): Catalog {
    for (const row of this.#depends) {
      const from = this.#find(address(row.classid, row.objid));
      if (from === undefined || isBackward(row, from)) continue;
      const at = address(row.refclassid, row.refobjid);
      const to = this.#find(at);
      if (to === undefined || to === from) continue;
      from.needs.add(to.key);
      const columns = row.refobjsubid > 0 ? this.#columns.get(at) : undefined;
      const column = columns?.names.get(row.refobjsubid);
      if (columns !== undefined && column !== undefined) from.needs.add(columnKey(columns.table, column));
    }
    return makeCatalog([...this.#entries.values()].map(finished), serverVersion);
  }

  /** The object that an address stands for or belongs to. */
  #find(at: number): Entry | undefined {
    for (let hops = 0, next: number | undefined = at; next !== undefined && hops < 10; hops++) {
      const entry = this.#entries.get(next);
      if (entry !== undefined) return entry;
      next = this.#owners.get(next);
    }
    return undefined;
  }
}

/** Leaves out what is undefined, so that equal records are equal to any comparison. */
export function compact<T extends object>(record: T): T {
  const kept: Record<string, unknown> = {};
  for (const name in record) if (record[name] !== undefined) kept[name] = record[name];
  return kept as T;
}

/** `{ "fillfactor=70" }` by name. */
export function parametersOf(options: readonly string[] | null): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (options ?? []).toSorted().map((option) => {
      const at = option.indexOf("=");
      return [option.slice(0, at), option.slice(at + 1)];
    }),
  );
}

/** Catalogs have OIDs below 2^14 and OIDs have 32 bits, so that both fit a number. */
function address(catalog: number, oid: number): number {
  return catalog * 2 ** 32 + oid;
}

/** Which rows say what something is part of, where it ends by itself with either side. */
const PARTS: ReadonlyMap<number, number> = new Map([
  // pg_amop and pg_amproc are of pg_opfamily, pg_publication_rel and pg_publication_namespace of pg_publication.
  [2602, 2753],
  [2603, 2753],
  [6106, 6104],
  [6237, 6104],
]);

function isPart({ classid, refclassid, deptype }: DependRow): boolean {
  return deptype === "a" && PARTS.get(classid) === refclassid;
}

/**
 * Whether a dependency says nothing of which must be there first. A sequence ends with its column, whose default needs
 * it; the functions of a base type are about the type, which is a shell before.
 */
function isBackward(row: DependRow, { object }: Entry): boolean {
  return object.kind === "sequence"
    ? row.deptype === "a" && row.refclassid === CATALOGS.class
    : object.kind === "opaque" && object.what === "type" && row.refclassid === CATALOGS.proc;
}

function finished({ object, needs, comment, rights, settings }: Entry): CatalogObject {
  const whole = { ...canonicalObject(object), ...rights, settings, comment, dependsOn: [...needs].sort() };
  return compact(whole) as CatalogObject;
}
