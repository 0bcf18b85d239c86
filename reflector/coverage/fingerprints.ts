/**
 * Noticing that a table is another than it was: DDL is in no stream of changes, so the catalogs are asked when a canary
 * comes out (R7), before anybody may trust it.
 *
 * A fingerprint is a digest over whatever rows, or who may read them, depend on: columns and their types with enums'
 * labels and composites' attributes, policies, triggers, publications, keys, partitions, and the files rows are in. What
 * was another for the length of a transaction and is again as it was, as a partition that was detached while rows were
 * changed, shows by the transactions (`xmin`) that wrote the catalogs' rows.
 *
 * @module
 */
import { tableText } from "../../orm/cache/protocol/keys.ts";
import type { Executor } from "../../pool/executor.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";
import type { SourceKind } from "../source/change_source.ts";

/** A table that may be covered. */
export interface Fingerprint {
  readonly oid: number;
  /** `schema.table`, as in keys. */
  readonly name: string;
  readonly digest: string;
}

/** Where tables are looked for. */
export interface CandidateOptions {
  readonly source: SourceKind;
  /** The publication, where the source is `logical`. */
  readonly publication: string;
  /** Tables that are of interest in any case, by their names in SQL. */
  readonly tables: readonly string[];
}

interface FingerprintRow {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly digest: string;
}

/**
 * Takes the fingerprints of all tables that may be covered: those with triggers of ours, or in the publication, and those
 * that were named.
 *
 * @param executor What asks: the primary.
 * @param options Where they are looked for; `signal`.
 */
export async function fingerprints(
  executor: Executor,
  options: CandidateOptions & { readonly signal?: AbortSignal },
): Promise<readonly Fingerprint[]> {
  const { signal } = options;
  const rows = await executor.query(
    fingerprintSql(options),
    // Not said to be a read, so that no replica answers.
    signal === undefined ? {} : { signal },
  );
  return rows.map(({ oid, schema, table, digest }) => ({ oid, name: tableText(schema, table), digest }));
}

/** Tables of which one list of fingerprints says something else than another. */
export function changedTables(
  before: readonly Fingerprint[],
  after: readonly Fingerprint[],
): readonly string[] {
  const known = new Map(before.map((one) => [one.oid, one]));
  const changed = new Set<string>();
  for (const one of after) {
    const old = known.get(one.oid);
    known.delete(one.oid);
    if (old?.digest === one.digest) continue;
    changed.add(one.name);
    if (old !== undefined) changed.add(old.name);
  }
  for (const gone of known.values()) changed.add(gone.name);
  return [...changed];
}

/** The tables themselves; a partition stands for what it is a partition of. */
function candidates({ source, publication, tables }: CandidateOptions): Sql {
  const named = sql`select to_regclass(name)::oid as oid from unnest(${tables}::text[]) as name`;
  if (source === "notify") {
    return sql`select t.tgrelid as oid from pg_trigger t join pg_proc f on f.oid = t.tgfoid
    where f.pronamespace = to_regnamespace('lifeguard_reflector') and not t.tgisinternal
    union ${named}`;
  }
  return sql`select c.oid from pg_publication_tables p
    join pg_namespace n on n.nspname = p.schemaname
    join pg_class c on c.relnamespace = n.oid and c.relname = p.tablename
    where p.pubname = ${publication}
    union ${named}`;
}

function fingerprintSql(options: CandidateOptions): Sql<FingerprintRow> {
  return sql<FingerprintRow>`with recursive root as materialized (
  select distinct coalesce(pg_partition_root(found.oid)::oid, found.oid) as oid
  from (${candidates(options)}) as found where found.oid is not null
), member as materialized (
  select oid as root, oid from root
  union select root.oid, tree.relid::oid from root, pg_partition_tree(root.oid) as tree
), column_type as (
  select m.root, a.atttypid as type from member m
  join pg_attribute a on a.attrelid = m.root and a.attnum > 0 and not a.attisdropped
  where m.oid = m.root and a.atttypid >= 16384
  union
  select c.root, inner_type from column_type c join pg_type t on t.oid = c.type
  cross join lateral (
    select t.typelem where t.typelem <> 0
    union select t.typbasetype where t.typbasetype <> 0
    union select a.atttypid from pg_attribute a
      where t.typrelid <> 0 and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
    union select r.rngsubtype from pg_range r where r.rngtypid = t.oid
  ) as parts(inner_type)
  where inner_type >= 16384
), fact(root, line) as (
  select m.root, concat_ws(' ', 'relation', c.oid, c.relnamespace, c.relname, c.relkind, c.relpersistence,
    c.relrowsecurity, c.relfilenode, c.relreplident, c.relispartition, c.xmin)
  from member m join pg_class c on c.oid = m.oid
  union all
  select m.root, concat_ws(' ', 'column', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation,
    a.attnotnull, a.attgenerated, a.attmissingval)
  from member m join pg_attribute a on a.attrelid = m.root and a.attnum > 0 and not a.attisdropped
  where m.oid = m.root
  union all
  select c.root, concat_ws(' ', 'type', t.oid, t.typname, t.typtype, t.typbasetype, t.typtypmod,
    (select string_agg(concat_ws(' ', e.enumlabel, e.enumsortorder), ',' order by e.oid) from pg_enum e
      where e.enumtypid = t.oid),
    (select string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod), ',' order by a.attnum)
      from pg_attribute a where t.typrelid <> 0 and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped))
  from column_type c join pg_type t on t.oid = c.type
  union all
  select m.root, concat_ws(' ', 'policy', p.oid, p.xmin) from member m join pg_policy p on p.polrelid = m.oid
  union all
  select m.root, concat_ws(' ', 'trigger', t.tgrelid, t.tgname, t.tgenabled, t.tgfoid, md5(t.tgargs))
  from member m join pg_trigger t on t.tgrelid = m.oid where t.tgname like 'lifeguard\\_%'
  union all
  select m.root, concat_ws(' ', 'index', i.indexrelid, i.indisprimary, i.indisvalid, i.indkey)
  from member m join pg_index i on i.indrelid = m.oid where i.indisunique
  union all
  select m.root, concat_ws(' ', 'inherits', i.inhrelid, i.inhparent, i.inhseqno)
  from member m join pg_inherits i on i.inhrelid = m.oid
  union all
  select m.root, concat_ws(' ', 'inherited', i.inhrelid) from member m join pg_inherits i on i.inhparent = m.oid
  union all
  select m.root, concat_ws(' ', 'foreign key', f.oid, f.conkey) from member m
  join pg_constraint f on f.conrelid = m.oid and f.contype = 'f' where m.oid = m.root
  ${options.source === "logical" ? publicationFacts(options.publication) : sql.empty}
)
select c.oid, n.nspname as schema, c.relname as table, digests.digest
from (select root, sum(hashtextextended(line, 0))::text as digest from fact group by root) as digests
join pg_class c on c.oid = digests.root join pg_namespace n on n.oid = c.relnamespace
order by c.oid`;
}

function publicationFacts(publication: string): Sql {
  return sql`union all
  select m.root, concat_ws(' ', 'published', p.oid, p.xmin, to_jsonb(pt),
    (select string_agg(concat_ws(' ', pr.oid, pr.xmin), ',' order by pr.oid) from pg_publication_rel pr
      where pr.prpubid = p.oid and pr.prrelid = m.oid)) from member m
  join pg_class c on c.oid = m.oid join pg_namespace n on n.oid = c.relnamespace
  join pg_publication_tables pt on pt.schemaname = n.nspname and pt.tablename = c.relname
  join pg_publication p on p.pubname = pt.pubname where pt.pubname = ${publication}`;
}
