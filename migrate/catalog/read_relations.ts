/**
 * Reads tables, views, materialized views and composite types, with their columns.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import { type CatalogDraft, CATALOGS, compact, parametersOf } from "./catalog_draft.ts";
import { isReadSchema } from "./catalog_sql.ts";
import { told } from "./moved_catalog.ts";
import type { ColumnRow } from "./read_columns.ts";
import type { PartitionKey, TableColumn, TableName, TableObject } from "./objects.ts";
import { splitList } from "./split_list.ts";

/** A row of `pg_class` that has columns. */
export interface RelationRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** `r` table, `p` partitioned, `v` view, `m` materialized view, `c` composite type, `f` foreign table. */
  readonly kind: string;
  readonly isUnlogged: boolean;
  readonly options: readonly string[] | null;
  readonly toastOptions: readonly string[] | null;
  readonly rowSecurity: boolean;
  readonly forcedRowSecurity: boolean;
  readonly replicaIdentity: string;
  readonly identityIndex: string | null;
  readonly isPopulated: boolean;
  readonly isPartition: boolean;
  readonly accessMethod: string | null;
  readonly type: number;
  readonly bound: string | null;
  readonly partitionKey: string | null;
  readonly query: string | null;
}

/** A row of `pg_inherits`. */
export interface InheritsRow {
  readonly child: number;
  readonly parent: number;
}

/** Everything that has columns, whatever brought it. */
export function readRelations(executor: Executor): Promise<RelationRow[]> {
  return executor.query(
    sql.unsafe<RelationRow>(`select c.oid, n.nspname as schema, c.relname as name, c.relkind as kind,
    c.relpersistence = 'u' as "isUnlogged", c.reloptions as options, toast.reloptions as "toastOptions",
    c.relrowsecurity as "rowSecurity", c.relforcerowsecurity as "forcedRowSecurity",
    c.relreplident as "replicaIdentity",
    case when c.relreplident = 'i' then (
      select ic.relname from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid
      where i.indrelid = c.oid and i.indisreplident) end as "identityIndex",
    c.relispopulated as "isPopulated", c.relispartition as "isPartition", am.amname as "accessMethod",
    c.reltype as type,
    case when c.relispartition then pg_catalog.pg_get_expr(c.relpartbound, c.oid) end as bound,
    case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end as "partitionKey",
    case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end as query
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_am am on am.oid = c.relam
  left join pg_catalog.pg_class toast on toast.oid = c.reltoastrelid
  where c.relkind in ('r', 'p', 'v', 'm', 'c', 'f') and c.relpersistence <> 't' and ${
      isReadSchema("n.nspname")
    }
  order by c.oid`),
  );
}

/** Which table is the child of which. */
export function readInherits(executor: Executor): Promise<InheritsRow[]> {
  return executor.query(sql.unsafe<InheritsRow>(`select inhrelid as child, inhparent as parent
  from pg_catalog.pg_inherits order by inhrelid, inhseqno`));
}

/** Adds relations to a catalog; foreign tables are left to others. */
export function addRelations(
  draft: CatalogDraft,
  rows: readonly RelationRow[],
  { columns, inherits }: {
    readonly columns: ReadonlyMap<number, readonly (TableColumn & Pick<ColumnRow, "number">)[]>;
    readonly inherits: readonly InheritsRow[];
  },
): void {
  const names = new Map(rows.map((row) => [row.oid, row]));
  const parents = Map.groupBy(inherits, ({ child }) => child);
  for (const row of rows) {
    const { oid, schema, name } = row;
    const numbered = columns.get(oid) ?? [];
    draft.nameColumns(oid, { schema, name }, new Map(numbered.map((column) => [column.number, column.name])));
    draft.belongs(CATALOGS.type, row.type, CATALOGS.class, oid);
    const own = numbered.map(({ number: _, ...column }) => column);
    if (row.kind === "c") {
      // An extension's composite type is its member as a type, not as a relation.
      if (draft.isMember(CATALOGS.type, row.type)) continue;
      const attributes = own.map(({ name, type, collation }) => compact({ name, type, collation }));
      const comment = draft.comment(CATALOGS.type, row.type);
      draft.add(CATALOGS.class, oid, { kind: "composite", schema, name, attributes }, comment);
    } else if (row.kind === "v") {
      const parameters = parametersOf(row.options);
      draft.add(CATALOGS.class, oid, {
        kind: "view",
        schema,
        name,
        columns: own,
        query: queryOf(row),
        parameters,
      });
    } else if (row.kind === "m") {
      draft.add(
        CATALOGS.class,
        oid,
        compact({
          kind: "materialized view" as const,
          schema,
          name,
          columns: own,
          query: queryOf(row),
          parameters: parametersOf(row.options),
          isPopulated: row.isPopulated,
          accessMethod: accessMethodOf(row),
        }),
      );
    } else if (row.kind !== "f") {
      const above = (parents.get(oid) ?? []).flatMap(({ parent }): TableName[] => {
        const found = names.get(parent);
        return found === undefined ? [] : [{ schema: found.schema, name: found.name }];
      });
      draft.add(CATALOGS.class, oid, tableOf(row, own, above));
    }
  }
}

function tableOf(
  row: RelationRow,
  columns: readonly TableColumn[],
  parents: readonly TableName[],
): Omit<TableObject, "dependsOn" | "comment"> {
  return compact({
    kind: "table" as const,
    schema: row.schema,
    name: row.name,
    columns,
    unlogged: row.isUnlogged || undefined,
    inherits: row.isPartition || parents.length === 0 ? undefined : parents,
    partitionBy: row.partitionKey === null ? undefined : partitionKeyOf(row.partitionKey),
    partitionOf: row.isPartition && row.bound !== null && parents.length > 0
      ? { table: parents[0], bound: row.bound }
      : undefined,
    parameters: parametersOf([
      ...row.options ?? [],
      ...(row.toastOptions ?? []).map((option) => `toast.${option}`),
    ]),
    rowSecurity: row.forcedRowSecurity && row.rowSecurity
      ? "forced" as const
      : row.rowSecurity
      ? "enabled" as const
      : undefined,
    replicaIdentity: replicaIdentityOf(row),
    accessMethod: accessMethodOf(row),
  });
}

function accessMethodOf({ accessMethod }: RelationRow): string | undefined {
  return accessMethod === "heap" ? undefined : accessMethod ?? undefined;
}

function replicaIdentityOf(row: RelationRow): TableObject["replicaIdentity"] {
  switch (row.replicaIdentity) {
    case "f":
      return "full";
    case "n":
      return "nothing";
    case "i":
      return row.identityIndex === null ? undefined : { index: row.identityIndex };
    default:
      return undefined;
  }
}

/** `RANGE (a, lower(b))` taken apart. */
function partitionKeyOf(definition: string): PartitionKey {
  const open = definition.indexOf("(");
  return {
    strategy: definition.slice(0, open).trim().toLowerCase() as PartitionKey["strategy"],
    keys: splitList(definition.slice(open + 1, definition.lastIndexOf(")"))),
  };
}

function queryOf({ query }: RelationRow): string {
  return told(query).trim().replace(/;$/, "");
}
