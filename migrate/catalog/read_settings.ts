/**
 * Reads what is set of objects by statements of their own and has no other place in their records: by which index a table
 * is clustered, options of columns, targets of statistics of expressions, tablespaces, comments of parts and so on.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import { type CatalogDraft, CATALOGS } from "./catalog_draft.ts";
import { isReadSchema } from "./catalog_sql.ts";
import { told } from "./moved_catalog.ts";
import type { ObjectSetting } from "./objects.ts";

/** A setting of an object. */
export interface SettingRow {
  readonly catalog: number;
  readonly oid: number;
  readonly set: string | null;
  readonly reset: string | null;
}

/** What an index is part of: the constraint that has it, or it is an object itself. */
const INDEX =
  `coalesce(k.oid, i.indexrelid) as oid, case when k.oid is null then ${CATALOGS.class} else ${CATALOGS.constraint} end as catalog`;

const INDEXES = `pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
  left join pg_catalog.pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace and ${isReadSchema("n.nspname")}`;

const TABLES = `pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  and ${isReadSchema("n.nspname")} and c.relpersistence <> 't'`;

const relation = (oid: string): string => `${oid}::pg_catalog.regclass`;

const target = (value: string): string => `coalesce(${value}::int4, -1)`;

const clustered = `select ${INDEX},
    pg_catalog.format('alter table %s cluster on %I', ${relation("i.indrelid")}, c.relname) as set,
    pg_catalog.format('alter table %s set without cluster', ${relation("i.indrelid")}) as reset
  from ${INDEXES} where i.indisclustered`;

const keyStatistics = `select ${INDEX},
    pg_catalog.format('alter index %s alter column %s set statistics %s', ${
  relation("c.oid")
}, a.attnum, a.attstattarget),
    pg_catalog.format('alter index %s alter column %s set statistics -1', ${relation("c.oid")}, a.attnum)
  from ${INDEXES} join pg_catalog.pg_attribute a on a.attrelid = i.indexrelid where ${
  target("a.attstattarget")
} >= 0`;

const indexComments = `select ${INDEX},
    pg_catalog.format('comment on index %s is %L', ${relation("c.oid")}, d.description),
    pg_catalog.format('comment on index %s is null', ${relation("c.oid")})
  from ${INDEXES} join pg_catalog.pg_description d
    on d.classoid = ${CATALOGS.class} and d.objoid = i.indexrelid and d.objsubid = 0
  where k.oid is not null`;

const indexSpaces = `select ${INDEX},
    pg_catalog.format('alter index %s set tablespace %I', ${relation("c.oid")}, s.spcname),
    pg_catalog.format('alter index %s set tablespace pg_default', ${relation("c.oid")})
  from ${INDEXES} join pg_catalog.pg_tablespace s on s.oid = c.reltablespace`;

const tableSpaces = `select c.oid, ${CATALOGS.class},
    pg_catalog.format('alter %s %s set tablespace %I', case c.relkind when 'm' then 'materialized view' else 'table' end,
      ${relation("c.oid")}, s.spcname),
    pg_catalog.format('alter %s %s set tablespace pg_default',
      case c.relkind when 'm' then 'materialized view' else 'table' end, ${relation("c.oid")})
  from ${TABLES} join pg_catalog.pg_tablespace s on s.oid = c.reltablespace where c.relkind in ('r', 'p', 'm')`;

const columnOptions = `select c.oid, ${CATALOGS.class},
    pg_catalog.format('alter table %s alter column %I set (%s)', ${relation("c.oid")}, a.attname,
      pg_catalog.array_to_string(a.attoptions, ', ')),
    pg_catalog.format('alter table %s alter column %I reset (%s)', ${relation("c.oid")}, a.attname,
      (select string_agg(pg_catalog.split_part(o, '=', 1), ', ') from unnest(a.attoptions) o))
  from ${TABLES} join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where a.attoptions is not null and c.relkind in ('r', 'p', 'm')`;

const typed = `select c.oid, ${CATALOGS.class},
    pg_catalog.format('alter table %s of %s', ${
  relation("c.oid")
}, pg_catalog.format_type(c.reloftype, null)),
    pg_catalog.format('alter table %s not of', ${relation("c.oid")})
  from ${TABLES} where c.reloftype <> 0`;

const attributeComments = `select c.oid, ${CATALOGS.class},
    pg_catalog.format('comment on column %s.%I is %L', ${relation("c.oid")}, a.attname, d.description),
    pg_catalog.format('comment on column %s.%I is null', ${relation("c.oid")}, a.attname)
  from ${TABLES} join pg_catalog.pg_attribute a on a.attrelid = c.oid and not a.attisdropped
  join pg_catalog.pg_description d
    on d.classoid = ${CATALOGS.class} and d.objoid = c.oid and d.objsubid = a.attnum
  where c.relkind = 'c'`;

const domainComments = `select t.oid, ${CATALOGS.type},
    pg_catalog.format('comment on constraint %I on domain %s is %L', k.conname, pg_catalog.format_type(t.oid, null),
      d.description),
    pg_catalog.format('comment on constraint %I on domain %s is null', k.conname, pg_catalog.format_type(t.oid, null))
  from pg_catalog.pg_constraint k join pg_catalog.pg_type t on t.oid = k.contypid
  join pg_catalog.pg_description d on d.classoid = ${CATALOGS.constraint} and d.objoid = k.oid`;

