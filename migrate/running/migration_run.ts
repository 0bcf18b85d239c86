/**
 * Running one migration, one way, from where it was left.
 *
 * ## States
 *
 * `resuming` → a unit after the other → `data` (up only, where there is one) → recorded. Every arrow is one commit; see
 * `migration_state.ts` for what is found by whoever comes after a failure at any of them.
 *
 * @module
 */
import type { LoadedMigration } from "../files/migration.ts";
import type { MigrationStatement } from "../files/migration_statement.ts";
import { isPatient } from "../files/outside.ts";
import { offsetOfCharacter, positionAt } from "../files/text_position.ts";
import { pause } from "../../pool/pause.ts";
import { ConnectionError } from "../../pool/wire/errors.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";
import { BlockWatch } from "./block_watch.ts";
import { type BlockingSession, describeBlockers } from "./blocking_sessions.ts";
import { runData } from "./data_run.ts";
import {
  type FailedPlace,
  MigrationChangedError,
  MigrationFailedError,
  MigrationInterruptedError,
  MigrationLockTimeoutError,
} from "./migration_errors.ts";
import { ProgressRecord } from "./progress_record.ts";
import type { RunContext, RunTask } from "./run_context.ts";
import { dropUnfinished, settleStatement } from "./settle.ts";
import { assertFilled } from "./unfilled.ts";
import { cutIntoUnits, hashStatement, type Unit } from "./units.ts";

/** SQLSTATEs after which the same may succeed later, with what is said of them. */
const LOCK_NOT_AVAILABLE = "55P03";
const RETRIED: Readonly<Record<string, string>> = {
  [LOCK_NOT_AVAILABLE]: "no lock, in its way ",
  "40P01": "it was chosen to end a deadlock",
  "40001": "others changed at the same time what it read",
};
/** SQLSTATE of a statement that no transaction may have: active_sql_transaction. */
const NO_TRANSACTION = "25001";
/** The longest pause before a statement is tried again, in milliseconds. */
const LONGEST_PAUSE = 10_000;
/** What changes the session for the statements behind it: whoever goes on there, in another session, has to repeat it. */
const SETS = /^(?:set (?!local |constraints )|reset |select (?:pg_catalog|set_config)\b)/;

/** A failure with the number of the statement it is of. */
class StatementFailure extends Error {
  readonly index: number;
  readonly blockers: readonly BlockingSession[];

  constructor(index: number, cause: unknown, blockers: readonly BlockingSession[] = []) {
    super("a statement failed", { cause });
    this.index = index;
    this.blockers = blockers;
  }
}

/**
 * Runs a migration to its end.
 *
 * @returns How many milliseconds it took, with earlier attempts.
 */
export async function runMigration(context: RunContext, task: RunTask): Promise<number> {
  const { session } = context;
  const loaded = await task.migration.load(session.serverVersion);
  if (task.direction === "up") assertFilled(task.migration, loaded);
  return await new MigrationRun(context, task, loaded).run();
}

class MigrationRun {
  readonly #context: RunContext;
  readonly #task: RunTask;
  readonly #loaded: LoadedMigration;
  readonly #record: ProgressRecord;
  readonly #about: { readonly version: string; readonly name: string };

  constructor(context: RunContext, task: RunTask, loaded: LoadedMigration) {
    this.#context = context;
    this.#task = task;
    this.#loaded = loaded;
    this.#record = new ProgressRecord(context, task, loaded);
    this.#about = { version: task.migration.version, name: task.migration.name };
  }

