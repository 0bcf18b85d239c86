/**
 * Reads indexes: those of their own, and what constraints take from theirs.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { sql } from "../../pool/sql/sql.ts";
import { type CatalogDraft, CATALOGS, compact, parametersOf } from "./catalog_draft.ts";
import { isReadSchema, qualifiedSql } from "./catalog_sql.ts";
import { told } from "./moved_catalog.ts";
import type { IndexKey, IndexObject } from "./objects.ts";
import type { ColumnRow } from "./read_columns.ts";

/** A row of `pg_index`. */
export interface IndexRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly table: string;
  readonly tableOid: number;
  readonly unique: boolean;
  readonly nullsNotDistinct: boolean;
  readonly method: string;
  readonly isOrdered: boolean;
  readonly keyCount: number;
  /** Numbers of columns; 0 for an expression. */
  readonly numbers: readonly number[];
  readonly expressions: readonly (string | null)[] | null;
  readonly collations: readonly number[];
  readonly opclasses: readonly number[];
  /** Bits: 1 descending, 2 nulls first. */
  readonly order: readonly number[];
  readonly condition: string | null;
  readonly options: readonly string[] | null;
  readonly keyOptions: Readonly<Record<string, readonly string[]>> | null;
  /** Types' own collations, by key, where there are expressions. */
  readonly keyCollations: readonly number[] | null;
  readonly isValid: boolean;
  readonly isPartition: boolean;
}

/** An operator class. */
export interface OpclassRow {
  readonly oid: number;
  readonly name: string;
  readonly isDefault: boolean;
  readonly method: number;
  readonly type: number;
}

/** A collation's name. */
export interface CollationNameRow {
  readonly oid: number;
  readonly name: string;
}

/** What an index has, whatever it belongs to. */
export type IndexParts = Omit<IndexObject, "dependsOn" | "comment">;

/** Every index of tables and materialized views. */
export function readIndexes(executor: Executor, serverVersion: number): Promise<IndexRow[]> {
  return executor.query(
    sql.unsafe<IndexRow>(`select i.indexrelid as oid, n.nspname as schema, ic.relname as name,
    c.relname as "table", c.oid as "tableOid", i.indisunique as unique,
    ${serverVersion >= 15 ? "i.indnullsnotdistinct" : "false"} as "nullsNotDistinct", am.amname as method,
    am.amname = 'btree' as "isOrdered", i.indnkeyatts as "keyCount", i.indkey as numbers,
    case when i.indexprs is not null then (
      select array_agg(case when k.number = 0
        then pg_catalog.pg_get_indexdef(i.indexrelid, k.position::int4, false) end order by k.position)
      from unnest(i.indkey::int2[]) with ordinality as k(number, position)) end as expressions,
    i.indcollation as collations, i.indclass as opclasses, i.indoption as order,
    case when i.indpred is not null then pg_catalog.pg_get_expr(i.indpred, i.indrelid) end as condition,
    ic.reloptions as options,
    (select json_object_agg(a.attnum, a.attoptions) from pg_catalog.pg_attribute a
      where a.attrelid = i.indexrelid and a.attoptions is not null) as "keyOptions",
    case when i.indexprs is not null then (
      select array_agg(t.typcollation order by a.attnum) from pg_catalog.pg_attribute a
      join pg_catalog.pg_type t on t.oid = a.atttypid where a.attrelid = i.indexrelid) end as "keyCollations",
    i.indisvalid as "isValid", ic.relispartition as "isPartition"
  from pg_catalog.pg_index i
  join pg_catalog.pg_class ic on ic.oid = i.indexrelid
  join pg_catalog.pg_class c on c.oid = i.indrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_am am on am.oid = ic.relam
  where c.relkind in ('r', 'p', 'm') and c.relpersistence <> 't' and ${isReadSchema("n.nspname")}
  order by i.indexrelid`),
  );
}

/** Every operator class there is. */
export function readOpclasses(executor: Executor): Promise<OpclassRow[]> {
  return executor.query(
    sql.unsafe<OpclassRow>(`select o.oid, ${qualifiedSql("n.nspname", "o.opcname")} as name,
    o.opcdefault as "isDefault", o.opcmethod as method, o.opcintype as type
  from pg_catalog.pg_opclass o join pg_catalog.pg_namespace n on n.oid = o.opcnamespace`),
  );
}

/** Names of the collations that indexes have. */
export function readCollationNames(executor: Executor): Promise<CollationNameRow[]> {
  return executor.query(sql.unsafe<CollationNameRow>(`select co.oid,
    pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(co.collname) as name
  from pg_catalog.pg_collation co join pg_catalog.pg_namespace n on n.oid = co.collnamespace
  where co.oid in (select unnest(indcollation::oid[]) from pg_catalog.pg_index)`));
}

