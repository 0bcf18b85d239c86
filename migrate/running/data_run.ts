/**
 * Running the `data` function of a migration.
 *
 * It works on other connections than the one that has the lock. When the lock is lost it is told so, what it has under way is
 * cancelled, and the pool it was given refuses whatever it asks for: another runner may have begun.
 *
 * @module
 */
import type { LoadedMigration } from "../files/migration.ts";
import type { DataTools } from "../files/ts_file.ts";
import { backfill } from "../seeding/backfill.ts";
import type { Pool } from "../../pool/pool.ts";
import { SIBLING } from "../../pool/sibling.ts";
import { sql } from "../../pool/sql/sql.ts";
import { anySignal, untilAborted } from "../../pool/with_signal.ts";
import { ConnectionError, QueryTimeoutError } from "../../pool/wire/errors.ts";
import { guardedPool } from "./guarded_pool.ts";
import { LockWatch } from "./lock_watch.ts";
import { MigrationDataError, MigrationInterruptedError } from "./migration_errors.ts";
import type { ProgressRecord } from "./progress_record.ts";
import type { RunContext, RunTask } from "./run_context.ts";
import type { RunnerSession } from "./runner_session.ts";

/** Milliseconds in which a pool that has a second connection gives it. */
const SECOND_TIMEOUT = 2_000;
/** Milliseconds that closing a pool of its own may take. */
const CLOSE_TIMEOUT = 1_000;

function dataTools(signal: AbortSignal, stateSchema: string): DataTools {
  return {
    sql,
    signal,
    // Also where who wrote the function has not thought of the signal.
    backfill: (pool, options) => backfill(pool, { signal, stateSchema, ...options }),
  };
}

/** Runs what follows the statements, to its end. */
export async function runData(
  context: RunContext,
  { migration }: RunTask,
  { record, data }: {
    readonly record: ProgressRecord;
    readonly data: NonNullable<LoadedMigration["data"]>;
  },
): Promise<void> {
  const { pool, session, options, report } = context;
  const { version, name, path } = migration;
  report({ type: "data", version, name });
  await session.reset(options.lockTimeout);
  await record.save(record.row({ state: "data" }));
  await using second = await secondPool(pool, session);
  const watch = new LockWatch(session);
  const signal = anySignal(watch.lost, options.signal);
  const given = session.isEmbedded ? pool : guardedPool(second.pool, signal);
  try {
    await session.apart(() =>
      untilAborted((async () => await data(given, dataTools(signal, options.stateSchema)))(), signal)
    );
  } catch (error) {
    options.signal?.throwIfAborted();
    if (watch.lost.aborted) throw lostInData(watch.lost.reason);
    await watch.stop();
    const message = error instanceof Error ? error.message : String(error);
    await record.save(record.row({ state: "data", error: message })).catch(() => {});
    throw new MigrationDataError({ version, name, path }, error);
  } finally {
    await watch.stop();
  }
  await record.save(record.end());

  function lostInData(reason: unknown): unknown {
    if (!(reason instanceof ConnectionError || reason instanceof QueryTimeoutError)) return reason;
    return new MigrationInterruptedError(
      migration,
      record.done,
      "the connection with the lock was lost while its data() was run, which was ended for that; run it again, data() " +
        "begins again",
      { cause: reason, retryable: true },
    );
  }
}

/** A pool that has a connection beside the one with the lock: the same, or where that has no second one a pool of its own. */
async function secondPool(
  pool: Pool,
  session: RunnerSession,
): Promise<{ readonly pool: Pool } & AsyncDisposable> {
  const asGiven = { pool, [Symbol.asyncDispose]: () => Promise.resolve() };
  if (session.isEmbedded) return asGiven;
  try {
    const second = await pool.reserve({ signal: AbortSignal.timeout(SECOND_TIMEOUT) });
    await second.release();
    return asGiven;
  } catch {
    const own = pool[SIBLING](session.database, { min: 0, max: 2 });
    return { pool: own, [Symbol.asyncDispose]: () => own.close({ timeout: CLOSE_TIMEOUT }) };
  }
}