  async run(): Promise<number> {
    const { options, report } = this.#context;
    try {
      return await this.#run();
    } catch (error) {
      if (options.signal?.aborted) {
        const { direction } = this.#task;
        const total = this.#record.statements.length;
        report({ type: "stopped", ...this.#about, direction, done: this.#record.done, total });
      }
      throw error;
    }
  }

  async #run(): Promise<number> {
    const { session, options, report } = this.#context;
    const { migration, direction } = this.#task;
    const total = this.#record.statements.length;
    await session.reset(options.lockTimeout);
    let wasRunning = this.#resume();
    report({ type: "begin", ...this.#about, direction, total, done: this.#record.done });
    for (const loss of direction === "down" ? this.#loaded.losses : []) {
      report({ type: "loss", ...this.#about, loss });
    }
    await this.#repeatSettings();
    const units = cutIntoUnits(this.#record.statements, this.#record.done, migration.transaction);
    for (const unit of units) {
      options.signal?.throwIfAborted();
      await this.#attempt(unit, wasRunning);
      wasRunning = false;
    }
    const { data } = this.#loaded;
    if (direction === "up" && data !== undefined) {
      await runData(this.#context, this.#task, { record: this.#record, data });
    } else if (units.length === 0) await this.#record.save(this.#record.end());
    const duration = this.#record.elapsed;
    report({ type: "done", ...this.#about, direction, duration });
    return duration;
  }

  /** Sets again what the statements that are done have set: they were run in a session that is gone. */
  async #repeatSettings(): Promise<void> {
    for (const [index, statement] of this.#record.statements.slice(0, this.#record.done).entries()) {
      if (!isSetting(statement)) continue;
      try {
        await this.#context.session.run(statement.text);
      } catch (error) {
        if (error instanceof ConnectionError) throw this.#lost(index + 1, error);
        throw new MigrationFailedError(this.#place(statement, index, error), error);
      }
    }
  }

  /** Finds where to begin; returns whether the outcome of the statement there is not known. */
  #resume(): boolean {
    const { progress, direction, migration } = this.#task;
    if (progress === undefined) return false;
    const { done, state } = progress;
    if (progress.direction !== direction) {
      const [was, command] = progress.direction === "up" ? ["applied", "up"] : ["reverted", "down"];
      throw new MigrationInterruptedError(
        migration,
        done,
        `it was being ${was} and stopped after ${done} statements; finish that with "${command}" first`,
      );
    }
    if (!this.#record.isSame(progress)) {
      throw new MigrationChangedError(
        [migration],
        `stopped after its first ${done} statements, and these have changed since; restore them, and change only ` +
          "what follows",
      );
    }
    this.#record.done = done;
    const next = this.#record.statements[done];
    if (state !== "running" || next === undefined) return false;
    if (progress.statementHash === hashStatement(next)) return true;
    if (this.#context.options.interrupted === "again") return false;
    throw new MigrationInterruptedError(
      migration,
      done,
      `statement ${
        done + 1
      } was running when the run was cut off, and has changed since; restore it, or see what it ` +
        'did and run with the option interrupted: "again"',
    );
  }

  /** Runs a unit, again and again where it gets no lock. */
  async #attempt(given: Unit, wasRunning: boolean): Promise<void> {
    const { options, report, session } = this.#context;
    const attempts = options.retries + 1;
    let unit = given;
    for (let attempt = 1;; attempt++) {
      try {
        if (unit.transaction) await this.#runTogether(unit);
        else await this.#runAlone(unit, wasRunning || (attempt > 1 && mayHaveActed(unit)));
        return;
      } catch (error) {
        if (unit.transaction) await session.rollback();
        if (error instanceof ConnectionError) throw this.#lost(unit.first + 1, error);
        if (!(error instanceof StatementFailure)) throw error;
        const { cause } = error;
        const state = cause instanceof PostgresError ? cause.sqlState : "";
        options.signal?.throwIfAborted();
        if (state === NO_TRANSACTION && unit.transaction && !this.#task.migration.transaction) {
          // The server knows better than a list which statements are such.
          unit = { ...unit, transaction: false };
          attempt--;
          continue;
        }
        const said = RETRIED[state];
        if (said === undefined || attempt === attempts) throw await this.#failed(unit, error, attempt);
        const wait = Math.min(options.retryPause * 1.5 ** (attempt - 1), LONGEST_PAUSE);
        const reason = state === LOCK_NOT_AVAILABLE ? `${said}${describeBlockers(error.blockers)}` : said;
        report({ type: "retry", ...this.#about, attempt, attempts, pause: wait, reason });
        await pause(wait * (0.75 + Math.random() / 2), options.signal);
        // What the transaction set was rolled back, but for what an earlier unit had set.
      }
    }
  }

  async #runTogether(unit: Unit): Promise<void> {
    const { session } = this.#context;
    await Promise.all([session.run("begin"), session.assertLocked()]);
    for (const [offset, statement] of unit.statements.entries()) {
      await this.#runStatement(statement, unit.first + offset);
    }
    const end = unit.first + unit.statements.length;
    try {
      await this.#record.saveInside(this.#record.after(end));
      await session.run("commit");
    } catch (error) {
      if (error instanceof ConnectionError) throw this.#lost(end, error);
      throw error instanceof PostgresError ? new StatementFailure(end - 1, error) : error;
    }
    this.#record.done = end;
  }

  async #runAlone(unit: Unit, wasRunning: boolean): Promise<void> {
    const { session, options } = this.#context;
    await session.assertLocked();
    const before = isPatient(unit.statements[0])
      ? await session.set("lock_timeout", String(options.concurrentTimeout))
      : undefined;
    try {
      await this.#runOutside(unit, wasRunning);
    } finally {
      if (before !== undefined) await session.set("lock_timeout", before).catch(() => {});
    }
    this.#record.done = unit.first + 1;
  }

  async #runOutside({ first, statements: [statement] }: Unit, wasRunning: boolean): Promise<void> {
    const { session, report } = this.#context;
    const onRebuild = (index: string): void => report({ type: "rebuild", ...this.#about, index });
    const settled = await settleStatement(session, statement, { wasRunning, onRebuild });
    const decision = settled === "unknown" ? this.#decide(first) : settled;
    if (decision === "again") {
      await this.#record.save(this.#record.row({ state: "running", statement }));
      await this.#runStatement(statement, first);
    } else {
      const state = "it had taken effect when the run was cut off";
      report({ type: "resumed", ...this.#about, number: first + 1, state });
    }
    await this.#record.save(this.#record.after(first + 1));
  }

  #decide(index: number): "done" | "again" {
    const { interrupted } = this.#context.options;
    if (interrupted !== undefined) return interrupted;
    throw new MigrationInterruptedError(
      this.#task.migration,
      index,
      `statement ${index + 1} of ${this.#record.statements.length} (${
        this.#record.statements[index].firstWords
      }) was running when ` +
        "the run was cut off, and nobody can tell whether it took effect; look, and run with the option " +
        'interrupted: "done" or "again"',
    );
  }

  async #runStatement(statement: MigrationStatement, index: number): Promise<void> {
    const { pool, session, options, report } = this.#context;
    const number = index + 1;
    const total = this.#record.statements.length;
    const { text } = statement;
    report({ type: "statement", ...this.#about, number, total, text, line: this.#line(statement) });
    const begun = performance.now();
    const watch = session.isEmbedded ? undefined : new BlockWatch(pool, {
      processId: session.processId,
      lockTimeout: !statement.transaction && isPatient(statement)
        ? options.concurrentTimeout
        : options.lockTimeout,
      onBlocked: (by) => report({ type: "blocked", ...this.#about, number, by }),
    });
    try {
      await session.run(text);
    } catch (error) {
      await watch?.stop();
      if (error instanceof ConnectionError) throw this.#lost(number, error);
      throw new StatementFailure(index, error, watch?.blockers);
    }
    await watch?.stop();
    report({ type: "statement done", ...this.#about, number, duration: performance.now() - begun });
  }

  #line(statement: MigrationStatement): number | undefined {
    return this.#task.migration.kind === "sql" ? statement.line : undefined;
  }

  /** Records that a unit failed, where there is something to record; returns what is thrown. */
  async #failed(unit: Unit, failure: StatementFailure, attempts: number): Promise<Error> {
    const { session } = this.#context;
    const { cause, index, blockers } = failure;
    const statement = this.#record.statements[index];
    if (cause instanceof Error && (this.#record.done > 0 || !unit.transaction)) {
      const row = { state: "failed", statement, error: cause.message } as const;
      await this.#record.save(this.#record.row(row)).catch(() => {});
    }
    const isLocked = cause instanceof PostgresError && cause.sqlState === LOCK_NOT_AVAILABLE;
    const left = unit.transaction || isLocked ? undefined : await dropUnfinished(session, statement);
    const place = { ...this.#place(statement, index, cause), left };
    if (isLocked) {
      return new MigrationLockTimeoutError(
        place,
        { attempts, blockers, words: describeBlockers(blockers) },
        { cause },
      );
    }
    return new MigrationFailedError(place, cause);
  }

  #place(statement: MigrationStatement, index: number, cause: unknown): FailedPlace {
    const { migration, direction } = this.#task;
    const within = cause instanceof PostgresError && cause.position !== undefined
      ? offsetOfCharacter(statement.text, cause.position)
      : 0;
    const position = migration.kind === "sql"
      ? positionAt(this.#loaded.text, statement.offset + within)
      : { line: undefined, column: undefined };
    return {
      ...this.#about,
      ...position,
      verb: direction === "up" ? "apply" : "revert",
      path: migration.path,
      number: index + 1,
      total: this.#record.statements.length,
      statement: statement.text,
      done: this.#record.done,
    };
  }

  #lost(number: number, cause: ConnectionError): MigrationInterruptedError {
    return new MigrationInterruptedError(
      this.#task.migration,
      this.#record.done,
      `the connection was lost at statement ${number} of ${this.#record.statements.length}; run it again, it goes on from ` +
        "where the database says it came to",
      { cause, retryable: true },
    );
  }
}

/** Whether a statement sets something for those behind it in its session. */
function isSetting({ firstWords, tokens }: MigrationStatement): boolean {
  if (!SETS.test(`${firstWords} `)) return false;
  return !firstWords.startsWith("select") || tokens.some(({ text }) => text.toLowerCase() === "set_config");
}

/** Whether what the server has refused may be there in part. */
function mayHaveActed({ statements: [{ outside }] }: Unit): boolean {
  return outside?.what !== "other";
}
