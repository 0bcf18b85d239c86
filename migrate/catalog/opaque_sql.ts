/**
 * How things without a kind of their own are asked for: where PostgreSQL has no function that tells what created them,
 * their statement is put together as pg_dump does. No statement tells a password: what may hold one has none.
 *
 * @module
 */
import { isOfExtension } from "./catalog_sql.ts";

/** What of one catalog is asked for. */
export interface OpaqueQuery {
  /** The OID of the catalog. */
  readonly catalog: number;
  /** Selects `oid`, `definition` (null where nothing tells it) and `facts` (what else its hash is made of). */
  readonly text: string;
}

const options = (array: string): string =>
  `(select ' options (' || string_agg(quote_ident(split_part(o, '=', 1)) || ' ' ||
    quote_literal(substr(o, strpos(o, '=') + 1)), ', ' order by position) || ')'
    from unnest(${array}) with ordinality as option(o, position))`;

const named = (label: string, expression: string): string =>
  `case when ${expression} <> 0 then '${label} = ' || ${expression}::regproc end`;

const qualified = (schema: string, name: string): string =>
  `case when ${schema} = 'pg_catalog' then '' else quote_ident(${schema}) || '.' end || ${name}`;

const operator = (oid: string): string =>
  `(select 'operator(' || quote_ident(on_.nspname) || '.' || op.oprname || ')'
    from pg_operator op join pg_namespace on_ on on_.oid = op.oprnamespace where op.oid = ${oid})`;

/** Items of an operator class or family: what depends on it in that way. */
const items = (catalog: number, oid: string, deptype: string): string =>
  `(select string_agg(item, ', ' order by item) from (
    select 'operator ' || a.amopstrategy || ' ' || a.amopopr::regoperator ||
      case when a.amopsortfamily <> 0 then ' for order by ' || (
        select quote_ident(fn.nspname) || '.' || quote_ident(f.opfname) from pg_opfamily f
        join pg_namespace fn on fn.oid = f.opfnamespace where f.oid = a.amopsortfamily) else '' end as item
    from pg_amop a join pg_depend d on d.classid = 2602 and d.objid = a.oid
    where d.refclassid = ${catalog} and d.refobjid = ${oid} and d.deptype = '${deptype}'
    union all
    select 'function ' || a.amprocnum || ' (' || format_type(a.amproclefttype, null) || ', ' ||
      format_type(a.amprocrighttype, null) || ') ' || a.amproc::regprocedure
    from pg_amproc a join pg_depend d on d.classid = 2603 and d.objid = a.oid
    where d.refclassid = ${catalog} and d.refobjid = ${oid} and d.deptype = '${deptype}') as listed)`;

const rule = `select r.oid, pg_get_ruledef(r.oid) || case r.ev_enabled when 'O' then '' else
      E'\\nalter table ' || r.ev_class::regclass || case r.ev_enabled when 'D' then ' disable rule '
        when 'A' then ' enable always rule ' else ' enable replica rule ' end || quote_ident(r.rulename) || ';' end
      as definition, null as facts
  from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
  where r.rulename <> '_RETURN' and n.nspname !~ '^(pg_|lifeguard_)' and not ${isOfExtension("c.oid")}`;

const aggregate =
  `select p.oid, 'create aggregate ' || quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' ||
      coalesce(nullif(pg_get_function_arguments(p.oid), ''), '*') || ') (' || concat_ws(', ',
      'sfunc = ' || a.aggtransfn, 'stype = ' || format_type(a.aggtranstype, null),
      case when a.aggtransspace <> 0 then 'sspace = ' || a.aggtransspace end,
      ${named("finalfunc", "a.aggfinalfn")}, case when a.aggfinalextra then 'finalfunc_extra' end,
      case when a.aggfinalfn <> 0 then 'finalfunc_modify = ' ||
        case a.aggfinalmodify when 'r' then 'read_only' when 's' then 'shareable' else 'read_write' end end,
      ${named("combinefunc", "a.aggcombinefn")}, ${named("serialfunc", "a.aggserialfn")},
      ${named("deserialfunc", "a.aggdeserialfn")}, 'initcond = ' || quote_literal(a.agginitval),
      ${named("msfunc", "a.aggmtransfn")}, ${named("minvfunc", "a.aggminvtransfn")},
      case when a.aggmtranstype <> 0 then 'mstype = ' || format_type(a.aggmtranstype, null) end,
      case when a.aggmtransspace <> 0 then 'msspace = ' || a.aggmtransspace end,
      ${named("mfinalfunc", "a.aggmfinalfn")}, case when a.aggmfinalextra then 'mfinalfunc_extra' end,
      case when a.aggmfinalfn <> 0 then 'mfinalfunc_modify = ' ||
        case a.aggmfinalmodify when 'r' then 'read_only' when 's' then 'shareable' else 'read_write' end end,
      'minitcond = ' || quote_literal(a.aggminitval),
      case when a.aggsortop <> 0 then 'sortop = ' || ${operator("a.aggsortop")} end,
      case p.proparallel when 's' then 'parallel = safe' when 'r' then 'parallel = restricted' end,
      case when a.aggkind = 'h' then 'hypothetical' end) || ');' as definition, null as facts
  from pg_proc p join pg_aggregate a on a.aggfnoid = p.oid join pg_namespace n on n.oid = p.pronamespace`;

