/**
 * What the system catalog says of types whose OIDs differ from database to database.
 *
 * @module
 */

/** The kinds of type a registry tells apart. */
export const TYPE_KINDS = [
  "base",
  "array",
  "enum",
  "domain",
  "composite",
  "range",
  "multirange",
  "pseudo",
] as const;

/** One row of {@link CATALOG_QUERY}; every column is `text`. */
export interface CatalogRow {
  /** The type's OID. */
  readonly oid: string;
  /** The schema's name. */
  readonly schema: string;
  /** The type's name. */
  readonly name: string;
  /** One of {@link TYPE_KINDS}. */
  readonly kind: string;
  /** The OID of the element, base type, subtype, or a multirange's range; `"0"` where there is none. */
  readonly target: string;
  /** The character between the elements of an array. */
  readonly delimiter: string;
  /** A composite's attributes in order, as the JSON text of `[name, oid]` pairs; null for other types. */
  readonly attributes: string | null;
}

/**
 * The catalog's rows for the types whose OIDs are `$1`, and for all types these depend on. It runs on every server
 * since PostgreSQL 13, which has no `pg_range.rngmultitypid`: through `to_jsonb` a missing column is merely null.
 */
export const CATALOG_QUERY = `WITH RECURSIVE range AS (
  SELECT rngtypid, rngsubtype, (to_jsonb(r) ->> 'rngmultitypid')::pg_catalog.oid AS rngmultitypid
  FROM pg_catalog.pg_range AS r
), type AS (
  SELECT t.oid, t.typname, t.typnamespace, t.typrelid,
    CASE
      WHEN e.typarray = t.oid THEN 'array'
      WHEN t.typtype = 'e' THEN 'enum'
      WHEN t.typtype = 'd' THEN 'domain'
      WHEN t.typtype = 'c' THEN 'composite'
      WHEN t.typtype = 'r' THEN 'range'
      WHEN t.typtype = 'm' THEN 'multirange'
      WHEN t.typtype = 'p' THEN 'pseudo'
      ELSE 'base'
    END AS kind,
    CASE
      WHEN e.typarray = t.oid THEN t.typelem
      WHEN t.typtype = 'd' THEN t.typbasetype
      WHEN t.typtype = 'r' THEN (SELECT rngsubtype FROM range WHERE rngtypid = t.oid)
      WHEN t.typtype = 'm' THEN (SELECT rngtypid FROM range WHERE rngmultitypid = t.oid)
      ELSE 0::pg_catalog.oid
    END AS target,
    coalesce(e.typdelim, t.typdelim) AS delimiter
  FROM pg_catalog.pg_type AS t LEFT JOIN pg_catalog.pg_type AS e ON e.oid = t.typelem
), wanted (oid) AS (
  SELECT unnest($1::pg_catalog.oid[])
  UNION
  SELECT needed.oid
  FROM wanted JOIN type USING (oid) CROSS JOIN LATERAL (
    SELECT type.target
    UNION ALL
    SELECT atttypid FROM pg_catalog.pg_attribute
    WHERE type.kind = 'composite' AND attrelid = type.typrelid AND attnum > 0 AND NOT attisdropped
  ) AS needed (oid)
  WHERE needed.oid <> 0
)
SELECT type.oid::pg_catalog.text AS oid, nspname::pg_catalog.text AS schema, typname::pg_catalog.text AS name,
  kind::pg_catalog.text AS kind, coalesce(target, 0)::pg_catalog.text AS target,
  delimiter::pg_catalog.text AS delimiter,
  CASE WHEN kind = 'composite' THEN (
    SELECT coalesce(json_agg(json_build_array(attname, atttypid::pg_catalog.int8) ORDER BY attnum), '[]')::pg_catalog.text
    FROM pg_catalog.pg_attribute WHERE attrelid = typrelid AND attnum > 0 AND NOT attisdropped
  ) END AS attributes
FROM wanted JOIN type USING (oid) JOIN pg_catalog.pg_namespace AS n ON n.oid = typnamespace`;
