/**
 * Backfills: changes of many rows, a batch at a time, while the application works.
 *
 * A backfill goes through a table by its primary key. Each batch is a transaction of its own, in which the rows are
 * changed and the position is written to `lifeguard_migrate.backfills`; whoever is killed has changed whole batches, and
 * the next run goes on behind the last.
 *
 * ## States
 *
 * unknown → begun (a row in the table) → … → finished (`finished_at`). A finished one is not run again, unless `restart`
 * is said.
 *
 * ## Invariants
 *
 * - B1 A row is given to `run` at most once in a committed transaction, unless the backfill is restarted: the position is
 *   read under a lock of its row, and moved in the same transaction. Two processes with one backfill take turns.
 * - B2 Rows that are inserted behind the position while it runs are reached; those inserted before it are not: the
 *   application has to write them right already (expand first, then fill).
 * - B3 `run` leaves the primary key alone: a row that moves behind the position would be met again.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { pause } from "../../pool/pause.ts";
import type { Pool } from "../../pool/pool.ts";
import { assertOptions } from "../../pool/query_options.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";
import type { Transaction } from "../../pool/session_executor.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { DeadlockError, SerializationError } from "../../pool/wire/postgres_error.ts";
import { untilAborted } from "../../pool/with_signal.ts";
import { type BatchKey, batchKey, keyBetween, keyOrder, positionOf } from "./batch_key.ts";
import { BackfillFailedError } from "./seeding_errors.ts";
import { prepareSeedingState, seedingState } from "./seeding_state.ts";

/** Rows in a batch where nobody says. */
const BATCH = 1_000;
/** How often a batch is tried again after a deadlock or a serialization failure. */
const RETRIES = 10;

/** A batch: some rows that follow each other by the primary key. */
export interface Batch {
  /** The condition that holds for its rows alone, for the `where` of a statement on the table. */
  readonly where: Sql;
  /** How many rows it has. */
  readonly size: number;
}

/** What is filled, and how. */
export interface BackfillOptions {
  /** What it is known by, also to the next run. */
  readonly name: string;
  /** The table whose rows are gone through, as in SQL. It has a primary key. */
  readonly table: string;
  /** Changes the rows of a batch. */
  readonly run: (db: Transaction, batch: Batch) => Promise<unknown>;
  /** Which rows; default all. A row that `run` has changed may cease to satisfy it. */
  readonly where?: Sql;
  /** Rows in a batch. Default 1,000. */
  readonly batch?: number;
  /** Rows a second at most. Default: as fast as it goes. */
  readonly rate?: number;
  /** Begins anew where it was begun or finished before. Default false. */
  readonly restart?: boolean;
  /** The schema in which its position is kept; see {@link MigratorOptions.stateSchema}. Default "lifeguard_migrate". */
  readonly stateSchema?: string;
  /** Told after each batch. */
  readonly onProgress?: (progress: BackfillProgress) => void;
  /** Ends it, with the batch that runs undone; the next run goes on there. */
  readonly signal?: AbortSignal;
}

const OPTIONS = [
  ...[
    "name",
    "table",
    "run",
    "where",
    "batch",
    "rate",
    "restart",
    "stateSchema",
    "onProgress",
    "signal",
  ] as const,
] satisfies (keyof BackfillOptions)[];

/** How far a backfill is. */
export interface BackfillProgress {
  /** The backfill's name. */
  readonly name: string;
  /** The table's, with its schema. */
  readonly table: string;
  /** Rows done by all runs. */
  readonly rows: number;
  /** Rows the table has by PostgreSQL's estimate; undefined where it has none or `where` was given. */
  readonly estimate: number | undefined;
  /** Whether no rows are left. */
  readonly finished: boolean;
}

/** A backfill, with where its position is kept. */
interface Task {
  readonly options: BackfillOptions;
  readonly backfills: Sql;
  readonly key: BatchKey;
}

interface BackfillRow {
  readonly position: readonly string[] | null;
  readonly rows: number;
  readonly finished: boolean;
}

/**
 * Goes through a table in batches, and goes on where an earlier run has come to.
 *
 * @param pool Where the table is.
 * @param options What is filled, and how.
 * @returns How far it is: finished.
 * @throws {ValidationError} When an option cannot be used, or the table is missing or has no primary key.
 * @throws {BackfillFailedError} When a batch fails; those before it stay done, and the next run goes on there.
 *
 * @example
 * ```ts
 * import { Pool, sql } from "@lifeguard/core";
 * import { backfill } from "@lifeguard/core/migrate";
 * await using pool = new Pool("pglite:");
 * await pool.execute(sql`create table users (id integer primary key, email text, folded text)`);
 * await pool.execute(sql`insert into users select n, 'USER' || n from generate_series(1, 2500) n`);
 * const { rows, finished } = await backfill(pool, {
 *   name: "fold_emails",
 *   table: "users",
 *   run: (db, { where }) => db.execute(sql`update users set folded = lower(email) where ${where}`),
 * });
 * console.assert(rows === 2500 && finished);
 * ```
 */
