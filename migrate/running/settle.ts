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

/**
 * Removes, if it can at once, the invalid index that a statement left which the server refused: until it is gone every write
 * pays for it, and it may refuse rows.
 *
 * @returns What is left, in words; `undefined` where there is nothing.
 */
export async function dropUnfinished(
  session: RunnerSession,
  { outside }: MigrationStatement,
): Promise<string | undefined> {
  if (outside?.what !== "create index") return undefined;
  try {
    const found = await findIndex(session, outside);
    if (found === undefined || found.isValid) return undefined;
    try {
      await session.run(`drop index concurrently ${found.name}`);
      return `The invalid index ${found.name} that it left was dropped`;
    } catch {
      return `The invalid index ${found.name} is still there, and slows down writes; the next run drops it`;
    }
  } catch {
    return undefined;
  }
}

interface IndexRow {
  readonly name: string;
  readonly isValid: boolean;
}

type CreateIndex = Extract<OutsideStatement, { what: "create index" }>;

async function findIndex(
  session: RunnerSession,
  { index, table }: CreateIndex,
): Promise<IndexRow | undefined> {
  const [found] = await session.query(
    sql<
      IndexRow
    >`select pg_catalog.format('%I.%I', n.nspname, c.relname) as name, i.indisvalid and i.indisready as "isValid"
      from pg_catalog.pg_index i
      join pg_catalog.pg_class c on c.oid = i.indexrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where i.indrelid = pg_catalog.to_regclass(${table}) and c.relname = ${index ?? ""}`,
  );
  return found;
}

async function settleIndex(
  session: RunnerSession,
  statement: CreateIndex,
  { wasRunning, onRebuild }: SettleOptions,
): Promise<Settlement> {
  const found = await findIndex(session, statement);
  if (found === undefined) return "again";
  if (found.isValid) return wasRunning ? "done" : "again";
  onRebuild(found.name);
  await session.run(`drop index concurrently ${found.name}`);
  return "again";
}

async function anyExists(session: RunnerSession, names: readonly string[]): Promise<boolean> {
  const [row] = await session.query(
    sql<
      { exists: boolean }
    >`select bool_or(pg_catalog.to_regclass(name) is not null) as exists from unnest(${[
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
    sql<{ name: string }>`select pg_catalog.format('%I.%I', n.nspname, c.relname) as name
      from pg_catalog.pg_index i
      join pg_catalog.pg_class c on c.oid = i.indexrelid
      join pg_catalog.pg_class t on t.oid = i.indrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$' and n.nspname not like 'pg\\_%'
        and case ${of}::text
          when 'table' then i.indrelid = pg_catalog.to_regclass(${name})
          when 'index' then i.indrelid = (select indrelid from pg_catalog.pg_index where indexrelid = pg_catalog.to_regclass(${name}))
          when 'schema' then n.oid = pg_catalog.to_regnamespace(${name})
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
      where inhparent = pg_catalog.to_regclass(${table}) and inhrelid = pg_catalog.to_regclass(${partition})`,
  );
  if (found === undefined) return wasRunning ? "done" : "again";
  if (!found.isPending) return "again";
  await session.run(`alter table ${table} detach partition ${partition} finalize`);
  return "done";
}
