/**
 * What the queries of the reader share.
 *
 * @module
 */

/** OIDs below are of what `initdb` made: `FirstNormalObjectId` of src/include/access/transam.h. */
export const FIRST_USER_OID = 16_384;

/** The schema `public`, whose OID is fixed. */
export const PUBLIC_OID = 2_200;

/** Whether a schema's name, as an SQL expression, is of those that are read. */
export function isReadSchema(name: string): string {
  return `(${name} !~ '^(pg_|lifeguard_)' and ${name} <> 'information_schema')`;
}

/** Whether a table or view, as an SQL expression of its OID, came with an extension. What is on it did, too. */
export function isOfExtension(oid: string): string {
  return `exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.objid = ${oid} and d.objsubid = 0 and d.deptype = 'e')`;
}

/** A name as SQL has it, with its schema unless that is `pg_catalog`. */
export function qualifiedSql(schema: string, name: string): string {
  return `case when ${schema} = 'pg_catalog' then pg_catalog.quote_ident(${name})
    else pg_catalog.quote_ident(${schema}) || '.' || pg_catalog.quote_ident(${name}) end`;
}
