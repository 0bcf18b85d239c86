/**
 * Reads functions and procedures, sequences, triggers, policies and extended statistics.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import { type CatalogDraft, CATALOGS, compact } from "./catalog_draft.ts";
import { FIRST_USER_OID, isOfExtension, isReadSchema } from "./catalog_sql.ts";
import { told } from "./moved_catalog.ts";
import type { PolicyObject, TriggerObject } from "./objects.ts";

/** A function or a procedure. */
export interface FunctionRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly isProcedure: boolean;
  readonly identity: string;
  readonly arguments: string;
  readonly returns: string | null;
  readonly language: string;
  readonly definition: string | null;
}

/** Functions and procedures that neither an extension nor a type brought. */
export function readFunctions(executor: Executor): Promise<FunctionRow[]> {
  return executor.query(sql.unsafe<FunctionRow>(`select p.oid, n.nspname as schema, p.proname as name,
    p.prokind = 'p' as "isProcedure", pg_catalog.oidvectortypes(p.proargtypes) as identity,
    pg_catalog.pg_get_function_arguments(p.oid) as arguments,
    pg_catalog.pg_get_function_result(p.oid) as returns, l.lanname as language,
    pg_catalog.pg_get_functiondef(p.oid) as definition
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_language l on l.oid = p.prolang
  where p.prokind in ('f', 'p') and p.oid >= ${FIRST_USER_OID} and ${isReadSchema("n.nspname")}
    and not exists (
      select from pg_catalog.pg_depend d
      where d.classid = ${CATALOGS.proc} and d.objid = p.oid and d.deptype in ('e', 'i'))
  order by p.oid`));
}

/** Adds functions and procedures to a catalog. */
export function addFunctions(draft: CatalogDraft, rows: readonly FunctionRow[]): void {
  for (const { oid, returns, definition, ...row } of rows) {
    draft.add(
      CATALOGS.proc,
      oid,
      compact({
        kind: "function" as const,
        ...row,
        returns: returns ?? undefined,
        definition: told(definition).trimEnd(),
      }),
    );
  }
}

/** A trigger. */
export interface TriggerRow {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly definition: string | null;
  readonly enabled: string;
  readonly inherited: boolean;
}

/** Triggers that people made; ours are not, nor are those of an extension's tables. */
export function readTriggers(executor: Executor): Promise<TriggerRow[]> {
  return executor.query(
    sql.unsafe<TriggerRow>(`select t.oid, n.nspname as schema, c.relname as "table", t.tgname as name,
    pg_catalog.pg_get_triggerdef(t.oid) as definition, t.tgenabled as enabled, t.tgparentid <> 0 as inherited
  from pg_catalog.pg_trigger t
  join pg_catalog.pg_class c on c.oid = t.tgrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_proc p on p.oid = t.tgfoid
  join pg_catalog.pg_namespace pn on pn.oid = p.pronamespace
  where (not t.tgisinternal or (t.tgparentid <> 0 and t.tgconstraint = 0)) and c.relpersistence <> 't'
    and pn.nspname !~ '^lifeguard_' and ${isReadSchema("n.nspname")} and not ${isOfExtension("c.oid")}
  order by t.oid`),
  );
}

const FIRING: Readonly<Record<string, TriggerObject["enabled"]>> = {
  O: "origin",
  A: "always",
  R: "replica",
  D: "disabled",
};

/** Adds triggers to a catalog. */
export function addTriggers(draft: CatalogDraft, rows: readonly TriggerRow[]): void {
  for (const { oid, enabled, inherited, definition, ...row } of rows) {
    draft.add(
      CATALOGS.trigger,
      oid,
      compact({
        kind: "trigger" as const,
        ...row,
        definition: told(definition),
        enabled: FIRING[enabled],
        inherited: inherited || undefined,
      }),
    );
  }
}

/** A policy. */
export interface PolicyRow {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly permissive: boolean;
  readonly command: string;
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
}

/** Policies. */
export function readPolicies(executor: Executor): Promise<PolicyRow[]> {
  return executor.query(
    sql.unsafe<PolicyRow>(`select p.oid, n.nspname as schema, c.relname as "table", p.polname as name,
    p.polpermissive as permissive, p.polcmd as command,
    array(select coalesce(r.rolname, 'public') from unnest(p.polroles) as role(oid)
      left join pg_catalog.pg_roles r on r.oid = role.oid order by 1) as roles,
    pg_catalog.pg_get_expr(p.polqual, p.polrelid) as using,
    pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as check
  from pg_catalog.pg_policy p
  join pg_catalog.pg_class c on c.oid = p.polrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where ${isReadSchema("n.nspname")}
  order by p.oid`),
  );
}

const COMMANDS: Readonly<Record<string, PolicyObject["command"]>> = {
  "*": "all",
  r: "select",
  a: "insert",
  w: "update",
  d: "delete",
};

/** Adds policies to a catalog. */
export function addPolicies(draft: CatalogDraft, rows: readonly PolicyRow[]): void {
  for (const { oid, command, using, check, ...row } of rows) {
    draft.add(
      CATALOGS.policy,
      oid,
      compact({
        kind: "policy" as const,
        ...row,
        command: COMMANDS[command],
        using: using ?? undefined,
        check: check ?? undefined,
      }),
    );
  }
}

/** Extended statistics. */
export interface StatisticsRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly table: string;
  readonly definition: string | null;
}

/** Extended statistics. */
export function readStatistics(executor: Executor): Promise<StatisticsRow[]> {
  return executor.query(sql.unsafe<StatisticsRow>(`select s.oid, n.nspname as schema, s.stxname as name,
    c.relname as "table", pg_catalog.pg_get_statisticsobjdef(s.oid) as definition
  from pg_catalog.pg_statistic_ext s
  join pg_catalog.pg_namespace n on n.oid = s.stxnamespace
  join pg_catalog.pg_class c on c.oid = s.stxrelid
  where ${isReadSchema("n.nspname")}
  order by s.oid`));
}

/** Adds extended statistics to a catalog. */
export function addStatistics(draft: CatalogDraft, rows: readonly StatisticsRow[]): void {
  for (const { oid, definition, ...row } of rows) {
    draft.add(CATALOGS.statistic, oid, { kind: "statistics", ...row, definition: told(definition) });
  }
}