const windowFunction = `select p.oid, pg_get_functiondef(p.oid) as definition, null as facts
  from pg_proc p where p.prokind = 'w'`;

const cast = `select k.oid, 'create cast (' || format_type(k.castsource, null) || ' as ' ||
      format_type(k.casttarget, null) || ') ' || case k.castmethod when 'f' then 'with function ' ||
        k.castfunc::regprocedure when 'i' then 'with inout' else 'without function' end ||
      case k.castcontext when 'a' then ' as assignment' when 'i' then ' as implicit' else '' end || ';' as definition,
    null as facts
  from pg_cast k`;

const operators =
  `select o.oid, case when o.oprcode = 0 then null else 'create operator ' || quote_ident(n.nspname) ||
      '.' || o.oprname || ' (' || concat_ws(', ', 'function = ' || o.oprcode,
      case when o.oprleft <> 0 then 'leftarg = ' || format_type(o.oprleft, null) end,
      'rightarg = ' || format_type(o.oprright, null), 'commutator = ' || ${operator("o.oprcom")},
      'negator = ' || ${operator("o.oprnegate")}, ${named("restrict", "o.oprrest")},
      ${named("join", "o.oprjoin")}, case when o.oprcanhash then 'hashes' end,
      case when o.oprcanmerge then 'merges' end) || ');' end as definition, null as facts
  from pg_operator o join pg_namespace n on n.oid = o.oprnamespace`;

const family =
  `select f.oid, 'create operator family ' || quote_ident(n.nspname) || '.' || quote_ident(f.opfname) ||
      ' using ' || quote_ident(am.amname) || ';' || coalesce(E'\\nalter operator family ' || quote_ident(n.nspname) ||
      '.' || quote_ident(f.opfname) || ' using ' || quote_ident(am.amname) || ' add ' ||
      ${items(2753, "f.oid", "a")} || ';', '') as definition, null as facts
  from pg_opfamily f join pg_namespace n on n.oid = f.opfnamespace join pg_am am on am.oid = f.opfmethod`;

const opclass =
  `select o.oid, 'create operator class ' || quote_ident(n.nspname) || '.' || quote_ident(o.opcname) ||
      case when o.opcdefault then ' default' else '' end || ' for type ' || format_type(o.opcintype, null) ||
      ' using ' || quote_ident(am.amname) || ' family ' || quote_ident(fn.nspname) || '.' || quote_ident(f.opfname) ||
      ' as ' || concat_ws(', ', ${items(2616, "o.oid", "i")},
        'storage ' || format_type(coalesce(nullif(o.opckeytype, 0), o.opcintype), null)) || ';' as definition,
    null as facts
  from pg_opclass o join pg_namespace n on n.oid = o.opcnamespace join pg_am am on am.oid = o.opcmethod
  join pg_opfamily f on f.oid = o.opcfamily join pg_namespace fn on fn.oid = f.opfnamespace`;

const dictionary = `select d.oid, 'create text search dictionary ' || quote_ident(n.nspname) || '.' ||
      quote_ident(d.dictname) || ' (template = ' || quote_ident(tn.nspname) || '.' || quote_ident(t.tmplname) ||
      coalesce(', ' || d.dictinitoption, '') || ');' as definition, null as facts
  from pg_ts_dict d join pg_namespace n on n.oid = d.dictnamespace
  join pg_ts_template t on t.oid = d.dicttemplate join pg_namespace tn on tn.oid = t.tmplnamespace`;

