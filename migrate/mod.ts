/**
 * Migrations: written or made from models, run under a lock, compared, judged, inferred; seeds and backfills.
 *
 * @example
 * ```ts
 * import { mkdtemp, writeFile } from "node:fs/promises";
 * import { Pool, sql } from "@lifeguard/core";
 * import { migrate } from "@lifeguard/core/migrate";
 * const dir = await mkdtemp("/tmp/migrations-");
 * await writeFile(`${dir}/20261123094500_users.sql`, "create table users (email text primary key)");
 * await using pool = new Pool("pglite:");
 * const { migrations } = await migrate(pool, { dir });
 * console.assert(migrations.length === 1);
 * console.assert(await pool.value(sql`select count(*) from users`) === 0n);
 * ```
 *
 * @module
 */
export * from "./catalog/objects.ts";
export { columnKey, describeObject, makeCatalog, objectKey } from "./catalog/object_key.ts";
export { type CatalogSource, readCatalog, type ReadCatalogOptions } from "./catalog/read_catalog.ts";
export * from "./steps/step.ts";
export { reverseStep, reverseSteps, type StepsReversal } from "./steps/reverse.ts";
export { type Statement, writeStep } from "./steps/write_step.ts";
export * from "./schema/schema.ts";
export {
  type Diff,
  diffCatalogs,
  type DiffFinding,
  type DiffOptions,
  type Rename,
  type RenameCandidate,
} from "./diff/diff.ts";
export { reverseDiff } from "./diff/reverse_diff.ts";
export {
  type Finding,
  type IgnoredRule,
  type LintOptions,
  lintStatements,
  lintSteps,
  type Severity,
} from "./lint/lint.ts";
export { Declaration, declare } from "./scratch/declare.ts";
export { migrationsCatalog, type RunnableMigration } from "./scratch/migrations_catalog.ts";
export {
  type DeclaredRename,
  type ModelsCatalog,
  modelsCatalog,
  pendingRenames,
} from "./scratch/models_catalog.ts";
export { type ScratchOptions, withScratch } from "./scratch/scratch.ts";
export { discoverMigrations, type LoadedMigration, type Migration } from "./files/migration.ts";
export type { Token, TokenKind } from "./files/lexer.ts";
export type { MigrationStatement } from "./files/migration_statement.ts";
export type { OutsideStatement, WrittenName } from "./files/outside.ts";
export type { MigrationTools } from "./files/step_tools.ts";
export type { DataTools } from "./files/ts_file.ts";
export { MigrationFileError, MigrationNameError, SqlSyntaxError } from "./files/file_errors.ts";
export { type ParsedStatement, splitStatements } from "./files/statement.ts";
export type { BlockingSession } from "./running/blocking_sessions.ts";
export type { LockOwner } from "./running/lock_owner.ts";
export {
  type FailedPlace,
  MigrationChangedError,
  MigrationDataError,
  MigrationFailedError,
  MigrationInterruptedError,
  MigrationIrreversibleError,
  MigrationLockedError,
  MigrationLockLostError,
  MigrationLockTimeoutError,
  MigrationMissingError,
  MigrationOrderError,
  MigrationPoolerError,
  MigrationStateError,
  type NamedMigration,
} from "./running/migration_errors.ts";
export type { MigrationProgress } from "./running/migration_state.ts";
export type { PlannedMigration } from "./running/plan_text.ts";
export type { AboutMigration, Direction, MigrationEvent } from "./running/progress_events.ts";
export {
  type FinishedMigration,
  migrate,
  type MigrationPlan,
  type MigrationReport,
  Migrator,
} from "./running/runner.ts";
export type { MigratorOptions, RangeOptions } from "./running/runner_options.ts";
export type { MigrationCondition, MigrationProblem, MigrationStatus } from "./running/survey.ts";
export {
  inferModels,
  type InferOptions,
  type InferredFile,
  type InferredModels,
  type LibraryModules,
} from "./infer/infer.ts";
export type { Selection } from "./infer/plan.ts";
export { type WatchOptions, watchSchema } from "./infer/watch.ts";
export { backfill, type BackfillOptions, type BackfillProgress, type Batch } from "./seeding/backfill.ts";
export { BackfillFailedError, SeedFailedError } from "./seeding/seeding_errors.ts";
export type { BackfillFile, FileBatch } from "./seeding/backfill_file.ts";
export {
  seed,
  type SeedFunction,
  type SeedOptions,
  type SeedProgress,
  type SeedTools,
  type SownSeed,
} from "./seeding/seed.ts";
