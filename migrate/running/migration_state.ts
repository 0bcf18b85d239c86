/**
 * What a database knows of its migrations: two tables in the schema `lifeguard_migrate` (and two of seeds and backfills, see
 * `../seeding/seeding_state.ts`), or another where each of several
 * schemas has migrations of its own.
 *
 * ## States of a migration, as its rows tell
 *
 * - neither table has it: pending.
 * - only `migrations` has it: applied.
 * - only `progress` has it, direction `up`: its first `done` statements are applied.
 * - both have it, direction `down`: its first `done` statements of the way down are run.
 *
 * ## Invariants
 *
 * - A statement in a transaction and the row that counts it are committed together.
 * - A statement outside of a transaction is noted as `running` before it is sent, and counted after it. Whoever finds it
 *   `running` and has the lock knows that its session has ended, but not how far it came.
 * - `done_hash` is of the texts of the statements that are done, so that those that are not may be corrected.
 *
 * @module
 */
import type { Executor, QueryOptions } from "../../pool/executor.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { PostgresError, SQLSTATE } from "../../pool/wire/postgres_error.ts";
import { MigrationStateError } from "./migration_errors.ts";
import type { Direction } from "./progress_events.ts";

/** What is known of an applied migration. */
export interface AppliedMigration {
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
  /** SHA-256 of its file as it was. */
  readonly source: string;
  /** As ISO 8601 in UTC. */
  readonly appliedAt: string;
  /** In milliseconds. */
  readonly duration: number;
  /** Whether it was only marked as applied. */
  readonly isBaseline: boolean;
}

/** How far a migration came that is neither applied nor reverted. */
export interface MigrationProgress {
  /** Fourteen digits. */
  readonly version: string;
  /** The rest of its file's name. */
  readonly name: string;
  /** Which way it goes. */
  readonly direction: Direction;
  /** How many statements are done. */
  readonly done: number;
  /** SHA-256 of their texts. */
  readonly doneHash: string;
  /** `"data"`: all statements are done, and what follows them is not. */
  readonly state: "ready" | "running" | "failed" | "data";
  /** SHA-256 of the statement that is running or failed. */
  readonly statementHash: string | undefined;
  /** What the statement failed with. */
  readonly error: string | undefined;
  /** Milliseconds that were spent on it. */
  readonly spent: number;
  /** When that was, as ISO 8601 in UTC. */
  readonly updatedAt: string;
}

/** What a database knows of its migrations. */
export interface MigrationState {
  /** By version, the oldest first. */
  readonly applied: ReadonlyMap<string, AppliedMigration>;
  readonly progress: ReadonlyMap<string, MigrationProgress>;
}

/** Where it is kept. */
export interface StateTables {
  /** The schema's name. */
  readonly name: string;
  /** The schema, as SQL. */
  readonly schema: Sql;
  /** The table of what is applied. */
  readonly migrations: Sql;
  /** The table of what is not at its end. */
  readonly progress: Sql;
  /** The table of the seeds that were sown. */
  readonly seeds: Sql;
  /** The table of how far backfills came. */
  readonly backfills: Sql;
}

/** The schema where nobody says another. */
export const STATE_SCHEMA = "lifeguard_migrate";

/**
 * What is wrong with the name of a schema that is to keep what is known of migrations: it must be one that the reader of
 * catalogs leaves alone.
 *
 * @returns What was given and what to give; undefined when nothing is wrong.
 */
export function stateSchemaProblem(name: unknown): string | undefined {
  if (typeof name === "string" && /^lifeguard_\w{1,53}$/.test(name)) return undefined;
  return `"${
    String(name)
  }" was given; give a name such as "lifeguard_migrate_tenant_7": "lifeguard_", then at most 53 ` +
    "letters, digits or underscores";
}

/**
 * Checks an option `stateSchema`.
 *
 * @throws {ValidationError} See {@link stateSchemaProblem}.
 */
export function assertStateSchema(name: unknown): asserts name is string {
  const problem = stateSchemaProblem(name);
  if (problem !== undefined) throw new ValidationError('option "stateSchema"', problem);
}

/** The tables in a schema. */
export function stateTables(name: string): StateTables {
  const table = (word: string): Sql => sql.identifier(name, word);
  return {
    name,
    schema: sql.identifier(name),
    migrations: table("migrations"),
    progress: table("progress"),
    seeds: table("seeds"),
    backfills: table("backfills"),
  };
}

/** What a second one that makes the schema, at the same time, is told. */
const ALREADY_THERE: readonly string[] = ["23505", "42P06", "42P07", "42710"];
const ATTEMPTS = 5;

function creation({ migrations, progress }: StateTables): readonly Sql[] {
  return [
    sql`create table if not exists ${migrations} (
    version text primary key,
    name text not null,
    checksum text not null,
    source text not null,
    applied_at timestamptz not null default now(),
    duration_ms double precision not null,
    is_baseline boolean not null default false
  )`,
    sql`create table if not exists ${progress} (
    version text primary key,
    name text not null,
    direction text not null check (direction in ('up', 'down')),
    done integer not null,
    done_hash text not null,
    state text not null check (state in ('ready', 'running', 'failed', 'data')),
    statement_hash text,
    error text,
    spent_ms double precision not null,
    updated_at timestamptz not null default now()
  )`,
  ];
}

interface Found {
  readonly hasSchema: boolean;
  readonly hasTables: boolean;
}