const configuration = `select c.oid, 'create text search configuration ' || quote_ident(n.nspname) || '.' ||
      quote_ident(c.cfgname) || ' (parser = ' || quote_ident(pn.nspname) || '.' || quote_ident(p.prsname) || ');' ||
      coalesce((select string_agg(E'\\nalter text search configuration ' || quote_ident(n.nspname) || '.' ||
          quote_ident(c.cfgname) || ' add mapping for ' || quote_ident(mapped.token) || ' with ' ||
          mapped.dictionaries || ';', '' order by mapped.token)
        from (select t.alias as token, string_agg(quote_ident(dn.nspname) || '.' || quote_ident(d.dictname), ', '
            order by m.mapseqno) as dictionaries
          from pg_ts_config_map m join ts_token_type(c.cfgparser) t on t.tokid = m.maptokentype
          join pg_ts_dict d on d.oid = m.mapdict join pg_namespace dn on dn.oid = d.dictnamespace
          where m.mapcfg = c.oid group by t.alias) as mapped), '') as definition, null as facts
  from pg_ts_config c join pg_namespace n on n.oid = c.cfgnamespace
  join pg_ts_parser p on p.oid = c.cfgparser join pg_namespace pn on pn.oid = p.prsnamespace`;

const parser =
  `select p.oid, 'create text search parser ' || quote_ident(n.nspname) || '.' || quote_ident(p.prsname) ||
      ' (' || concat_ws(', ', 'start = ' || p.prsstart, 'gettoken = ' || p.prstoken, 'end = ' || p.prsend,
        'lextypes = ' || p.prslextype, ${
    named("headline", "p.prsheadline")
  }) || ');' as definition, null as facts
  from pg_ts_parser p join pg_namespace n on n.oid = p.prsnamespace`;

const template = `select t.oid, 'create text search template ' || quote_ident(n.nspname) || '.' ||
      quote_ident(t.tmplname) || ' (' || concat_ws(', ', ${named("init", "t.tmplinit")},
        'lexize = ' || t.tmpllexize) || ');' as definition, null as facts
  from pg_ts_template t join pg_namespace n on n.oid = t.tmplnamespace`;

const wrapper = `select w.oid, 'create foreign data wrapper ' || quote_ident(w.fdwname) ||
      case when w.fdwhandler <> 0 then ' handler ' || w.fdwhandler::regproc else '' end ||
      case when w.fdwvalidator <> 0 then ' validator ' || w.fdwvalidator::regproc else '' end ||
      coalesce(${options("w.fdwoptions")}, '') || ';' as definition, null as facts
  from pg_foreign_data_wrapper w`;

const server = `select s.oid, 'create server ' || quote_ident(s.srvname) ||
      coalesce(' type ' || quote_literal(s.srvtype), '') || coalesce(' version ' || quote_literal(s.srvversion), '') ||
      ' foreign data wrapper ' || quote_ident(w.fdwname) || coalesce(${options("s.srvoptions")}, '') || ';'
      as definition, null as facts
  from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw`;

const mapping = `select u.umid as oid, case when u.umoptions::text ~* 'pass|secret|token|key' then null else
      'create user mapping for ' || case when u.umuser = 0 then 'public' else quote_ident(u.usename) end || ' server ' ||
      quote_ident(u.srvname) || coalesce(${options("u.umoptions")}, '') || ';' end as definition,
    (select string_agg(split_part(o, '=', 1), ', ' order by o) from unnest(u.umoptions) as o) as facts
  from pg_user_mappings u`;

const foreignTable =
  `select c.oid, 'create foreign table ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname) ||
      ' (' || concat_ws(', ', (select string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) ||
          coalesce(${
    options("a.attfdwoptions")
  }, '') || case when a.attcollation <> t.typcollation then ' collate ' || (
            select quote_ident(cn.nspname) || '.' || quote_ident(co.collname) from pg_collation co
            join pg_namespace cn on cn.oid = co.collnamespace where co.oid = a.attcollation) else '' end ||
          case when a.attgenerated <> '' then ' generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') stored'
            else coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') end ||
          case when a.attnotnull then ' not null' else '' end, ', ' order by a.attnum)
        from pg_attribute a join pg_type t on t.oid = a.atttypid
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and (a.attislocal or c.relispartition)),
      (select string_agg('constraint ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), ', '
          order by k.conname) from pg_constraint k where k.conrelid = c.oid and k.contype = 'c'
            and (k.conislocal or c.relispartition))) || ')' || coalesce(' inherits (' || (
        select string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno) from pg_inherits i
        where i.inhrelid = c.oid and not c.relispartition) || ')', '') || ' server ' || quote_ident(s.srvname) || coalesce(${
    options("f.ftoptions")
  }, '') || ';' || coalesce((
        select string_agg(E'\\nalter table only ' || i.inhparent::regclass || ' attach partition ' || c.oid::regclass ||
          ' ' || pg_get_expr(c.relpartbound, c.oid) || ';', '')
        from pg_inherits i where i.inhrelid = c.oid and c.relispartition), '') || coalesce((
        select string_agg(
          case when coalesce(a.attstattarget::int4, -1) >= 0 then E'\\nalter foreign table ' || c.oid::regclass ||
            ' alter column ' || quote_ident(a.attname) || ' set statistics ' || a.attstattarget || ';' else '' end ||
          coalesce(E'\\nalter foreign table ' || c.oid::regclass || ' alter column ' || quote_ident(a.attname) ||
            ' set (' || array_to_string(a.attoptions, ', ') || ');', '') ||
          coalesce(E'\\ncomment on column ' || c.oid::regclass || '.' || quote_ident(a.attname) || ' is ' ||
            quote_literal(d.description) || ';', ''), '' order by a.attnum)
        from pg_attribute a left join pg_description d
          on d.classoid = 1259 and d.objoid = c.oid and d.objsubid = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '') as definition,
    null as facts
  from pg_foreign_table f join pg_class c on c.oid = f.ftrelid join pg_namespace n on n.oid = c.relnamespace
  join pg_foreign_server s on s.oid = f.ftserver`;