export async function backfill(pool: Pool, options: BackfillOptions): Promise<BackfillProgress> {
  checkOptions(options);
  const { name, rate, signal, onProgress } = options;
  const tables = seedingState(options.stateSchema);
  await prepareSeedingState(pool, tables, signal);
  const key = await batchKey(pool, options.table, signal);
  const task = { options, backfills: tables.backfills, key };
  await begin(pool, task);
  const started = performance.now();
  let here = 0;
  let done = 0;
  for (;;) {
    signal?.throwIfAborted();
    const { row, size } = await pool.transaction((tx) => nextBatch(tx, task), {
      retries: RETRIES,
      ...(signal === undefined ? {} : { signal }),
    }).catch((error: unknown) => {
      throw isConflict(error) ? new BackfillFailedError(name, { table: key.name, rows: done }, error) : error;
    });
    here += size;
    done = row.rows;
    const estimate = options.where === undefined ? key.estimate : undefined;
    const progress = { name, table: key.name, rows: row.rows, estimate, finished: row.finished };
    onProgress?.(progress);
    if (row.finished) return progress;
    if (rate !== undefined) await pause(started + here / rate * 1000 - performance.now(), signal);
  }
}

function checkOptions(options: BackfillOptions): void {
  assertOptions(options, OPTIONS);
  const { name, batch, rate, run } = options;
  if (typeof name !== "string" || name === "") {
    throw new ValidationError('option "name"', "a backfill goes on by its name; give one");
  }
  if (typeof run !== "function") {
    throw new ValidationError('option "run"', `a ${typeof run} was given; give a function`);
  }
  if (batch !== undefined && !(Number.isInteger(batch) && batch > 0 && batch <= 1_000_000)) {
    throw new ValidationError('option "batch"', `${batch} was given; give 1 to 1,000,000 rows`);
  }
  if (rate !== undefined && !(rate > 0 && rate <= 1e9)) {
    throw new ValidationError('option "rate"', `${rate} was given; give rows a second, above 0`);
  }
}

/** Whether the same may succeed when it is run again: others have changed what it read, or wait for each other. */
function isConflict(error: unknown): boolean {
  return error instanceof SerializationError || error instanceof DeadlockError;
}

/** Makes the row that keeps the position, or forgets it. */
async function begin(db: Executor, { options, backfills, key }: Task): Promise<void> {
  const { name, restart = false } = options;
  await db.execute(
    sql`insert into ${backfills} as b (name, table_name) values (${name}, ${key.name})
      on conflict (name) do nothing`,
  );
  const table = await db.value<string>(
    sql`select table_name from ${backfills} where name = ${name}`,
  );
  if (restart) {
    await db.execute(
      sql`update ${backfills} set table_name = ${key.name}, position = null, rows_done = 0,
          started_at = now(), updated_at = now(), finished_at = null where name = ${name}`,
    );
  } else if (table !== key.name) {
    throw new ValidationError(
      `backfill "${name}"`,
      `it was begun on table "${table}"; give another name, or restart it`,
    );
  }
}

/** One batch: B1. */
async function nextBatch(
  tx: Transaction,
  { options, backfills, key }: Task,
): Promise<{ readonly row: BackfillRow; readonly size: number }> {
  const { name, batch = BATCH, where = sql`true`, run, signal } = options;
  const row = await tx.one<BackfillRow>(
    sql`select position, rows_done::float8 as rows, finished_at is not null as finished
      from ${backfills} where name = ${name} for update`,
  );
  if (row.finished) return { row, size: 0 };
  const after = row.position === null ? {} : { after: row.position };
  const chosen = sql`(${keyBetween(key, after)}) and (${where})`;
  // The bound is the key of the batch's last row: rows in between that come later are in it, too.
  const last = await tx.maybeOne<{ position: string[]; size: number }>(
    sql`select ${positionOf(key)} as position, place::float8 as size from (
        select *, row_number() over (order by ${keyOrder(key)}) as place from ${key.table}
        where ${chosen} order by ${keyOrder(key)} limit ${batch}
      ) chosen order by place desc limit 1`,
  );
  if (last === undefined) {
    await tx.execute(
      sql`update ${backfills} set updated_at = now(), finished_at = now() where name = ${name}`,
    );
    return { row: { ...row, finished: true }, size: 0 };
  }
  const { position, size } = last;
  const bounds = sql`(${keyBetween(key, { ...after, through: position })}) and (${where})`;
  try {
    await untilAborted((async () => await run(tx, { where: bounds, size }))(), signal);
  } catch (error) {
    signal?.throwIfAborted();
    // The transaction is tried again by what its errors say of themselves.
    if (isConflict(error)) throw error;
    throw new BackfillFailedError(name, { table: key.name, rows: row.rows }, error);
  }
  const rows = row.rows + size;
  await tx.execute(
    sql`update ${backfills} set position = ${position}, rows_done = ${rows}::bigint, updated_at = now()
      where name = ${name}`,
  );
  return { row: { position, rows, finished: false }, size };
}