async function findState(db: Executor, { name }: StateTables, options: QueryOptions): Promise<Found> {
  const table = (word: string): Sql =>
    sql`pg_catalog.to_regclass(pg_catalog.format('%I.%I', ${name}::text, ${word}::text)) is not null`;
  return await db.one(
    sql<
      Found
    >`select pg_catalog.to_regnamespace(pg_catalog.quote_ident(${name}::text)) is not null as "hasSchema",
      ${table("migrations")} and ${table("progress")} as "hasTables"`,
    options,
  );
}

/** Makes the tables where they are missing. */
export async function prepareState(
  session: Executor,
  tables: StateTables,
  options: QueryOptions,
): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      const { hasSchema, hasTables } = await findState(session, tables, options);
      if (hasTables) return;
      // "If not exists" asks for the right to make it where it is there, too.
      if (!hasSchema) await session.execute(sql`create schema ${tables.schema}`, options);
      for (const statement of creation(tables)) await session.execute(statement, options);
      return;
    } catch (error) {
      const isRace = error instanceof PostgresError && ALREADY_THERE.includes(error.sqlState);
      if (attempt === ATTEMPTS || !isRace) throw asStateError(error, tables);
    }
  }
}

/** Reads the tables; a database without them has no migrations. */
export async function readState(
  db: Executor,
  tables: StateTables,
  options: QueryOptions,
): Promise<MigrationState> {
  try {
    return await readTables(db, tables, options);
  } catch (error) {
    throw asStateError(error, tables);
  }
}

async function readTables(db: Executor, tables: StateTables, options: QueryOptions): Promise<MigrationState> {
  if (!(await findState(db, tables, options)).hasTables) return { applied: new Map(), progress: new Map() };
  const applied = await db.query<AppliedMigration>(
    sql<AppliedMigration>`select version, name, checksum, source, duration_ms as duration,
      is_baseline as "isBaseline",
      pg_catalog.to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "appliedAt"
    from ${tables.migrations} order by version collate "C"`,
    options,
  );
  const progress = await db.query<MigrationProgress>(
    sql<MigrationProgress>`select version, name, direction, done, done_hash as "doneHash", state,
      statement_hash as "statementHash", error, spent_ms as spent,
      pg_catalog.to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "updatedAt"
    from ${tables.progress} order by version collate "C"`,
    options,
  );
  const withoutNull = <Row extends object>(row: Row): Row =>
    Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as Row;
  return {
    applied: new Map(applied.map((row) => [row.version, row])),
    progress: new Map(progress.map((row) => [row.version, withoutNull(row)])),
  };
}

/** What the server refuses, by SQLSTATE, where it is the state that cannot be read or written. */
const REFUSALS: Readonly<Record<string, (schema: string) => readonly [state: string, advice: string]>> = {
  [SQLSTATE.insufficientPrivilege]: (schema) => [
    "this role may not keep the state of the migrations",
    `have somebody who may run: create schema ${schema} authorization … (the role that migrates); where it is there already, ` +
    "migrate as the role that owns it and its tables",
  ],
  [SQLSTATE.readOnlyTransaction]: () => [
    "the database only reads here",
    "give migrations the address of the primary, and a role without default_transaction_read_only",
  ],
  // undefined_table
  "42P01": (schema) => [
    `the tables of the schema ${schema} are gone`,
    "restore them; no migration may drop them",
  ],
  // undefined_column
  "42703": (
    schema,
  ) => [`the tables of the schema ${schema} are not as this version makes them`, "restore them"],
  [SQLSTATE.invalidSchemaName]: (schema) => [
    `the schema ${schema} is gone`,
    "restore it; no migration may drop it",
  ],
};

/** What is thrown where the state cannot be read or written; other errors as they are. */
export function asStateError(error: unknown, { name }: StateTables): unknown {
  if (!(error instanceof PostgresError)) return error;
  const refusal = REFUSALS[error.sqlState];
  if (refusal === undefined) return error;
  const [state, advice] = refusal(name);
  return new MigrationStateError(`${state} (${error.message})`, advice, { cause: error });
}

/** Writes how far a migration came. */
export function saveProgress(tables: StateTables, progress: Omit<MigrationProgress, "updatedAt">): Sql {
  const { version, name, direction, done, doneHash, state, statementHash, error, spent } = progress;
  return sql`insert into ${tables.progress}
      (version, name, direction, done, done_hash, state, statement_hash, error, spent_ms, updated_at)
    values (${version}, ${name}, ${direction}, ${done}, ${doneHash}, ${state}, ${statementHash ?? null},
      ${error ?? null}, ${spent}, pg_catalog.clock_timestamp())
    on conflict (version) do update set name = excluded.name, direction = excluded.direction, done = excluded.done,
      done_hash = excluded.done_hash, state = excluded.state, statement_hash = excluded.statement_hash,
      error = excluded.error, spent_ms = excluded.spent_ms, updated_at = excluded.updated_at`;
}

/** Marks a migration as applied, and forgets how far it came: one statement, so that both happen or neither. */
export function saveApplied(tables: StateTables, migration: Omit<AppliedMigration, "appliedAt">): Sql {
  const { version, name, checksum, source, duration, isBaseline } = migration;
  return sql`with done as (delete from ${tables.progress} where version = ${version})
    insert into ${tables.migrations}
      (version, name, checksum, source, applied_at, duration_ms, is_baseline)
    values (${version}, ${name}, ${checksum}, ${source}, pg_catalog.clock_timestamp(), ${duration}, ${isBaseline})`;
}

/** Forgets a migration that was reverted. */
export function saveReverted(tables: StateTables, version: string): Sql {
  return sql`with done as (delete from ${tables.progress} where version = ${version})
    delete from ${tables.migrations} where version = ${version}`;
}
