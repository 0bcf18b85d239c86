/**
 * Reads enums, domains, ranges and collations.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import { type CatalogDraft, CATALOGS, compact } from "./catalog_draft.ts";
import { FIRST_USER_OID, isReadSchema, qualifiedSql } from "./catalog_sql.ts";
import type { DomainCheck } from "./objects.ts";

/** An enum, a domain or a range type; or an array type, a base type or what else has a row in `pg_type`. */
export interface TypeRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** `e` enum, `d` domain, `r` range. */
  readonly kind: string;
  readonly array: number;
  readonly labels: readonly string[] | null;
  readonly base: string | null;
  readonly collation: string | null;
  readonly notNull: boolean;
  readonly default: string | null;
  readonly checks: readonly DomainCheck[] | null;
  /** Its checks and, from PostgreSQL 17 on, its NOT NULL. */
  readonly constraints: readonly number[];
  readonly subtype: string | null;
  readonly multirange: string | null;
  readonly multirangeOid: number | null;
  readonly options: Readonly<Record<string, string | null>> | null;
}

/** Types that have a kind, but composites. */
export function readTypes(executor: Executor, serverVersion: number): Promise<TypeRow[]> {
  return executor.query(
    sql.unsafe<TypeRow>(`select t.oid, n.nspname as schema, t.typname as name, t.typtype as kind,
    t.typarray as array,
    case when t.typtype = 'e' then (
      select array_agg(e.enumlabel order by e.enumsortorder) from pg_catalog.pg_enum e
      where e.enumtypid = t.oid) end as labels,
    case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end as base,
    case when t.typtype = 'd' and t.typcollation <> base.typcollation then (
      select pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
      from pg_catalog.pg_collation co join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
      where co.oid = t.typcollation) end as collation,
    t.typnotnull as "notNull", pg_catalog.pg_get_expr(t.typdefaultbin, 0) as default,
    case when t.typtype = 'd' then (
      select json_agg(json_build_object('name', k.conname,
        'condition', pg_catalog.pg_get_expr(k.conbin, 0), 'isValid', k.convalidated) order by k.conname)
      from pg_catalog.pg_constraint k where k.contypid = t.oid and k.contype = 'c') end as checks,
    array(select k.oid from pg_catalog.pg_constraint k where k.contypid = t.oid) as constraints,
    pg_catalog.format_type(r.rngsubtype, null) as subtype,
    m.typname as multirange, m.oid as "multirangeOid",
    case when t.typtype = 'r' then json_build_object(
      'subtype_opclass', (
        select ${qualifiedSql("on_.nspname", "o.opcname")} from pg_catalog.pg_opclass o
        join pg_catalog.pg_namespace on_ on on_.oid = o.opcnamespace
        where o.oid = r.rngsubopc and not o.opcdefault),
      'collation', case when r.rngcollation <> st.typcollation then (
        select pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
        from pg_catalog.pg_collation co join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
        where co.oid = r.rngcollation) end,
      'canonical', nullif(r.rngcanonical::text, '-'), 'subtype_diff', nullif(r.rngsubdiff::text, '-')) end as options
  from pg_catalog.pg_type t
  join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  left join pg_catalog.pg_type base on base.oid = t.typbasetype
  left join pg_catalog.pg_range r on r.rngtypid = t.oid
  left join pg_catalog.pg_type st on st.oid = r.rngsubtype
  left join pg_catalog.pg_type m on m.oid = ${serverVersion >= 14 ? "r.rngmultitypid" : "null"}
  where t.typtype in ('e', 'd', 'r') and t.oid >= ${FIRST_USER_OID} and ${isReadSchema("n.nspname")}
  order by t.oid`),
  );
}

/** Adds types to a catalog. */
export function addTypes(draft: CatalogDraft, rows: readonly TypeRow[]): void {
  for (const row of rows) {
    const { oid, schema, name } = row;
    draft.belongs(CATALOGS.type, row.array, CATALOGS.type, oid);
    if (row.kind === "e") {
      draft.add(CATALOGS.type, oid, { kind: "enum", schema, name, labels: row.labels ?? [] });
    } else if (row.kind === "d") {
      for (const constraint of row.constraints) {
        draft.belongs(CATALOGS.constraint, constraint, CATALOGS.type, oid);
      }
      draft.add(
        CATALOGS.type,
        oid,
        compact({
          kind: "domain" as const,
          schema,
          name,
          type: row.base ?? "",
          collation: row.collation ?? undefined,
          notNull: row.notNull,
          default: row.default ?? undefined,
          checks: row.checks ?? [],
        }),
      );
    } else {
      if (row.multirangeOid !== null) draft.belongs(CATALOGS.type, row.multirangeOid, CATALOGS.type, oid);
      const options = Object.entries(row.options ?? {}).filter((option): option is [string, string] =>
        option[1] !== null
      );
      draft.add(
        CATALOGS.type,
        oid,
        compact({
          kind: "range" as const,
          schema,
          name,
          subtype: row.subtype ?? "",
          multirange: row.multirange ?? undefined,
          options: Object.fromEntries(options),
        }),
      );
    }
  }
}

/** A collation. */
export interface CollationRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** The catalog's row, whose columns differ from version to version. */
  readonly row: {
    readonly collprovider: string;
    readonly collisdeterministic: boolean;
    readonly collcollate: string | null;
    readonly colliculocale?: string | null;
    readonly colllocale?: string | null;
    readonly collicurules?: string | null;
  };
}

/** Collations that users made. */
export function readCollations(executor: Executor): Promise<CollationRow[]> {
  return executor.query(
    sql.unsafe<CollationRow>(`select co.oid, n.nspname as schema, co.collname as name, to_jsonb(co) as row
  from pg_catalog.pg_collation co join pg_catalog.pg_namespace n on n.oid = co.collnamespace
  where co.oid >= ${FIRST_USER_OID} and ${isReadSchema("n.nspname")}`),
  );
}

/** Adds collations to a catalog. */
export function addCollations(draft: CatalogDraft, rows: readonly CollationRow[]): void {
  for (const { oid, schema, name, row } of rows) {
    draft.add(
      CATALOGS.collation,
      oid,
      compact({
        kind: "collation" as const,
        schema,
        name,
        provider: row.collprovider === "i"
          ? "icu" as const
          : row.collprovider === "b"
          ? "builtin" as const
          : "libc" as const,
        locale: row.colllocale ?? row.colliculocale ?? row.collcollate ?? "",
        deterministic: row.collisdeterministic,
        rules: row.collicurules ?? undefined,
      }),
    );
  }
}
