/**
 * Where it is kept which seeds were sown and how far backfills came: two tables beside those of the migrations.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";
import {
  assertStateSchema,
  asStateError,
  STATE_SCHEMA,
  type StateTables,
  stateTables,
} from "../running/migration_state.ts";

/** What a second one that makes the schema, at the same time, is told. https://www.postgresql.org/docs/18/errcodes-appendix.html */
const ALREADY_THERE: readonly string[] = ["23505", "42P06", "42P07", "42710"];

/** Attempts to make what somebody else makes at the same time. */
const ATTEMPTS = 5;

/**
 * The tables of a state schema.
 *
 * @param stateSchema Its name. Default "lifeguard_migrate".
 */
export function seedingState(stateSchema: string = STATE_SCHEMA): StateTables {
  assertStateSchema(stateSchema);
  return stateTables(stateSchema);
}

function creation({ seeds, backfills }: StateTables): readonly Sql[] {
  return [
    sql`create table if not exists ${seeds} (
    name text primary key,
    checksum text not null,
    sown_at timestamptz not null default now(),
    duration_ms double precision not null
  )`,
    sql`create table if not exists ${backfills} (
    name text primary key,
    table_name text not null,
    position text[],
    rows_done bigint not null default 0,
    started_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    finished_at timestamptz
  )`,
  ];
}

/** Makes the tables where they are missing; `if not exists` alone fails where two do it at once. */
export async function prepareSeedingState(
  db: Executor,
  tables: StateTables,
  signal?: AbortSignal,
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  for (let attempt = 1;; attempt++) {
    try {
      if (await hasSeedingState(db, tables, signal)) return;
      // "If not exists" asks for the right to make it where it is there, too.
      const isNew = await db.value<boolean>(
        sql`select to_regnamespace(${tables.schema.text}) is null`,
        options,
      );
      if (isNew) await db.execute(sql`create schema ${tables.schema}`, options);
      for (const statement of creation(tables)) await db.execute(statement, options);
      return;
    } catch (error) {
      const isRace = error instanceof PostgresError && ALREADY_THERE.includes(error.sqlState);
      if (attempt === ATTEMPTS || !isRace) throw asStateError(error, tables);
    }
  }
}

/** Whether the tables are there, for whoever only looks. */
export async function hasSeedingState(
  db: Executor,
  { seeds, backfills }: StateTables,
  signal?: AbortSignal,
): Promise<boolean> {
  return await db.value<boolean>(
    sql`select to_regclass(${seeds.text}) is not null and to_regclass(${backfills.text}) is not null`,
    signal === undefined ? {} : { signal },
  );
}