const statisticsTargets = `select s.oid, ${CATALOGS.statistic},
    pg_catalog.format('alter statistics %I.%I set statistics %s', n.nspname, s.stxname, s.stxstattarget),
    pg_catalog.format('alter statistics %I.%I set statistics -1', n.nspname, s.stxname)
  from pg_catalog.pg_statistic_ext s join pg_catalog.pg_namespace n on n.oid = s.stxnamespace
  where ${target("s.stxstattarget")} >= 0`;

/** Triggers of partitions that fire otherwise than the one they came with, as settings of that. */
const partitionTriggers = `select root.oid, ${CATALOGS.trigger},
    pg_catalog.format('alter table %s %s trigger %I', ${relation("t.tgrelid")}, case t.tgenabled
      when 'D' then 'disable' when 'A' then 'enable always' when 'R' then 'enable replica' else 'enable' end, t.tgname),
    pg_catalog.format('alter table %s %s trigger %I', ${relation("t.tgrelid")}, case root.tgenabled
      when 'D' then 'disable' when 'A' then 'enable always' when 'R' then 'enable replica' else 'enable' end, t.tgname)
  from pg_catalog.pg_trigger t cross join lateral (
    with recursive above as (select t.oid, t.tgparentid
      union all select p.oid, p.tgparentid from above join pg_catalog.pg_trigger p on p.oid = above.tgparentid)
    select oid from above where tgparentid = 0) as top
  join pg_catalog.pg_trigger root on root.oid = top.oid
  where t.tgparentid <> 0 and t.tgconstraint = 0 and t.tgenabled <> root.tgenabled`;

/** What goes with an extension that it is no member of. */
const ends =
  `select d.objid, d.classid, pg_catalog.format('alter %s %s depends on extension %I', o.type, o.identity,
      e.extname),
    pg_catalog.format('alter %s %s no depends on extension %I', o.type, o.identity, e.extname)
  from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
  cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, 0) as o
  where d.deptype = 'x' and d.refclassid = ${CATALOGS.extension}`;

const labels = `select l.objoid, l.classoid,
    pg_catalog.format('security label for %I on %s %s is %L', l.provider, l.word, l.identity, l.label),
    pg_catalog.format('security label for %I on %s %s is null', l.provider, l.word, l.identity)
  from (select s.*, o.identity, case when s.objsubid <> 0 then 'column' else o.type end as word
    from pg_catalog.pg_seclabel s
    cross join lateral pg_catalog.pg_identify_object(s.classoid, s.objoid, s.objsubid) as o) as l`;

/** What PostgreSQL 18 knows of NOT NULL beside its name; what a parent says is the parent's. */
const notNulls = [
  `select c.oid, ${CATALOGS.class},
    pg_catalog.format('alter table %s drop constraint %I, add constraint %I not null %I not valid', ${
    relation("c.oid")
  }, k.conname, k.conname, a.attname),
    pg_catalog.format('alter table %s validate constraint %I', ${relation("c.oid")}, k.conname)
  from ${TABLES} join pg_catalog.pg_constraint k on k.conrelid = c.oid and k.contype = 'n'
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
  where not k.convalidated and k.conislocal`,
  `select c.oid, ${CATALOGS.class},
    pg_catalog.format('alter table %s alter constraint %I no inherit', ${relation("c.oid")}, k.conname),
    pg_catalog.format('alter table %s alter constraint %I inherit', ${relation("c.oid")}, k.conname)
  from ${TABLES} join pg_catalog.pg_constraint k on k.conrelid = c.oid and k.contype = 'n' where k.connoinherit`,
  `select c.oid, ${CATALOGS.class},
    pg_catalog.format('comment on constraint %I on %s is %L', k.conname, ${relation("c.oid")}, d.description),
    pg_catalog.format('comment on constraint %I on %s is null', k.conname, ${relation("c.oid")})
  from ${TABLES} join pg_catalog.pg_constraint k on k.conrelid = c.oid and k.contype = 'n'
  join pg_catalog.pg_description d on d.classoid = ${CATALOGS.constraint} and d.objoid = k.oid`,
];

/** What is set of objects by statements of their own. */
export function readSettings(executor: Executor, serverVersion: number): Promise<SettingRow[]> {
  const parts = [
    clustered,
    keyStatistics,
    indexComments,
    indexSpaces,
    columnOptions,
    attributeComments,
    domainComments,
    statisticsTargets,
    partitionTriggers,
    ends,
    labels,
    typed,
    tableSpaces,
    ...(serverVersion >= 18 ? notNulls : []),
  ].map((part, at) => `select ${at} as place, part.* from (${part}) as part (oid, catalog, set, reset)`);
  return executor.query(
    sql.unsafe<SettingRow>(
      `select every.catalog, every.oid, every.set, every.reset from (${parts.join("\nunion all\n")}) as every
  order by every.place, every.set`,
    ),
  );
}

/** Says of objects what is set of them. */
export function addSettings(draft: CatalogDraft, rows: readonly SettingRow[]): void {
  for (const [, own] of Map.groupBy(rows, ({ catalog, oid }) => `${catalog}.${oid}`)) {
    const [{ catalog, oid }] = own;
    draft.setSettings(catalog, oid, own.map(settingOf));
  }
}

function settingOf({ set, reset }: SettingRow): ObjectSetting {
  const setting = { set: told(set), reset: told(reset) };
  return setting.reset.endsWith(" set tablespace pg_default") ? { ...setting, isLocal: true } : setting;
}
