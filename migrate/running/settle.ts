/**
 * What a statement outside of a transaction left behind when it failed or its run was cut off.
 *
 * The session that ran it is gone, or this is it: whatever is seen here stays as it is until it is changed here.
 *
 * @module
 */
import type { MigrationStatement } from "../files/migration_statement.ts";
import { isRepeatable, type OutsideStatement } from "../files/outside.ts";
import { sql } from "../../pool/sql/sql.ts";
import type { RunnerSession } from "./runner_session.ts";

/** What to do with a statement: it took effect, it is to be run, or nobody can tell. */
export type Settlement = "done" | "again" | "unknown";

/** How a statement is looked at. */
export interface SettleOptions {
  /** Whether it was sent before and its outcome is not known. */
  readonly wasRunning: boolean;
  /** Told of an invalid index that is dropped, to be built anew. */
  readonly onRebuild: (index: string) => void;
}

/** Looks for what a statement left, and removes what would be in its way. */
export async function settleStatement(
  session: RunnerSession,
  statement: MigrationStatement,
  options: SettleOptions,
): Promise<Settlement> {
  const { outside } = statement;
  const { wasRunning } = options;
  switch (outside?.what) {
    case "create index":
      return await settleIndex(session, outside, options);
    case "drop index":
      return wasRunning && !await anyExists(session, outside.indexes) ? "done" : "again";
    case "reindex":
      if (wasRunning) await dropRemains(session, outside, options);
      return "again";
    case "detach partition":
      return await settleDetach(session, outside, wasRunning);
    case "repeatable":
      return "again";
    case "other":
    case undefined:
      return !wasRunning || isRepeatable(statement) ? "again" : "unknown";
    default:
      return outside satisfies never;
  }
}

interface IndexRow {
  readonly name: string;
  readonly isValid: boolean;
}

async function settleIndex(
  session: RunnerSession,
  { index, table }: Extract<OutsideStatement, { what: "create index" }>,
  { wasRunning, onRebuild }: SettleOptions,
): Promise<Settlement> {
  const [found] = await session.query(
    sql<
      IndexRow
    >`select format('%I.%I', n.nspname, c.relname) as name, i.indisvalid and i.indisready as "isValid"
      from pg_catalog.pg_index i
      join pg_catalog.pg_class c on c.oid = i.indexrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where i.indrelid = to_regclass(${table}) and c.relname = ${index ?? ""}`,
  );
  if (found === undefined) return "again";
  if (found.isValid) return wasRunning ? "done" : "again";
  onRebuild(found.name);
  await session.run(`drop index concurrently ${found.name}`);
  return "again";
}

async function anyExists(session: RunnerSession, names: readonly string[]): Promise<boolean> {
  const [row] = await session.query(
    sql<{ exists: boolean }>`select bool_or(to_regclass(name) is not null) as exists from unnest(${[
      ...names,
    ]}::text[]) as name`,
  );
  return row.exists;
}

/** The indexes that `reindex concurrently` builds beside the old ones are left invalid when it is cut off. */
async function dropRemains(
  session: RunnerSession,
  { of, name = "" }: Extract<OutsideStatement, { what: "reindex" }>,
  { onRebuild }: SettleOptions,
): Promise<void> {
  const rows = await session.query(
    sql<{ name: string }>`select format('%I.%I', n.nspname, c.relname) as name
      from pg_catalog.pg_index i
      join pg_catalog.pg_class c on c.oid = i.indexrelid
      join pg_catalog.pg_class t on t.oid = i.indrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$' and n.nspname not like 'pg\\_%'
        and case ${of}::text
          when 'table' then i.indrelid = to_regclass(${name})
          when 'index' then i.indrelid = (select indrelid from pg_catalog.pg_index where indexrelid = to_regclass(${name}))
          when 'schema' then n.oid = to_regnamespace(${name})
          else true end`,
  );
  for (const row of rows) {
    onRebuild(row.name);
    await session.run(`drop index concurrently if exists ${row.name}`);
  }
}

async function settleDetach(
  session: RunnerSession,
  { table, partition }: Extract<OutsideStatement, { what: "detach partition" }>,
  wasRunning: boolean,
): Promise<Settlement> {
  const [found] = await session.query(
    sql<{ isPending: boolean }>`select inhdetachpending as "isPending" from pg_catalog.pg_inherits
      where inhparent = to_regclass(${table}) and inhrelid = to_regclass(${partition})`,
  );
  if (found === undefined) return wasRunning ? "done" : "again";
  if (!found.isPending) return "again";
  await session.run(`alter table ${table} detach partition ${partition} finalize`);
  return "done";
}
