/**
 * What the catalogs say of tables that may be cached, in one question.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";

/** A column. */
export interface ColumnFacts {
  readonly name: string;
  /** The type's name in `pg_catalog`, `schema.name` elsewhere. */
  readonly type: string;
  /** Whether equal values have equal bytes. */
  readonly deterministic: boolean;
}

/** One of our triggers. */
export interface TriggerFacts {
  readonly name: string;
  /** `A` for always. */
  readonly enabled: string;
  readonly argument: string;
}

/** A table, or a partition of one. */
export interface RelationFacts {
  readonly schema: string;
  readonly table: string;
  /** `r` table, `p` partitioned, `v` view, `m` materialized view, `f` foreign table. */
  readonly kind: string;
  /** `p` permanent, `u` unlogged, `t` temporary. */
  readonly persistence: string;
  /** `d` the key, `f` whole rows, `i` an index, `n` nothing; of rows in a partition, that of the partition counts. */
  readonly replicaIdentity: string;
  readonly triggers: readonly TriggerFacts[];
}

/** How a publication has a table. */
export interface PublicationFacts {
  /** Whether inserts, updates, deletes and truncates are in it. */
  readonly complete: boolean;
  /** Whether rows are left out. */
  readonly filtered: boolean;
  /** The columns that are in it; undefined for all. */
  readonly columns: readonly string[] | null;
}

/** All that is asked of a table. */
export interface TableFacts extends RelationFacts {
  readonly rowSecurity: boolean;
  readonly isPartition: boolean;
  /** Whether it has children or parents that are not partitions. */
  readonly inherits: boolean;
  readonly columns: readonly ColumnFacts[];
  /** The primary key's columns; null without one. */
  readonly key: readonly string[] | null;
  /** Lists of columns of unique indexes without conditions, and of foreign keys. */
  readonly lookups: readonly (readonly string[])[];
  readonly partitions: readonly RelationFacts[];
  /** Tables whose rows change when a row of this one does, by a foreign key's action. */
  readonly cascades: readonly (readonly [schema: string, table: string])[];
  readonly published: PublicationFacts | null;
}

const RELATION = sql.unsafe(`
  'schema', n.nspname, 'table', c.relname, 'kind', c.relkind, 'persistence', c.relpersistence,
  'replicaIdentity', c.relreplident,
  'triggers', (
    select coalesce(json_agg(json_build_object(
      'name', t.tgname, 'enabled', t.tgenabled, 'argument', encode(t.tgargs, 'hex')) order by t.tgname), '[]')
    from pg_trigger t join pg_proc f on f.oid = t.tgfoid join pg_namespace fn on fn.oid = f.pronamespace
    where t.tgrelid = c.oid and fn.nspname = 'lifeguard_reflector' and not t.tgisinternal)`);

/**
 * Asks the catalogs about tables.
 *
 * @param executor What asks: the primary.
 * @param oids The tables' OIDs.
 * @param options `publication`: the name of the publication that matters, if any; `signal`.
 */
export async function tableFacts(
  executor: Executor,
  oids: readonly number[],
  options: { readonly publication?: string | undefined; readonly signal?: AbortSignal } = {},
): Promise<readonly TableFacts[]> {
  const { signal } = options;
  const rows = await executor.query(
    factsSql(oids, options.publication),
    // Not said to be a read, so that no replica answers.
    signal === undefined ? {} : { signal },
  );
  return rows.map(({ facts }) => ({
    ...facts,
    triggers: facts.triggers.map(withArgument),
    partitions: facts.partitions.map((partition) => ({
      ...partition,
      triggers: partition.triggers.map(withArgument),
    })),
  }));
}

/** Arguments are kept as C strings. */
function withArgument(trigger: TriggerFacts): TriggerFacts {
  const bytes = Uint8Array.from(trigger.argument.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  const end = bytes.indexOf(0);
  return { ...trigger, argument: new TextDecoder().decode(bytes.subarray(0, end < 0 ? undefined : end)) };
}

function factsSql(oids: readonly number[], publication: string | undefined): Sql<{ facts: TableFacts }> {
  return sql<{ facts: TableFacts }>`select json_build_object(${RELATION},
  'rowSecurity', c.relrowsecurity,
  'isPartition', c.relispartition,
  'inherits', not c.relispartition and exists (
    select from pg_inherits i join pg_class child on child.oid = i.inhrelid
    where not child.relispartition and c.oid in (i.inhrelid, i.inhparent)),
  'columns', (
    select coalesce(json_agg(json_build_object(
      'name', a.attname,
      'type', case when tn.nspname = 'pg_catalog' then t.typname else tn.nspname || '.' || t.typname end,
      'deterministic', coalesce(co.collisdeterministic, true)) order by a.attnum), '[]')
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid join pg_namespace tn on tn.oid = t.typnamespace
    left join pg_collation co on co.oid = a.attcollation
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
  'key', (
    select json_agg(a.attname order by k.position)
    from pg_index i cross join unnest(i.indkey::int2[]) with ordinality as k(number, position)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
    where i.indrelid = c.oid and i.indisprimary and i.indisvalid and k.position <= i.indnkeyatts),
  'lookups', (
    select coalesce(json_agg(distinct found.names::text[]), '[]') from (
      select array(
        select a.attname from unnest(i.indkey::int2[]) with ordinality as k(number, position)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
        where k.position <= i.indnkeyatts order by k.position) as names
      from pg_index i
      where i.indrelid = c.oid and i.indisunique and not i.indisprimary and i.indisvalid
        and i.indpred is null and i.indexprs is null
      union
      select array(
        select a.attname from unnest(f.conkey) with ordinality as k(number, position)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number order by k.position)
      from pg_constraint f where f.conrelid = c.oid and f.contype = 'f') as found),
  'partitions', (
    select coalesce(json_agg(part.facts), '[]') from (
      select json_build_object(${RELATION}) as facts
      from pg_partition_tree(root.oid) as tree
      join pg_class c on c.oid = tree.relid join pg_namespace n on n.oid = c.relnamespace
      where tree.relid <> root.oid) as part),
  'cascades', (
    select coalesce(json_agg(distinct array[rn.nspname, r.relname]::text[]), '[]')
    from pg_constraint f join pg_class r on r.oid = f.conrelid join pg_namespace rn on rn.oid = r.relnamespace
    where f.confrelid = c.oid and f.conrelid <> c.oid and f.contype = 'f' and not r.relispartition
      and (f.confdeltype in ('c', 'n', 'd') or f.confupdtype in ('c', 'n', 'd'))),
  'published', (
    select json_build_object(
      'complete', p.pubinsert and p.pubupdate and p.pubdelete and p.pubtruncate,
      'filtered', coalesce(to_jsonb(pt)->>'rowfilter', '') <> '',
      'columns', to_jsonb(pt)->'attnames')
    from pg_publication p join pg_publication_tables pt on pt.pubname = p.pubname
    where p.pubname = ${publication ?? null}::text and pt.schemaname = n.nspname and pt.tablename = c.relname)
) as facts
from unnest(${oids}::oid[]) as root(oid)
join pg_class c on c.oid = root.oid join pg_namespace n on n.oid = c.relnamespace
order by n.nspname, c.relname`;
}