const eventTrigger =
  `select e.oid, 'create event trigger ' || quote_ident(e.evtname) || ' on ' || e.evtevent ||
      coalesce(' when tag in (' || (select string_agg(quote_literal(tag), ', ' order by tag) from unnest(e.evttags) as tag)
        || ')', '') || ' execute function ' || e.evtfoid::regproc || '();' || case e.evtenabled when 'O' then '' else
      E'\\nalter event trigger ' || quote_ident(e.evtname) || case e.evtenabled when 'D' then ' disable;'
        when 'A' then ' enable always;' else ' enable replica;' end end as definition, null as facts
  from pg_event_trigger e join pg_proc p on p.oid = e.evtfoid join pg_namespace n on n.oid = p.pronamespace
  where n.nspname !~ '^lifeguard_'`;

const publication = (version: number): string =>
  `select p.oid, 'create publication ' || quote_ident(p.pubname) || case when p.puballtables then ' for all tables' else
      coalesce(' for ' || nullif(concat_ws(', ', (
        select string_agg('table only ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname)${
    version >= 15
      ? ` || coalesce(' (' || (
          select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
          where a.attrelid = r.prrelid and a.attnum = any (r.prattrs)) || ')', '') ||
          coalesce(' where (' || pg_get_expr(r.prqual, r.prrelid) || ')', '')`
      : ""
  }, ', ' order by n.nspname, c.relname)
        from pg_publication_rel r join pg_class c on c.oid = r.prrelid join pg_namespace n on n.oid = c.relnamespace
        where r.prpubid = p.oid)${
    version >= 15
      ? `, (select string_agg('tables in schema ' || quote_ident(n.nspname), ', ' order by n.nspname)
        from pg_publication_namespace r join pg_namespace n on n.oid = r.pnnspid where r.pnpubid = p.oid)`
      : ""
  }), ''), '') end || ' with (publish = ''' || concat_ws(', ', case when p.pubinsert then 'insert' end,
        case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end,
        case when p.pubtruncate then 'truncate' end) || '''' ||
      case when p.pubviaroot then ', publish_via_partition_root = true' else '' end${
    version >= 18
      ? ` || case p.pubgencols when 's' then ', publish_generated_columns = stored' else '' end`
      : ""
  } || ');' as definition, null as facts
  from pg_publication p where p.pubname !~ '^lifeguard(_|$)'`;

const conversion =
  `select c.oid, 'create ' || case when c.condefault then 'default ' else '' end || 'conversion ' ||
      quote_ident(n.nspname) || '.' || quote_ident(c.conname) || ' for ' ||
      quote_literal(pg_encoding_to_char(c.conforencoding)) || ' to ' ||
      quote_literal(pg_encoding_to_char(c.contoencoding)) || ' from ' || c.conproc || ';' as definition, null as facts
  from pg_conversion c join pg_namespace n on n.oid = c.connamespace`;

const accessMethod = `select a.oid, 'create access method ' || quote_ident(a.amname) || ' type ' ||
      case a.amtype when 't' then 'table' else 'index' end || ' handler ' || a.amhandler || ';' as definition,
    null as facts
  from pg_am a`;

