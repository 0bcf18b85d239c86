/**
 * What is run, and with what.
 *
 * @module
 */
import type { Migration } from "../files/migration.ts";
import type { Pool } from "../../pool/pool.ts";
import type { MigrationProgress, StateTables } from "./migration_state.ts";
import type { Direction, MigrationEvent } from "./progress_events.ts";
import type { ResolvedMigratorOptions } from "./runner_options.ts";
import type { RunnerSession } from "./runner_session.ts";

/** What a run has to work with. */
export interface RunContext {
  readonly pool: Pool;
  readonly session: RunnerSession;
  readonly options: ResolvedMigratorOptions;
  /** Where the state is kept. */
  readonly tables: StateTables;
  readonly report: (event: MigrationEvent) => void;
}

/** Which migration is run, and which way. */
export interface RunTask {
  readonly migration: Migration;
  readonly direction: Direction;
  /** How far it came before. */
  readonly progress: MigrationProgress | undefined;
}
