/**
 * Reads whose objects are and who may do what with them, against what an object has that the same role has just made:
 * PostgreSQL's own defaults, and those of `alter default privileges`.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import { type CatalogDraft, CATALOGS, compact } from "./catalog_draft.ts";
import { FIRST_USER_OID, PUBLIC_OID } from "./catalog_sql.ts";
import type { Grant } from "./objects.ts";

/** One privilege of one role, as `aclexplode` has it. */
interface PrivilegeRow {
  readonly role: string;
  readonly privilege: string;
  readonly isGrantable: boolean;
}

/** Whose something is and who may do what with it, where one of both is not usual. */
export interface PrivilegesRow {
  readonly catalog: number;
  readonly oid: number;
  /** Null: the role that asks. */
  readonly owner: string | null;
  readonly granted: readonly PrivilegeRow[] | null;
  readonly revoked: readonly PrivilegeRow[] | null;
}

/** A column on which alone privileges were granted. */
export interface ColumnPrivilegesRow {
  readonly table: number;
  readonly number: number;
  readonly granted: readonly PrivilegeRow[];
}

/** What was granted on columns alone, by `table.column number`. */
export type ColumnGrants = ReadonlyMap<string, readonly Grant[]>;

const ROLE = "case g.grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(g.grantee) end";

const LISTED =
  `pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('role', ${ROLE}, 'privilege', g.privilege_type,
  'isGrantable', g.is_grantable) order by ${ROLE}, g.is_grantable, g.privilege_type)`;

/** Everything that has an owner: its address, its owner, its privileges, and what kinds `acldefault` and defaults call it. */
const OWNED = `select ${CATALOGS.class}::oid as catalog, oid, relowner as owner, relacl as acl,
    case relkind when 'S' then 's' else 'r' end as kind, case relkind when 'S' then 'S' else 'r' end as by_default,
    relnamespace as namespace
  from pg_catalog.pg_class where relkind in ('r', 'p', 'v', 'm', 'f', 'S') and relpersistence <> 't'
  union all select ${CATALOGS.proc}, oid, proowner, proacl, 'f', 'f', pronamespace from pg_catalog.pg_proc
  union all select case typtype when 'c' then ${CATALOGS.class} else ${CATALOGS.type} end,
    case typtype when 'c' then typrelid else t.oid end, typowner, typacl, 'T', 'T', typnamespace
  from pg_catalog.pg_type t left join pg_catalog.pg_class c on c.oid = t.typrelid
  where typtype in ('b', 'd', 'e', 'r', 'p') and typcategory <> 'A' or c.relkind = 'c'
  union all select ${CATALOGS.namespace}, oid, nspowner, nspacl, 'n', 'n', 0 from pg_catalog.pg_namespace
  union all select ${CATALOGS.collation}, oid, collowner, null, null, null, 0 from pg_catalog.pg_collation
  union all select ${CATALOGS.statistic}, oid, stxowner, null, null, null, 0 from pg_catalog.pg_statistic_ext
  union all select 2612, oid, lanowner, lanacl, 'l', null, 0 from pg_catalog.pg_language
  union all select 2328, oid, fdwowner, fdwacl, 'F', null, 0 from pg_catalog.pg_foreign_data_wrapper
  union all select 1417, oid, srvowner, srvacl, 'S', null, 0 from pg_catalog.pg_foreign_server
  union all select 2617, oid, oprowner, null, null, null, 0 from pg_catalog.pg_operator
  union all select 2616, oid, opcowner, null, null, null, 0 from pg_catalog.pg_opclass
  union all select 2753, oid, opfowner, null, null, null, 0 from pg_catalog.pg_opfamily
  union all select 2607, oid, conowner, null, null, null, 0 from pg_catalog.pg_conversion
  union all select 3600, oid, dictowner, null, null, null, 0 from pg_catalog.pg_ts_dict
  union all select 3602, oid, cfgowner, null, null, null, 0 from pg_catalog.pg_ts_config
  union all select 3466, oid, evtowner, null, null, null, 0 from pg_catalog.pg_event_trigger
  union all select 6104, oid, pubowner, null, null, null, 0 from pg_catalog.pg_publication`;

