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
import type { LoadedMigration, Migration } from "../files/migration.ts";
import type { MigrationStatement } from "../files/migration_statement.ts";
import { offsetOfCharacter, positionAt } from "../files/text_position.ts";
import { pause } from "../../pool/pause.ts";
import type { Pool } from "../../pool/pool.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";
import { ConnectionError } from "../../pool/wire/errors.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";
import { BlockWatch } from "./block_watch.ts";
import { type BlockingSession, describeBlockers } from "./blocking_sessions.ts";
import {
  type FailedPlace,
  MigrationChangedError,
  MigrationFailedError,
  MigrationInterruptedError,
  MigrationLockTimeoutError,
} from "./migration_errors.ts";
import { type MigrationProgress, saveApplied, saveProgress, saveReverted } from "./migration_state.ts";
import type { Direction, MigrationEvent } from "./progress_events.ts";
import type { ResolvedMigratorOptions } from "./runner_options.ts";
import type { RunnerSession } from "./runner_session.ts";
import { settleStatement } from "./settle.ts";
import { cutIntoUnits, hashFirst, hashStatement, type Unit } from "./units.ts";

/** What a run has to work with. */
export interface RunContext {
  readonly pool: Pool;
  readonly session: RunnerSession;
  readonly options: ResolvedMigratorOptions;
  readonly report: (event: MigrationEvent) => void;
}

/** Which migration is run, and which way. */
export interface RunTask {
  readonly migration: Migration;
  readonly direction: Direction;
  /** How far it came before. */
  readonly progress: MigrationProgress | undefined;
}

/** SQLSTATEs after which the same may succeed later: no lock in time, and a deadlock. */
const LOCK_NOT_AVAILABLE = "55P03";
const DEADLOCK = "40P01";
/** The longest pause before a statement is tried again, in milliseconds. */
const LONGEST_PAUSE = 10_000;
/** What is found in the text of whoever acts as another role; the state is written by who connected. */
const CHANGES_ROLE = /^set (?:session |local )?(?:role|session authorization)\b/;

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
  return await new MigrationRun(context, task, loaded).run();
}

class MigrationRun {
  readonly #context: RunContext;
  readonly #task: RunTask;
  readonly #loaded: LoadedMigration;
  readonly #statements: readonly MigrationStatement[];
  readonly #begun = performance.now();
  readonly #spent: number;
  readonly #about: { readonly version: string; readonly name: string };
  #done = 0;

  constructor(context: RunContext, task: RunTask, loaded: LoadedMigration) {
    this.#context = context;
    this.#task = task;
    this.#loaded = loaded;
    this.#statements = (task.direction === "up" ? loaded.up : loaded.down) ?? [];
    this.#spent = task.progress?.spent ?? 0;
    this.#about = { version: task.migration.version, name: task.migration.name };
  }

