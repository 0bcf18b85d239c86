/**
 * An enum without one of its labels, which PostgreSQL has no statement for.
 *
 * @module
 */
import { quoteLiteral } from "../../orm/building/inlined.ts";
import { writeName } from "../../orm/compiling/ddl/write_table.ts";
import type { CatalogObject } from "../catalog/objects.ts";

/**
 * A statement that makes an enum anew without a label: the old one is renamed, the columns of it take the new one, and
 * it is dropped. The other labels, and the defaults of the columns, are read when it is run.
 *
 * @param type The enum.
 * @param label The label that goes.
 */
export function rebuildWithoutLabel(type: CatalogObject, label: string): string {
  const body = `
declare
  old_type constant regtype := ${quoteLiteral(writeName(type))}::regtype;
  place constant text := (select quote_ident(nspname) from pg_catalog.pg_type t
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace where t.oid = old_type);
  name constant text := (select typname from pg_catalog.pg_type where oid = old_type);
  labels constant text := (select string_agg(quote_literal(enumlabel), ', ' order by enumsortorder)
    from pg_catalog.pg_enum where enumtypid = old_type and enumlabel <> ${quoteLiteral(label)});
  said constant text := pg_catalog.obj_description(old_type, 'pg_type');
  found record;
begin
  create temporary table lifeguard_enum_columns on commit drop as
    select format('%I.%I', n.nspname, c.relname) as place, quote_ident(a.attname) as name,
      case when a.atttypid = old_type then '' else '[]' end as brackets,
      pg_catalog.pg_get_expr(d.adbin, d.adrelid) as value
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p')
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where not a.attisdropped and a.attinhcount = 0
      and a.atttypid in (old_type, (select typarray from pg_catalog.pg_type where oid = old_type));
  execute format('alter type %s.%I rename to lifeguard_old_enum', place, name);
  execute format('create type %s.%I as enum (%s)', place, name, labels);
  for found in select * from lifeguard_enum_columns loop
    if found.value is not null then
      execute format('alter table %s alter column %s drop default', found.place, found.name);
    end if;
    execute format('alter table %s alter column %s set data type %s.%I%s using %s::text%s::%s.%I%s',
      found.place, found.name, place, name, found.brackets,
      found.name, found.brackets, place, name, found.brackets);
    if found.value is not null then
      execute format('alter table %s alter column %s set default %s', found.place, found.name, found.value);
    end if;
  end loop;
  if said is not null then
    execute format('comment on type %s.%I is %L', place, name, said);
  end if;
  if (select t.typowner <> current_user::regrole from pg_catalog.pg_type t where t.oid = old_type) then
    execute (select format('alter type %s.%I owner to %s', place, name, t.typowner::regrole)
      from pg_catalog.pg_type t where t.oid = old_type);
  end if;
  for found in
    select format('grant usage on type %s.%I to %s%s', place, name,
        case g.grantee when 0 then 'public' else quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) end,
        case when g.is_grantable and g.grantee <> t.typowner then ' with grant option' else '' end) as text
      from pg_catalog.pg_type t cross join lateral pg_catalog.aclexplode(t.typacl) g where t.oid = old_type
    union all
    select format('revoke usage on type %s.%I from public', place, name) from pg_catalog.pg_type t
      where t.oid = old_type and t.typacl is not null
        and not exists (select from pg_catalog.aclexplode(t.typacl) g where g.grantee = 0)
  loop
    execute found.text;
  end loop;
  execute format('drop type %s.lifeguard_old_enum', place);
  drop table lifeguard_enum_columns;
end`;
  let tag = "$lifeguard$";
  for (let count = 0; body.includes(tag); count++) tag = `$lifeguard${count}$`;
  return `do ${tag}${body} ${tag}`;
}