/** What indexes have, by their OIDs. */
export function indexParts(
  rows: readonly IndexRow[],
  { columns, opclasses, collations }: {
    readonly columns: readonly ColumnRow[];
    readonly opclasses: readonly OpclassRow[];
    readonly collations: readonly CollationNameRow[];
  },
): Map<number, IndexParts> {
  const naming: Naming = {
    columns: new Map(columns.map((row) => [`${row.table}.${row.number}`, row])),
    opclasses: new Map(opclasses.map((row) => [row.oid, row])),
    defaults: new Map(
      opclasses.filter((row) => row.isDefault).map((row) => [`${row.method}.${row.type}`, row.oid]),
    ),
    collations: new Map(collations.map((row) => [row.oid, row.name])),
  };
  return new Map(rows.map((row) => [row.oid, partsOf(row, naming)]));
}

/** Adds indexes that belong to no constraint. */
export function addIndexes(
  draft: CatalogDraft,
  rows: readonly IndexRow[],
  { parts, ofConstraints }: {
    readonly parts: ReadonlyMap<number, IndexParts>;
    readonly ofConstraints: ReadonlySet<number>;
  },
): void {
  for (const { oid, tableOid } of rows) {
    if (draft.isMember(CATALOGS.class, tableOid)) {
      draft.belongs(CATALOGS.class, oid, CATALOGS.class, tableOid);
    } else if (!ofConstraints.has(oid)) {
      draft.add(CATALOGS.class, oid, parts.get(oid)!);
    }
  }
}

interface Naming {
  readonly columns: ReadonlyMap<string, ColumnRow>;
  readonly opclasses: ReadonlyMap<number, OpclassRow>;
  /** Default operator classes by method and type. */
  readonly defaults: ReadonlyMap<string, number>;
  readonly collations: ReadonlyMap<number, string>;
}

function partsOf(row: IndexRow, naming: Naming): IndexParts {
  const columnOf = (number: number) => naming.columns.get(`${row.tableOid}.${number}`);
  return compact({
    kind: "index" as const,
    schema: row.schema,
    name: row.name,
    table: row.table,
    unique: row.unique,
    nullsNotDistinct: row.nullsNotDistinct || undefined,
    method: row.method,
    keys: row.numbers.slice(0, row.keyCount).map((number, at) =>
      keyOf(row, at, { naming, column: columnOf(number) })
    ),
    include: row.numbers.slice(row.keyCount).map((number) => columnOf(number)?.name ?? ""),
    where: row.condition ?? undefined,
    parameters: parametersOf(row.options),
    isValid: row.isValid,
    inherited: row.isPartition || undefined,
  });
}

function keyOf(
  row: IndexRow,
  at: number,
  { naming, column }: { readonly naming: Naming; readonly column: ColumnRow | undefined },
): IndexKey {
  const order = row.order[at];
  const isDescending = row.isOrdered && (order & 1) !== 0;
  const nullsFirst = row.isOrdered && (order & 2) !== 0;
  const usual = column?.collationOid ?? row.keyCollations?.[at] ?? 0;
  const collation = row.collations[at];
  const options = row.keyOptions?.[String(at + 1)];
  return compact({
    expression: column === undefined ? told(row.expressions?.[at] ?? null) : quoteIdentifier(column.name),
    isColumn: column !== undefined,
    order: isDescending ? "desc" as const : undefined,
    nulls: nullsFirst === isDescending ? undefined : nullsFirst ? "first" as const : "last" as const,
    collation: collation === 0 || collation === usual ? undefined : naming.collations.get(collation),
    // An operator class's parameters follow its name.
    opclass: opclassName(row.opclasses[at], { column, naming, always: options !== undefined }),
    opclassParameters: options === undefined ? undefined : parametersOf(options),
  });
}

/** The name of an operator class, unless it goes without saying. */
function opclassName(
  oid: number,
  { column, naming, always }: {
    readonly column: ColumnRow | undefined;
    readonly naming: Naming;
    /** Whether it is named even where it goes without saying. */
    readonly always: boolean;
  },
): string | undefined {
  const opclass = naming.opclasses.get(oid);
  if (opclass === undefined) return undefined;
  const usual = column === undefined ? undefined : naming.defaults.get(`${opclass.method}.${column.typeOid}`);
  return always || !opclass.isDefault || (usual !== undefined && usual !== oid) ? opclass.name : undefined;
}
