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
import { sql } from "../../pool/sql/sql.ts";
import { anySignal, untilAborted } from "../../pool/with_signal.ts";
import { ConnectionError, QueryTimeoutError } from "../../pool/wire/errors.ts";
import { guardedPool } from "./guarded_pool.ts";
import { LockWatch } from "./lock_watch.ts";
import { MigrationDataError, MigrationInterruptedError } from "./migration_errors.ts";
import type { ProgressRecord } from "./progress_record.ts";
import type { RunContext, RunTask } from "./run_context.ts";

function dataTools(signal: AbortSignal): DataTools {
  return {
    sql,
    signal,
    // Also where who wrote the function has not thought of the signal.
    backfill: (pool, options) => backfill(pool, { signal, ...options }),
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
  const watch = new LockWatch(session);
  const signal = anySignal(watch.lost, options.signal);
  const given = session.isEmbedded ? pool : guardedPool(pool, signal);
  try {
    await untilAborted((async () => await data(given, dataTools(signal)))(), signal);
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
