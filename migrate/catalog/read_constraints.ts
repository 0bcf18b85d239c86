/**
 * Reads constraints of tables.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import { type CatalogDraft, CATALOGS, compact, parametersOf } from "./catalog_draft.ts";
import { isReadSchema } from "./catalog_sql.ts";
import { told } from "./moved_catalog.ts";
import type { ConstraintObject, ForeignKeyAction, TableConstraint, TableName } from "./objects.ts";
import type { IndexParts } from "./read_indexes.ts";

/** A row of `pg_constraint`. */
export interface ConstraintRow {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly tableOid: number;
  readonly name: string;
  /** `p` primary key, `u` unique, `c` check, `f` foreign key, `x` exclusion. */
  readonly type: string;
  readonly deferrable: boolean;
  readonly deferred: boolean;
  readonly isValid: boolean;
  readonly isEnforced: boolean;
  readonly noInherit: boolean;
  readonly inherited: boolean;
  readonly parent: number;
  /** Whether it is only what a foreign key to a partitioned table has for a partition of that. */
  readonly isPart: boolean;
  readonly index: number;
  readonly columns: readonly string[] | null;
  readonly condition: string | null;
  readonly targetSchema: string | null;
  readonly target: string | null;
  readonly targetColumns: readonly string[] | null;
  readonly match: string;
  readonly onDelete: string;
  readonly onUpdate: string;
  readonly onDeleteColumns: readonly string[] | null;
  readonly period: boolean;
  readonly operators: readonly string[] | null;
}

const names = (table: string, numbers: string): string =>
  `(select array_agg(a.attname order by at.position)
    from unnest(${numbers}) with ordinality as at(number, position)
    join pg_catalog.pg_attribute a on a.attrelid = ${table} and a.attnum = at.number)`;

/** Constraints but NOT NULL, of tables and foreign tables. */
export function readConstraints(executor: Executor, serverVersion: number): Promise<ConstraintRow[]> {
  const since = (version: number, expression: string, otherwise: string): string =>
    serverVersion >= version ? expression : otherwise;
  return executor.query(sql.unsafe<ConstraintRow>(`select k.oid, n.nspname as schema, c.relname as "table",
    k.conrelid as "tableOid", k.conname as name, k.contype as type,
    k.condeferrable as deferrable, k.condeferred as deferred, k.convalidated as "isValid",
    ${since(18, "k.conenforced", "true")} as "isEnforced", k.connoinherit as "noInherit",
    k.coninhcount > 0 and not k.conislocal as inherited, k.conparentid as parent,
    coalesce(parent.conrelid = k.conrelid, false) as "isPart", k.conindid as index,
    ${names("k.conrelid", "k.conkey")} as columns,
    case when k.contype = 'c' then pg_catalog.pg_get_expr(k.conbin, k.conrelid) end as condition,
    tn.nspname as "targetSchema", t.relname as target,
    case when k.contype = 'f' then ${names("k.confrelid", "k.confkey")} end as "targetColumns",
    k.confmatchtype as match, k.confdeltype as "onDelete", k.confupdtype as "onUpdate",
    ${
    since(15, `case when k.contype = 'f' then ${names("k.conrelid", "k.confdelsetcols")} end`, "null::name[]")
  } as "onDeleteColumns",
    ${since(18, "k.conperiod", "false")} as period,
    case when k.contype = 'x' then (
      select array_agg(case when opn.nspname = 'pg_catalog' then o.oprname::text
        else 'OPERATOR(' || pg_catalog.quote_ident(opn.nspname) || '.' || o.oprname || ')' end order by x.position)
      from unnest(k.conexclop) with ordinality as x(oid, position)
      join pg_catalog.pg_operator o on o.oid = x.oid
      join pg_catalog.pg_namespace opn on opn.oid = o.oprnamespace) end as operators
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_class c on c.oid = k.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_constraint parent on parent.oid = k.conparentid
  left join pg_catalog.pg_class t on t.oid = k.confrelid
  left join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
  where k.contype in ('p', 'u', 'c', 'f', 'x') and c.relpersistence <> 't' and c.relkind <> 'f'
    and ${isReadSchema("n.nspname")}
  order by k.oid`));
}

/** Adds constraints to a catalog. */
export function addConstraints(
  draft: CatalogDraft,
  rows: readonly ConstraintRow[],
  indexes: ReadonlyMap<number, IndexParts>,
): void {
  for (const row of rows) {
    if (draft.isMember(CATALOGS.class, row.tableOid)) {
      draft.belongs(CATALOGS.constraint, row.oid, CATALOGS.class, row.tableOid);
    } else if (row.isPart) {
      draft.belongs(CATALOGS.constraint, row.oid, CATALOGS.constraint, row.parent);
    } else {
      draft.add(CATALOGS.constraint, row.oid, constraintOf(row, indexes.get(row.index)));
      if (row.type !== "f" && row.index !== 0) {
        draft.belongs(CATALOGS.class, row.index, CATALOGS.constraint, row.oid);
      }
    }
  }
}

function constraintOf(
  row: ConstraintRow,
  index: IndexParts | undefined,
): Omit<ConstraintObject, "dependsOn" | "comment"> {
  return compact({
    kind: "constraint" as const,
    schema: row.schema,
    table: row.table,
    name: row.name,
    constraint: demandOf(row, index),
    deferrable: row.deferrable ? row.deferred ? "deferred" as const : "immediate" as const : undefined,
    // What is not enforced was never checked; that is not the same as NOT VALID.
    isValid: row.isValid || !row.isEnforced,
    isEnforced: row.isEnforced ? undefined : false,
    // Keys of tables without partitions are always so.
    noInherit: row.type === "c" && row.noInherit || undefined,
    inherited: row.inherited || undefined,
  });
}

function demandOf(row: ConstraintRow, index: IndexParts | undefined): TableConstraint {
  const columns = row.columns ?? [];
  const parameters = index?.parameters ?? parametersOf(null);
  switch (row.type) {
    case "p":
    case "u":
      return compact({
        type: row.type === "p" ? "primary key" as const : "unique" as const,
        columns,
        include: index?.include ?? [],
        nullsNotDistinct: index?.nullsNotDistinct || undefined,
        withoutOverlaps: row.period || undefined,
        parameters,
      });
    case "c":
      return { type: "check", condition: told(row.condition) };
    case "f":
      return compact({
        type: "foreign key" as const,
        columns,
        target: { schema: row.targetSchema, name: row.target } as TableName,
        targetColumns: row.targetColumns ?? [],
        match: row.match === "f" ? "full" as const : undefined,
        onDelete: ACTIONS[row.onDelete],
        onUpdate: ACTIONS[row.onUpdate],
        onDeleteColumns: row.onDeleteColumns ?? undefined,
        period: row.period || undefined,
      });
    case "x":
      return compact({
        type: "exclude" as const,
        method: index?.method ?? "",
        elements: (index?.keys ?? []).map((key, at) => ({ ...key, operator: row.operators?.[at] ?? "" })),
        include: index?.include ?? [],
        where: index?.where,
        parameters,
      });
    default:
      throw new Error(`BUG: a constraint of type "${row.type}" was asked for`);
  }
}

const ACTIONS: Readonly<Record<string, ForeignKeyAction>> = {
  a: "no action",
  r: "restrict",
  c: "cascade",
  n: "set null",
  d: "set default",
};
