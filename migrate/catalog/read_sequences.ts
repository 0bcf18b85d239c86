/**
 * Reads sequences: those of their own, those that end with a column, and those that identity columns count with.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import { type CatalogDraft, CATALOGS, compact } from "./catalog_draft.ts";
import { isReadSchema } from "./catalog_sql.ts";
import type { ColumnIdentity, SequenceObject, TableName } from "./objects.ts";

/** A sequence. */
export interface SequenceRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly type: SequenceObject["type"];
  readonly start: bigint;
  readonly increment: bigint;
  readonly min: bigint;
  readonly max: bigint;
  readonly cache: bigint;
  readonly cycle: boolean;
  readonly isUnlogged: boolean;
  /** `a` ends with its column, `i` is its identity's. */
  readonly ownership: string | null;
  readonly table: number | null;
  readonly tableSchema: string | null;
  readonly tableName: string | null;
  readonly column: string | null;
  readonly columnNumber: number | null;
}

/** Every sequence. */
export function readSequences(executor: Executor): Promise<SequenceRow[]> {
  return executor.query(
    sql.unsafe<SequenceRow>(`select s.seqrelid as oid, n.nspname as schema, c.relname as name,
    pg_catalog.format_type(s.seqtypid, null) as type, s.seqstart as start, s.seqincrement as increment,
    s.seqmin as min, s.seqmax as max, s.seqcache as cache, s.seqcycle as cycle,
    c.relpersistence = 'u' as "isUnlogged", d.deptype as ownership, t.oid as "table",
    tn.nspname as "tableSchema", t.relname as "tableName", a.attname as column, a.attnum as "columnNumber"
  from pg_catalog.pg_sequence s
  join pg_catalog.pg_class c on c.oid = s.seqrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_depend d on d.classid = ${CATALOGS.class} and d.objid = s.seqrelid
    and d.refclassid = ${CATALOGS.class} and d.refobjsubid > 0 and d.deptype in ('a', 'i')
  left join pg_catalog.pg_class t on t.oid = d.refobjid
  left join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
  left join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where c.relpersistence <> 't' and ${isReadSchema("n.nspname")}
  order by s.seqrelid`),
  );
}

/** How an identity column counts. */
export interface Identity {
  readonly counting: Omit<ColumnIdentity, "generation">;
  /** Its sequence where that has not the usual name. */
  readonly sequence?: TableName;
}

/** How identity columns count, by `table.column number`. */
export function identitiesOf(rows: readonly SequenceRow[]): Map<string, Identity> {
  return new Map(
    rows.filter((row) => row.ownership === "i").map((row) => [
      `${row.table}.${row.columnNumber}`,
      {
        counting: {
          start: row.start,
          increment: row.increment,
          min: row.min,
          max: row.max,
          cache: row.cache,
          cycle: row.cycle,
        },
        ...isUsual(row) ? {} : { sequence: { schema: row.schema, name: row.name } },
      },
    ]),
  );
}

/** Whether PostgreSQL would name the sequence so, perhaps with a number; what it cuts is taken for usual. */
function isUsual({ name, tableName, column }: SequenceRow): boolean {
  const usual = `${tableName}_${column}_seq`;
  if (new TextEncoder().encode(usual).length > 63) return true;
  return name.startsWith(usual) && /^\d*$/.test(name.slice(usual.length));
}

/** Adds sequences that are no identity's to a catalog. */
export function addSequences(draft: CatalogDraft, rows: readonly SequenceRow[]): void {
  for (const row of rows) {
    if (row.ownership === "i") continue;
    draft.add(
      CATALOGS.class,
      row.oid,
      compact({
        kind: "sequence" as const,
        schema: row.schema,
        name: row.name,
        type: row.type,
        start: row.start,
        increment: row.increment,
        min: row.min,
        max: row.max,
        cache: row.cache,
        cycle: row.cycle,
        unlogged: row.isUnlogged || undefined,
        ownedBy: row.tableName === null || row.column === null
          ? undefined
          : compact({ schema: row.tableSchema ?? undefined, table: row.tableName, column: row.column }),
      }),
    );
  }
}
