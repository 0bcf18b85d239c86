/**
 * Rows in the tables of a random schema, and what of them has to survive a change.
 */
import { columnKey, objectKey } from "../../../migrate/catalog/object_key.ts";
import type {
  Catalog,
  CatalogObject,
  ObjectKey,
  TableColumn,
  TableObject,
} from "../../../migrate/catalog/objects.ts";
import type { Rename } from "../../../migrate/diff/diff.ts";
import type { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { randomIntegers } from "../../random.ts";
import { literal, named, quote } from "./sql_text.ts";

/** What tables hold, by the number of what is looked at: rows as JSON. */
export type Contents = ReadonlyMap<number, readonly string[]>;

/** What of a table is looked at. */
export interface Watched {
  readonly table: string;
  readonly columns: readonly string[];
}

/** What of a table is looked at, before and after a change that may rename it. */
export interface WatchedBoth {
  readonly before: Watched;
  readonly after: Watched;
}

/** The name of a table as SQL. */
export function tableName(
  { schema = "public", name }: { readonly schema?: string; readonly name: string },
): string {
  return named({ schema, name });
}

/** One statement that puts a few rows into every table that takes them, but for those in `empty`. */
export function rowStatement(
  catalog: Catalog,
  options: { readonly seed: number; readonly empty: ReadonlySet<string> },
): string {
  const random = randomIntegers(options.seed);
  const inserts: string[] = [];
  for (const object of catalog.objects.values()) {
    if (object.kind !== "table" || object.partitionOf !== undefined) continue;
    const table = tableName(object);
    const ids = object.partitionBy === undefined ? [1, 2, 3] : [1, 30, 110, 210, 305];
    for (const id of options.empty.has(table) ? [] : ids) {
      const columns = object.columns.filter((column) =>
        column.generated === undefined && (column.notNull || column.name === "id" || random(4) > 0)
      );
      const values = columns.map((column) => valueOf(column, { catalog, id, random }));
      inserts.push(
        `insert into ${table} (${
          columns.map(({ name }) => quote(name)).join(", ")
        }) overriding system value values (${values.join(", ")})`,
      );
    }
  }
  const counts = options.empty.size === 0
    ? `for counter in select format('%I.%I', schemaname, sequencename) from pg_sequences where schemaname in ('public', 'App') loop
      perform nextval(counter); perform nextval(counter);
    end loop;`
    : "";
  // Twice: what refers to other rows may come before them.
  const tries = [...inserts, ...inserts].map((insert) =>
    `begin ${insert}; exception when others then null; end;`
  );
  return `do $rows$ declare counter text; begin
    set constraints all immediate;
    ${tries.join("\n")}
    ${counts}
  end $rows$`;
}

function valueOf(
  column: TableColumn,
  { catalog, id, random }: { catalog: Catalog; id: number; random: (below: number) => number },
): string {
  if (column.name === "id") return String(id);
  const number = String(id + random(2));
  const type = [...catalog.objects.values()].find((object) => typeName(object) === column.type);
  switch (type?.kind) {
    case "enum":
      return literal(type.labels[random(type.labels.length)]);
    case "composite":
      return `row(${
        type.attributes.map((one) => one.type === "date" ? "'2024-02-29'" : literal(number)).join(", ")
      })`;
    case "range":
      return `'[${id},${id + 5})'`;
    case undefined:
      break;
    default:
      return literal(number);
  }
  switch (column.type) {
    case "boolean":
      return random(2) === 0 ? "true" : "false";
    case "timestamp with time zone":
    case "date":
      return `'2024-02-0${1 + random(9)}'`;
    case "jsonb":
      return `'{"n": ${number}}'`;
    case "text[]":
      return `array['${number}', 'it''s']`;
    case "uuid":
      return `'00000000-0000-0000-0000-00000000000${random(10)}'`;
    case "public.hstore":
      return `'n=>${number}'`;
    default:
      return literal(number);
  }
}

function typeName(object: CatalogObject): string | undefined {
  const { kind, schema, name } = object;
  if (kind !== "enum" && kind !== "composite" && kind !== "range" && kind !== "domain") return undefined;
  return `${schema}.${/^[a-z_][a-z_0-9]*$/.test(name) ? name : quote(name)}`;
}

/** Types whose values are the same text in each other. */
const FAITHFUL = /^(smallint|integer|bigint|text|character varying\(40\)|public\.citext)$/;

/** What is lost, and what has another name. */
export interface Changes {
  /** Keys of tables and columns that are lost, with the names that they have then. */
  readonly lost: ReadonlySet<ObjectKey>;
  readonly renames: readonly Rename[];
}

/**
 * The tables, and the columns of each, whose values a change from one catalog to another has to keep. What it says that
 * is lost is left out.
 */
export function watchedOf(from: Catalog, to: Catalog, { lost, renames }: Changes): WatchedBoth[] {
  const changed = new Set<string | undefined>();
  for (const [key, object] of from.objects) {
    const other = to.objects.get(key);
    const isRelabelled = renames.some((rename) => rename.kind === "enum label" && rename.key === key);
    if (typeName(object) === undefined || object.kind === "enum" && !isRelabelled) continue;
    if (other === undefined || JSON.stringify(other) !== JSON.stringify(object)) {
      changed.add(typeName(object));
    }
  }
  const renamed = (key: ObjectKey): string | undefined => renames.find((rename) => rename.key === key)?.to;
  const nextKey = (table: TableObject): ObjectKey => {
    const key = objectKey(table);
    return objectKey({ ...table, name: renamed(key) ?? table.name });
  };
  const isLost = (table: TableObject): boolean => {
    if (lost.has(nextKey(table))) return true;
    const parent = table.partitionOf === undefined ? undefined : findTable(from, table.partitionOf.table);
    return parent !== undefined && isLost(parent);
  };
  const watched: WatchedBoth[] = [];
  for (const table of from.objects.values()) {
    const other = table.kind === "table" ? to.objects.get(nextKey(table)) : undefined;
    if (table.kind !== "table" || other?.kind !== "table") continue;
    if (table.partitionBy !== undefined || other.partitionBy !== undefined || isLost(table)) continue;
    const before: string[] = [];
    const after: string[] = [];
    for (const column of table.columns) {
      const name = renamed(columnKey(table, column.name)) ??
        inheritedName(table, column.name, { from, renamed });
      const next = other.columns.find((one) => one.name === name);
      if (next === undefined || column.generated !== undefined || next.generated !== undefined) continue;
      if (
        changed.has(elementOf(column)) || changed.has(elementOf(next)) || lost.has(columnKey(other, name))
      ) continue;
      if (column.type !== next.type && !(FAITHFUL.test(column.type) && FAITHFUL.test(next.type))) continue;
      before.push(column.name);
      after.push(name);
    }
    if (before.length === 0) continue;
    watched.push({
      before: { table: tableName(table), columns: before },
      after: { table: tableName(other), columns: after },
    });
  }
  return watched;
}

function elementOf({ type }: TableColumn): string {
  return type.replace(/\[\]$/, "");
}

/** What a column is called when that of a parent has been renamed. */
function inheritedName(
  table: TableObject,
  column: string,
  { from, renamed }: { readonly from: Catalog; readonly renamed: (key: ObjectKey) => string | undefined },
): string {
  const parents = [
    ...table.inherits ?? [],
    ...table.partitionOf === undefined ? [] : [table.partitionOf.table],
  ];
  for (const name of parents) {
    const parent = findTable(from, name);
    if (parent === undefined) continue;
    const next = renamed(columnKey(parent, column)) ??
      inheritedName(parent, column, { from, renamed });
    if (next !== column) return next;
  }
  return column;
}

function findTable(
  catalog: Catalog,
  { schema, name }: { schema?: string; name: string },
): TableObject | undefined {
  return [...catalog.objects.values()].find((object): object is TableObject =>
    object.kind === "table" && object.name === name && object.schema === schema
  );
}

/** What the watched columns hold. */
export async function contentsOf(pool: Pool, watched: readonly Watched[]): Promise<Contents> {
  if (watched.length === 0) return new Map();
  const parts = watched.map(({ table, columns }, index) =>
    `select ${index} as number, array(select jsonb_build_array(${
      columns.map((column) => `${quote(column)}::text`).join(", ")
    })::text as row from only ${table} order by 1) as rows`
  );
  const found = await pool.query<{ number: number; rows: string[] }>(sql.unsafe(parts.join(" union all ")));
  return new Map(found.map(({ number, rows }) => [number, rows]));
}

/** How far the sequences that both catalogs have, have counted. */
export async function positionsOf(
  pool: Pool,
  from: Catalog,
  to: Catalog,
): Promise<ReadonlyMap<string, bigint>> {
  const both = [...from.objects].filter(([key, { kind }]) =>
    kind === "sequence" && to.objects.get(key)?.kind === "sequence"
  );
  const names = both.map(([, object]) => tableName(object));
  const found = await pool.query<{ name: string; at: string | null }>(
    sql`select format('"%s"."%s"', replace(schemaname, '"', '""'), replace(sequencename, '"', '""')) as name,
      last_value::text as at from pg_sequences`,
  );
  return new Map(
    found.filter(({ name }) => names.includes(name)).map(({ name, at }) => [name, BigInt(at ?? 0)]),
  );
}
