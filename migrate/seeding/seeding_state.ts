/**
 * Where it is kept which seeds were sown and how far backfills came: two tables in the schema `lifeguard_migrate`.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";
import { asStateError, stateTables } from "../running/migration_state.ts";

/** The schema of everything that is kept about migrations. */
export const STATE_SCHEMA = "lifeguard_migrate";

/** What a second one that makes the schema, at the same time, is told. https://www.postgresql.org/docs/18/errcodes-appendix.html */
const ALREADY_THERE: readonly string[] = ["23505", "42P06", "42P07", "42710"];

/** Attempts to make what somebody else makes at the same time. */
const ATTEMPTS = 5;

const TABLES = [
  sql`create table if not exists lifeguard_migrate.seeds (
    name text primary key,
    checksum text not null,
    sown_at timestamptz not null default now(),
    duration_ms double precision not null
  )`,
  sql`create table if not exists lifeguard_migrate.backfills (
    name text primary key,
    table_name text not null,
    position text[],
    rows_done bigint not null default 0,
    started_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    finished_at timestamptz
  )`,
];

/** Makes the tables where they are missing; `if not exists` alone fails where two do it at once. */
export async function prepareSeedingState(db: Executor, signal?: AbortSignal): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  for (let attempt = 1;; attempt++) {
    try {
      const found = await db.value<boolean>(
        sql`select to_regclass('lifeguard_migrate.seeds') is not null
          and to_regclass('lifeguard_migrate.backfills') is not null`,
        options,
      );
      if (found) return;
      // "If not exists" asks for the right to make it where it is there, too.
      const isNew = await db.value<boolean>(
        sql`select to_regnamespace('lifeguard_migrate') is null`,
        options,
      );
      if (isNew) await db.execute(sql`create schema lifeguard_migrate`, options);
      for (const statement of TABLES) await db.execute(statement, options);
      return;
    } catch (error) {
      const isRace = error instanceof PostgresError && ALREADY_THERE.includes(error.sqlState);
      if (attempt === ATTEMPTS || !isRace) throw asStateError(error, stateTables(STATE_SCHEMA));
    }
  }
}

/** Whether the tables are there, for whoever only looks. */
export async function hasSeedingState(db: Executor): Promise<boolean> {
  return await db.value<boolean>(
    sql`select to_regclass('lifeguard_migrate.seeds') is not null
      and to_regclass('lifeguard_migrate.backfills') is not null`,
  );
}
