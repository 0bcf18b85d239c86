/**
 * Reads columns of everything that has some.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import { type CatalogDraft, CATALOGS, compact } from "./catalog_draft.ts";
import { isReadSchema } from "./catalog_sql.ts";
import { told } from "./moved_catalog.ts";
import type { ColumnIdentity, TableColumn } from "./objects.ts";
import type { ColumnGrants } from "./read_privileges.ts";
import type { Identity } from "./read_sequences.ts";

/** A row of `pg_attribute`. */
export interface ColumnRow {
  readonly table: number;
  readonly number: number;
  readonly name: string;
  readonly type: string;
  readonly typeOid: number;
  readonly collationOid: number;
  readonly notNull: boolean;
  readonly collation: string | null;
  readonly expression: string | null;
  readonly expressionOid: number | null;
  /** `s` stored, `v` virtual, else empty. */
  readonly generated: string;
  /** `a` always, `d` by default, else empty. */
  readonly identity: string;
  readonly storage: string | null;
  readonly compression: string;
  readonly statistics: number | null;
  readonly inherited: boolean;
}

/** A NOT NULL constraint, which PostgreSQL 18 names. */
export interface NotNullRow {
  readonly oid: number;
  readonly table: number;
  readonly column: number;
  readonly name: string;
  readonly isUsual: boolean;
}

/** Columns in their order, by table. */
export function readColumns(executor: Executor): Promise<ColumnRow[]> {
  return executor.query(
    sql.unsafe<ColumnRow>(`select a.attrelid as "table", a.attnum as number, a.attname as name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as type, a.atttypid as "typeOid",
    a.attcollation as "collationOid", a.attnotnull as "notNull",
    case when a.attcollation <> t.typcollation then (
      select pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
      from pg_catalog.pg_collation co join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
      where co.oid = a.attcollation) end as collation,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid) as expression, d.oid as "expressionOid",
    a.attgenerated as generated, a.attidentity as identity,
    case when a.attstorage <> t.typstorage then a.attstorage end as storage, a.attcompression as compression,
    nullif(a.attstattarget::int4, -1) as statistics, a.attinhcount > 0 and not a.attislocal as inherited
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_class c on c.oid = a.attrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_type t on t.oid = a.atttypid
  left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where c.relkind in ('r', 'p', 'v', 'm', 'c', 'f') and c.relpersistence <> 't' and a.attnum > 0
    and not a.attisdropped and ${isReadSchema("n.nspname")}
  order by a.attrelid, a.attnum`),
  );
}

/** Names of NOT NULL constraints; none before PostgreSQL 18. */
export function readNotNulls(executor: Executor, serverVersion: number): Promise<NotNullRow[]> {
  if (serverVersion < 18) return Promise.resolve([]);
  // The usual name is cut as makeObjectName() of src/backend/commands/indexcmds.c does; ours may only be shorter names'.
  // Where it is another table's, which depends on which came first, it has a number. An inherited one has its parent's.
  return executor.query(sql.unsafe<NotNullRow>(`select k.oid, k.conrelid as "table", k.conkey[1] as column,
    k.conname as name,
    k.coninhcount > 0 or octet_length(usual.name) > 63 or starts_with(k.conname::text, usual.name)
      and substr(k.conname::text, length(usual.name) + 1) ~ '^[0-9]*$' as "isUsual"
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_class c on c.oid = k.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
  cross join lateral (select c.relname || '_' || a.attname || '_not_null' as name) usual
  where k.contype = 'n' and ${isReadSchema("n.nspname")}`));
}

/** Columns as records, with their numbers, by the OID of their table. */
export function columnsByTable(
  draft: CatalogDraft,
  rows: readonly ColumnRow[],
  { notNulls, identities, grants }: {
    readonly notNulls: readonly NotNullRow[];
    readonly grants: ColumnGrants;
    readonly identities: ReadonlyMap<string, Identity>;
  },
): Map<number, (TableColumn & { readonly number: number })[]> {
  const names = new Map<string, string>();
  for (const row of notNulls) {
    draft.belongs(CATALOGS.constraint, row.oid, CATALOGS.class, row.table);
    if (!row.isUsual) names.set(`${row.table}.${row.column}`, row.name);
  }
  const tables = new Map<number, (TableColumn & { readonly number: number })[]>();
  for (const row of rows) {
    if (row.expressionOid !== null) {
      draft.belongs(CATALOGS.attrdef, row.expressionOid, CATALOGS.class, row.table);
    }
    const { table, number } = row;
    const expression = row.expressionOid === null ? undefined : told(row.expression);
    const column = compact({
      number,
      name: row.name,
      type: row.type,
      notNull: row.notNull,
      notNullName: names.get(`${table}.${number}`),
      collation: row.collation ?? undefined,
      default: row.generated === "" ? expression : undefined,
      generated: row.generated === "" || expression === undefined ? undefined : {
        expression,
        kind: row.generated === "v" ? "virtual" as const : "stored" as const,
      },
      identity: identityOf(row, identities.get(`${table}.${number}`)?.counting),
      identitySequence: identities.get(`${table}.${number}`)?.sequence,
      comment: draft.comment(CATALOGS.class, table, number),
      storage: row.storage === null ? undefined : STORAGE[row.storage],
      compression: COMPRESSION[row.compression],
      statistics: row.statistics ?? undefined,
      inherited: row.inherited || undefined,
      granted: grants.get(`${table}.${number}`),
    });
    const siblings = tables.get(table);
    if (siblings === undefined) tables.set(table, [column]);
    else siblings.push(column);
  }
  return tables;
}

const STORAGE: Readonly<Record<string, TableColumn["storage"]>> = {
  p: "plain",
  e: "external",
  x: "extended",
  m: "main",
};

const COMPRESSION: Readonly<Record<string, TableColumn["compression"]>> = { p: "pglz", l: "lz4" };

function identityOf(
  { identity }: ColumnRow,
  counting: Omit<ColumnIdentity, "generation"> | undefined,
): ColumnIdentity | undefined {
  if (identity === "" || counting === undefined) return undefined;
  return { generation: identity === "a" ? "always" : "by default", ...counting };
}
