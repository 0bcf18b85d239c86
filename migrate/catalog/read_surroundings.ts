/**
 * Reads what objects stand in and with: schemas, extensions, comments, and what depends on what.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import { type CatalogDraft, CATALOGS, type CommentRow, compact, type DependRow } from "./catalog_draft.ts";
import { FIRST_USER_OID, isReadSchema, PUBLIC_OID } from "./catalog_sql.ts";

/** A schema. */
export interface SchemaRow {
  readonly oid: number;
  readonly name: string;
}

/** Schemas. */
export function readSchemas(executor: Executor): Promise<SchemaRow[]> {
  return executor.query(sql.unsafe<SchemaRow>(`select n.oid, n.nspname as name from pg_catalog.pg_namespace n
  where ${isReadSchema("n.nspname")} order by n.oid`));
}

/** Adds schemas to a catalog. */
export function addSchemas(draft: CatalogDraft, rows: readonly SchemaRow[]): void {
  for (const { oid, name } of rows) draft.add(CATALOGS.namespace, oid, { kind: "schema", name });
}

/** An extension. */
export interface ExtensionRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly version: string;
}

/** Extensions but PL/pgSQL, which every database has. */
export function readExtensions(executor: Executor): Promise<ExtensionRow[]> {
  return executor.query(sql.unsafe<ExtensionRow>(`select e.oid, n.nspname as schema, e.extname as name,
    e.extversion as version
  from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
  where e.extname <> 'plpgsql' and n.nspname !~ '^lifeguard_' order by e.oid`));
}

/** Adds extensions to a catalog. */
export function addExtensions(draft: CatalogDraft, rows: readonly ExtensionRow[]): void {
  for (const { oid, ...row } of rows) {
    draft.add(CATALOGS.extension, oid, compact({ kind: "extension", ...row }));
  }
}

/** What depends on what. */
export function readDepends(executor: Executor): Promise<DependRow[]> {
  // What keeps foreign keys is internal to their constraints, and there are four of it for each.
  return executor.query(
    sql.unsafe<DependRow>(`select d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid,
    d.refobjsubid, d.deptype
  from pg_catalog.pg_depend d
  where d.objid >= ${FIRST_USER_OID} and (d.refobjid >= ${FIRST_USER_OID} or d.refobjid = ${PUBLIC_OID})
    and not (d.classid = ${CATALOGS.trigger} and exists (
      select from pg_catalog.pg_trigger t where t.oid = d.objid and t.tgisinternal and t.tgconstraint <> 0))`),
  );
}

/**
 * Comments of what users made, and of the schema `public` where it is not what `initdb` says. What an extension says of
 * itself comes with it, and where it was made by somebody else nobody else may say it.
 */
export function readComments(executor: Executor): Promise<CommentRow[]> {
  return executor.query(sql.unsafe<CommentRow>(`select d.classoid, d.objoid, d.objsubid, d.description
  from pg_catalog.pg_description d
  where (d.objoid >= ${FIRST_USER_OID} and not (d.classoid = ${CATALOGS.extension} and exists (
      select from pg_catalog.pg_extension e join pg_catalog.pg_available_extensions() a on a.name = e.extname
      where e.oid = d.objoid and a.comment = d.description)))
    or (d.classoid = ${CATALOGS.namespace} and d.objoid = ${PUBLIC_OID} and d.description <> 'standard public schema')`));
}
