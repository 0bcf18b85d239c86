/**
 * The SQL of the publication that `logical` follows, as text: nothing here asks a server.
 *
 * A publication has a price for its users: PostgreSQL refuses updates and deletes of a published table that has no
 * replica identity. So a table without one is refused here, before it is published. For the same reason there are no
 * column lists, which would refuse them when the replica identity is changed later.
 *
 * Changes of partitions are told as changes of the table they belong to.
 *
 * @module
 */
import { quoteLiteral } from "../../orm/building/inlined.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";

/** The name of the publication, unless settings say another. */
export const DEFAULT_PUBLICATION = "lifeguard";

/** A table to publish. */
export interface PublishedTable {
  readonly schema: string;
  readonly table: string;
}

/**
 * Creates the publication, or makes an existing one have exactly these tables. May be run again. The role has to own
 * the tables, and needs CREATE of the database.
 *
 * @param tables All tables to follow; partitioned ones by their root.
 * @param name The publication's name.
 */
export function publicationSql(
  tables: readonly PublishedTable[],
  name: string = DEFAULT_PUBLICATION,
): string {
  const relations = tables.map(({ schema, table }) => `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`);
  const publication = quoteIdentifier(name);
  const settings = "publish = 'insert, update, delete, truncate', publish_via_partition_root = true";
  const list = relations.map((relation) => `table ${relation}`).join(", ");
  return `do $lifeguard$
declare
  refused text;
begin
${
    relations.length === 0
      ? ""
      : `${identityCheck(relations)}\n`
  }  if not exists (select from pg_catalog.pg_publication where pubname = ${quoteLiteral(name)}) then
    create publication ${publication}${list === "" ? "" : ` for ${list}`} with (${settings});
  else
${
    list === ""
      ? `    drop publication ${publication};
    create publication ${publication} with (${settings});`
      : `    alter publication ${publication} set ${list};
    alter publication ${publication} set (${settings});`
  }
  end if;
end
$lifeguard$;
`;
}

/** Takes the publication away; see `slot.ts` for its slot. */
export function removePublicationSql(name: string = DEFAULT_PUBLICATION): string {
  return `drop publication if exists ${quoteIdentifier(name)};
`;
}

function identityCheck(relations: readonly string[]): string {
  return `  select string_agg(c.oid::regclass::text, ', ' order by c.oid::regclass::text) into refused
  from unnest(array[${relations.map(quoteLiteral).join(", ")}]::regclass[]) as root
  -- Of a table that is no partitioned one the tree is empty.
  cross join lateral (select root as relid union select tree.relid from pg_catalog.pg_partition_tree(root) as tree) as member
  join pg_catalog.pg_class c on c.oid = member.relid and c.relkind = 'r'
  where c.relreplident <> 'f' and not exists (
    select from pg_catalog.pg_index i
    where i.indrelid = c.oid and (c.relreplident = 'd' and i.indisprimary or c.relreplident = 'i' and i.indisreplident));
  if refused is not null then
    raise exception 'Cannot publish %: without a replica identity their updates would fail', refused
      using hint = 'Give each a primary key, or alter table … replica identity full.';
  end if;`;
}