  async run(): Promise<number> {
    const { session, options, report } = this.#context;
    const { migration, direction } = this.#task;
    const total = this.#statements.length;
    await session.reset(options.lockTimeout);
    let wasRunning = this.#resume();
    report({ type: "begin", ...this.#about, direction, total, done: this.#done });
    for (const loss of direction === "down" ? this.#loaded.losses : []) {
      report({ type: "loss", ...this.#about, loss });
    }
    const units = cutIntoUnits(this.#statements, this.#done, migration.transaction);
    for (const unit of units) {
      options.signal?.throwIfAborted();
      await this.#attempt(unit, wasRunning);
      wasRunning = false;
    }
    const { data } = this.#loaded;
    if (direction === "up" && data !== undefined) {
      report({ type: "data", ...this.#about });
      await session.reset(options.lockTimeout);
      await session.execute(this.#record({ state: "data" }));
      await data(this.#context.pool, { sql, signal: options.signal });
      await session.execute(this.#finish());
    } else if (units.length === 0) await session.execute(this.#finish());
    const duration = this.#elapsed();
    report({ type: "done", ...this.#about, direction, duration });
    return duration;
  }

  /** Finds where to begin; returns whether the outcome of the statement there is not known. */
  #resume(): boolean {
    const { progress, direction, migration } = this.#task;
    if (progress === undefined) return false;
    const { done, state } = progress;
    const total = this.#statements.length;
    if (progress.direction !== direction) {
      const [was, command] = progress.direction === "up" ? ["applied", "up"] : ["reverted", "down"];
      throw new MigrationInterruptedError(
        migration,
        done,
        `it was being ${was} and stopped after ${done} statements; finish that with "${command}" first`,
      );
    }
    if (done > total || progress.doneHash !== hashFirst(this.#statements, done)) {
      throw new MigrationChangedError(
        [migration],
        `stopped after its first ${done} statements, and these have changed since; restore them, and change only ` +
          "what follows",
      );
    }
    this.#done = done;
    const next = this.#statements[done];
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
  async #attempt(unit: Unit, wasRunning: boolean): Promise<void> {
    const { options, report, session } = this.#context;
    const attempts = options.retries + 1;
    for (let attempt = 1;; attempt++) {
      try {
        if (unit.transaction) await this.#runTogether(unit);
        else await this.#runAlone(unit, wasRunning || attempt > 1);
        return;
      } catch (error) {
        if (unit.transaction) await session.rollback();
        if (error instanceof ConnectionError) throw this.#lost(unit.first + 1, error);
        if (!(error instanceof StatementFailure)) throw error;
        const { cause } = error;
        const state = cause instanceof PostgresError ? cause.sqlState : undefined;
        const isLocked = state === LOCK_NOT_AVAILABLE || state === DEADLOCK;
        options.signal?.throwIfAborted();
        if (!isLocked || attempt === attempts) throw await this.#failed(unit, error, attempt);
        const wait = Math.min(options.retryPause * 1.5 ** (attempt - 1), LONGEST_PAUSE);
        const reason = state === DEADLOCK
          ? "it was chosen to end a deadlock"
          : `no lock, in its way ${describeBlockers(error.blockers)}`;
        report({ type: "retry", ...this.#about, attempt, attempts, pause: wait, reason });
        await pause(wait * (0.75 + Math.random() / 2), options.signal);
        // What the transaction set was rolled back, but for what an earlier unit had set.
      }
    }
  }

  async #runTogether(unit: Unit): Promise<void> {
    const { session } = this.#context;
    await session.run("begin");
    await session.assertLocked();
    for (const [offset, statement] of unit.statements.entries()) {
      await this.#runStatement(statement, unit.first + offset);
    }
    if (unit.statements.some(({ firstWords }) => CHANGES_ROLE.test(firstWords))) {
      await session.run("reset session authorization");
      await session.run("reset role");
    }
    const end = unit.first + unit.statements.length;
    await session.execute(this.#afterUnit(end));
    try {
      await session.run("commit");
    } catch (error) {
      throw error instanceof ConnectionError ? this.#lost(end, error) : new StatementFailure(end - 1, error);
    }
    this.#done = end;
  }

  async #runAlone(unit: Unit, wasRunning: boolean): Promise<void> {
    const { session, options, report } = this.#context;
    const [statement] = unit.statements;
    await session.assertLocked();
    await session.set("lock_timeout", String(options.concurrentTimeout));
    const onRebuild = (index: string): void => report({ type: "rebuild", ...this.#about, index });
    const settled = await settleStatement(session, statement, { wasRunning, onRebuild });
    const decision = settled === "unknown" ? this.#decide(unit.first) : settled;
    if (decision === "again") {
      await session.execute(this.#record({ state: "running", statementHash: hashStatement(statement) }));
      await this.#runStatement(statement, unit.first);
    } else {
      const state = "it had taken effect when the run was cut off";
      report({ type: "resumed", ...this.#about, number: unit.first + 1, state });
    }
    await session.execute(this.#afterUnit(unit.first + 1));
    await session.set("lock_timeout", String(options.lockTimeout));
    this.#done = unit.first + 1;
  }

  #decide(index: number): "done" | "again" {
    const { interrupted } = this.#context.options;
    if (interrupted !== undefined) return interrupted;
    throw new MigrationInterruptedError(
      this.#task.migration,
      index,
      `statement ${index + 1} of ${this.#statements.length} (${
        this.#statements[index].firstWords
      }) was running when ` +
        "the run was cut off, and nobody can tell whether it took effect; look, and run with the option " +
        'interrupted: "done" or "again"',
    );
  }

  async #runStatement(statement: MigrationStatement, index: number): Promise<void> {
    const { pool, session, options, report } = this.#context;
    const number = index + 1;
    const total = this.#statements.length;
    const { text } = statement;
    report({ type: "statement", ...this.#about, number, total, text, line: this.#line(statement) });
    const begun = performance.now();
    const watch = session.isEmbedded ? undefined : new BlockWatch(pool, {
      processId: session.processId,
      lockTimeout: statement.transaction ? options.lockTimeout : options.concurrentTimeout,
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

  /** What is recorded when so many statements are done. */
  #afterUnit(done: number): Sql {
    const isEnd = done === this.#statements.length;
    const hasData = this.#task.direction === "up" && this.#loaded.data !== undefined;
    return isEnd && !hasData ? this.#finish() : this.#record({ state: "ready", done });
  }

  #finish(): Sql {
    const { migration, direction } = this.#task;
    if (direction === "down") return saveReverted(migration.version);
    const { version, name, checksum, source } = migration;
    return saveApplied({ version, name, checksum, source, duration: this.#elapsed(), isBaseline: false });
  }

  #record(
    row:
      & Pick<MigrationProgress, "state">
      & Partial<Pick<MigrationProgress, "done" | "statementHash" | "error">>,
  ): Sql {
    const { done = this.#done, state, statementHash, error } = row;
    const doneHash = hashFirst(this.#statements, done);
    const { direction } = this.#task;
    const spent = this.#elapsed();
    return saveProgress({ ...this.#about, direction, done, doneHash, state, statementHash, error, spent });
  }

  #elapsed(): number {
    return this.#spent + performance.now() - this.#begun;
  }

  #line(statement: MigrationStatement): number | undefined {
    return this.#task.migration.kind === "sql" ? statement.line : undefined;
  }

  /** Records that a unit failed, where there is something to record; returns what is thrown. */
  async #failed(unit: Unit, failure: StatementFailure, attempts: number): Promise<Error> {
    const { session } = this.#context;
    const { cause, index, blockers } = failure;
    const statement = this.#statements[index];
    if (cause instanceof Error && (this.#done > 0 || !unit.transaction)) {
      const row = { state: "failed", statementHash: hashStatement(statement), error: cause.message } as const;
      await session.execute(this.#record(row)).catch(() => {});
    }
    const place = this.#place(statement, index, cause);
    if (cause instanceof PostgresError && cause.sqlState === LOCK_NOT_AVAILABLE) {
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
      total: this.#statements.length,
      statement: statement.text,
      done: this.#done,
    };
  }

  #lost(number: number, cause: ConnectionError): MigrationInterruptedError {
    return new MigrationInterruptedError(
      this.#task.migration,
      this.#done,
      `the connection was lost at statement ${number} of ${this.#statements.length}; run it again, it goes on from ` +
        "where the database says it came to",
      { cause, retryable: true },
    );
  }
}