const language =
  `select l.oid, 'create ' || case when l.lanpltrusted then 'trusted ' else '' end || 'language ' ||
      quote_ident(l.lanname) || ' handler ' || l.lanplcallfoid::regproc ||
      case when l.laninline <> 0 then ' inline ' || l.laninline::regproc else '' end ||
      case when l.lanvalidator <> 0 then ' validator ' || l.lanvalidator::regproc else '' end || ';' as definition,
    null as facts
  from pg_language l where l.lanispl`;

const transform = `select t.oid, 'create transform for ' || format_type(t.trftype, null) || ' language ' ||
      quote_ident(l.lanname) || ' (' || concat_ws(', ',
        case when t.trffromsql <> 0 then 'from sql with function ' || t.trffromsql::regprocedure end,
        case when t.trftosql <> 0 then 'to sql with function ' || t.trftosql::regprocedure end) || ');' as definition,
    null as facts
  from pg_transform t join pg_language l on l.oid = t.trflang`;

const baseType = `select t.oid, case when t.typisdefined then null else 'create type ' ||
      ${qualified("n.nspname", "quote_ident(t.typname)")} || ';' end as definition,
    concat_ws(' ', t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze, t.typlen,
      t.typbyval, t.typcategory, t.typispreferred, t.typdelim, t.typalign, t.typstorage) as facts
  from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typtype in ('b', 'p')`;

/** The grants and revocations of default privileges, or what takes them back, in which is as it was before. */
const defaultPrivileges = (isBack: boolean): string => {
  const [grant, revoke] = isBack ? ["revoke %s on %s from %s", "grant %s on %s to %s"] : [
    "grant %s on %s to %s",
    "revoke %s on %s from %s",
  ];
  const option = isBack ? "''" : "case when g.is_grantable then ' with grant option' else '' end";
  return `(select string_agg('alter default privileges for role ' || quote_ident(pg_get_userbyid(a.defaclrole)) ||
      coalesce(' in schema ' || quote_ident(n.nspname), '') || ' ' || change.text || ';', E'\\n' order by change.text)
    from (
      select format('${grant}', string_agg(g.privilege_type, ', ' order by g.privilege_type), words.plural,
        case g.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end) || ${option} as text
      from aclexplode(a.defaclacl) g where not exists (
        select from aclexplode(words.usual) u where u.grantee = g.grantee and u.privilege_type = g.privilege_type
          and u.is_grantable = g.is_grantable)
      group by g.grantee, g.is_grantable
      union all
      select format('${revoke}', string_agg(u.privilege_type, ', ' order by u.privilege_type), words.plural,
        case u.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(u.grantee)) end)
      from aclexplode(words.usual) u where not exists (
        select from aclexplode(a.defaclacl) g where g.grantee = u.grantee and g.privilege_type = u.privilege_type)
      group by u.grantee) as change)`;
};

const defaultAcl = `select a.oid, ${defaultPrivileges(false)} as definition, ${
  defaultPrivileges(true)
} as facts
  from pg_default_acl a left join pg_namespace n on n.oid = a.defaclnamespace
  cross join lateral (select case a.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences'
      when 'f' then 'functions' when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end as plural,
    case when a.defaclnamespace = 0
      then acldefault(case a.defaclobjtype when 'S' then 's' else a.defaclobjtype end::"char", a.defaclrole) end as usual)
    as words`;

const subscription = `select s.oid, null as definition, array_to_string(s.subpublications, ', ') as facts
  from pg_subscription s where s.subdbid = (select oid from pg_database where datname = current_database())`;

/** Everything that has no kind of its own on a server of a version. */
export function opaqueQueries(version: number): readonly OpaqueQuery[] {
  return [
    { catalog: 2618, text: rule },
    { catalog: 1255, text: aggregate },
    { catalog: 1255, text: windowFunction },
    { catalog: 2605, text: cast },
    { catalog: 2617, text: operators },
    { catalog: 2753, text: family },
    { catalog: 2616, text: opclass },
    { catalog: 3600, text: dictionary },
    { catalog: 3602, text: configuration },
    { catalog: 3601, text: parser },
    { catalog: 3764, text: template },
    { catalog: 2328, text: wrapper },
    { catalog: 1417, text: server },
    { catalog: 1418, text: mapping },
    { catalog: 1259, text: foreignTable },
    { catalog: 3466, text: eventTrigger },
    { catalog: 6104, text: publication(version) },
    { catalog: 2607, text: conversion },
    { catalog: 2601, text: accessMethod },
    { catalog: 2612, text: language },
    { catalog: 3576, text: transform },
    { catalog: 1247, text: baseType },
    { catalog: 826, text: defaultAcl },
    { catalog: 6100, text: subscription },
  ];
}
