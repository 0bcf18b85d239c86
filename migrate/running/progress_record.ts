/**
 * Writing down how far a migration came.
 *
 * ## Invariants
 *
 * - Nothing is written but under the lock, which is looked at in the transaction that writes.
 * - It is written as who connected, whatever role the migration acts as; the role comes back with the transaction's end.
 *
 * @module
 */
import type { LoadedMigration } from "../files/migration.ts";
import type { MigrationStatement } from "../files/migration_statement.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import {
  asStateError,
  type MigrationProgress,
  saveApplied,
  saveProgress,
  saveReverted,
} from "./migration_state.ts";
import type { RunContext, RunTask } from "./run_context.ts";
import { FirstHashes, hashStatement } from "./units.ts";

/** What is written beside what is known. */
export type ProgressRow =
  & Pick<MigrationProgress, "state">
  & Partial<Pick<MigrationProgress, "done" | "error">>
  & { readonly statement?: MigrationStatement };

/** How far one migration is, here and in the database. */
export class ProgressRecord {
  /** How many statements are done. */
  done = 0;
  /** Which way its statements go. */
  readonly statements: readonly MigrationStatement[];
  readonly #context: RunContext;
  readonly #task: RunTask;
  readonly #hasData: boolean;
  readonly #hashes: FirstHashes;
  readonly #begun = performance.now();

  constructor(context: RunContext, task: RunTask, loaded: LoadedMigration) {
    this.#context = context;
    this.#task = task;
    this.statements = (task.direction === "up" ? loaded.up : loaded.down) ?? [];
    this.#hasData = task.direction === "up" && loaded.data !== undefined;
    this.#hashes = new FirstHashes(this.statements);
  }

  /** Milliseconds that were spent on it, with earlier attempts. */
  get elapsed(): number {
    return (this.#task.progress?.spent ?? 0) + performance.now() - this.#begun;
  }

  /** Whether so many statements are the first that the database knows as done. */
  isSame({ done, doneHash }: MigrationProgress): boolean {
    return done <= this.statements.length && doneHash === this.#hashes.of(done);
  }

  /** What is written when so many statements are done. */
  after(done: number): Sql {
    const isEnd = done === this.statements.length;
    return isEnd && !this.#hasData ? this.end() : this.row({ state: "ready", done });
  }

  /** What is written when all is done. */
  end(): Sql {
    const { tables } = this.#context;
    const { migration, direction } = this.#task;
    if (direction === "down") return saveReverted(tables, migration.version);
    const { version, name, checksum, source } = migration;
    return saveApplied(tables, {
      version,
      name,
      checksum,
      source,
      duration: this.elapsed,
      isBaseline: false,
    });
  }

  /** What is written of one that is not at its end. */
  row({ done = this.done, state, statement, error }: ProgressRow): Sql {
    const { migration: { version, name }, direction } = this.#task;
    const statementHash = statement && hashStatement(statement);
    const doneHash = this.#hashes.of(done);
    const spent = this.elapsed;
    return saveProgress(this.#context.tables, {
      version,
      name,
      direction,
      done,
      doneHash,
      state,
      statementHash,
      error,
      spent,
    });
  }

  /** Writes in a transaction of its own. */
  async save(statement: Sql): Promise<void> {
    const { session, tables } = this.#context;
    await session.run("begin");
    try {
      await this.saveInside(statement);
      await session.run("commit");
    } catch (error) {
      await session.rollback();
      throw asStateError(error, tables);
    }
  }

  /** Writes in the transaction that is open. */
  async saveInside(statement: Sql): Promise<void> {
    const { session, tables } = this.#context;
    if (!await session.assertLocked()) {
      await session.run("set local session authorization default");
      await session.run("set local role none");
    }
    try {
      await session.execute(statement);
    } catch (error) {
      throw asStateError(error, tables);
    }
  }
}