/** Whose everything is and who may do what with it, of what is not as usual. */
export function readPrivileges(executor: Executor, serverVersion: number): Promise<PrivilegesRow[]> {
  // Everybody may use the schema "public", and create in it before PostgreSQL 15.
  const usual = `case when o.kind is null then null::aclitem[]
    when o.catalog = ${CATALOGS.namespace} and o.oid = ${PUBLIC_OID}
    then pg_catalog.acldefault(o.kind::"char", o.owner) || pg_catalog.makeaclitem(0, o.owner, 'USAGE', false)${
    serverVersion < 15 ? ` || pg_catalog.makeaclitem(0, o.owner, 'CREATE', false)` : ""
  } else pg_catalog.acldefault(o.kind::"char", o.owner) end`;
  return executor.query(
    sql.unsafe<PrivilegesRow>(`select o.catalog, o.oid,
    case when o.owner <> me.oid and o.oid <> ${PUBLIC_OID} then pg_catalog.pg_get_userbyid(o.owner) end as owner,
    (select ${LISTED} from pg_catalog.aclexplode(o.acl) g
      where g.grantee <> o.owner and not exists (select from pg_catalog.aclexplode(o.usual) u
        where u.grantee = g.grantee and u.privilege_type = g.privilege_type and u.is_grantable = g.is_grantable)) as granted,
    (select ${LISTED} from (
        select distinct case u.grantee when me.oid then o.owner else u.grantee end as grantee, u.privilege_type,
          false as is_grantable
        from (select * from pg_catalog.aclexplode(o.usual)
          union all select * from pg_catalog.aclexplode(every.defaclacl)
          union all select * from pg_catalog.aclexplode(within.defaclacl)) u) g
      where not exists (select from pg_catalog.aclexplode(coalesce(o.acl, o.usual)) h
        where h.grantee = g.grantee and h.privilege_type = g.privilege_type)) as revoked
  from (select o.*, ${usual} as usual from (${OWNED}) as o
    where o.oid >= ${FIRST_USER_OID} or o.catalog = ${CATALOGS.namespace} and o.oid = ${PUBLIC_OID}) as o
  join pg_catalog.pg_roles me on me.rolname = current_user
  left join pg_catalog.pg_default_acl every on every.defaclrole = me.oid and every.defaclnamespace = 0
    and every.defaclobjtype = o.by_default::"char"
  left join pg_catalog.pg_default_acl within on within.defaclrole = me.oid and within.defaclnamespace = o.namespace
    and o.namespace <> 0 and within.defaclobjtype = o.by_default::"char"
  where o.acl is not null or o.owner <> me.oid or every.oid is not null or within.oid is not null`),
  );
}

/** What was granted on columns alone. */
export function readColumnPrivileges(executor: Executor): Promise<ColumnPrivilegesRow[]> {
  return executor.query(sql.unsafe<ColumnPrivilegesRow>(`select a.attrelid as "table", a.attnum as number,
    (select ${LISTED} from pg_catalog.aclexplode(a.attacl) g) as granted
  from pg_catalog.pg_attribute a
  where a.attacl is not null and a.attnum > 0 and not a.attisdropped and a.attrelid >= ${FIRST_USER_OID}`));
}

/** What was granted on columns alone, by `table.column number`. */
export function columnGrants(rows: readonly ColumnPrivilegesRow[]): ColumnGrants {
  return new Map(rows.map(({ table, number, granted }) => [`${table}.${number}`, grantsOf(granted)]));
}

/** Says of objects whose they are and who may do what with them. */
export function addPrivileges(draft: CatalogDraft, rows: readonly PrivilegesRow[]): void {
  for (const { catalog, oid, owner, granted, revoked } of rows) {
    const hasPrivileges = granted !== null || revoked !== null;
    draft.setRights(
      catalog,
      oid,
      compact({
        owner: owner ?? undefined,
        privileges: hasPrivileges
          ? { granted: grantsOf(granted ?? []), revoked: grantsOf(revoked ?? []) }
          : undefined,
      }),
    );
  }
}

/** Rows by their role. */
function grantsOf(rows: readonly PrivilegeRow[]): readonly Grant[] {
  return [...Map.groupBy(rows, ({ role, isGrantable }) => JSON.stringify([role, isGrantable])).values()]
    .map((own) =>
      compact({
        role: own[0].role,
        privileges: own.map(({ privilege }) => privilege),
        isGrantable: own[0].isGrantable || undefined,
      })
    );
}
