/**
 * What the files and the database say of each other.
 *
 * @module
 */
import type { Migration } from "../files/migration.ts";
import {
  MigrationChangedError,
  MigrationMissingError,
  MigrationOrderError,
  type NamedMigration,
} from "./migration_errors.ts";
import type { AppliedMigration, MigrationProgress, MigrationState } from "./migration_state.ts";

/** What a migration is, by its file and the database. */
export type MigrationCondition =
  | "applied"
  | "pending"
  | "changed"
  | "missing"
  | "out of order"
  | "interrupted";

/** A migration and what it is. */
export interface MigrationStatus {
  /** Fourteen digits. */
  readonly version: string;
  /** The rest of its file's name. */
  readonly name: string;
  /** What it is. */
  readonly condition: MigrationCondition;
  /** Its file; `undefined` where it is missing. */
  readonly path: string | undefined;
  /** What it is written in. */
  readonly kind: "ts" | "sql" | undefined;
  /** When it was applied, as ISO 8601 in UTC. */
  readonly appliedAt: string | undefined;
  /** In milliseconds. */
  readonly duration: number | undefined;
  /** Whether it was only marked as applied. */
  readonly isBaseline: boolean;
  /** How far it came, where it was interrupted. */
  readonly progress: MigrationProgress | undefined;
}

/** Whether a file differs from what was applied; a file that is the same byte by byte does not, whatever writes its SQL now. */
function isChanged(file: Migration, applied: AppliedMigration): boolean {
  return file.checksum !== applied.checksum && file.source !== applied.source;
}

/** The migration that was applied last, by its version. */
export function lastApplied({ applied }: MigrationState): AppliedMigration | undefined {
  return [...applied.values()].at(-1);
}

/** What each migration is, the oldest first. */
export function surveyMigrations(
  files: readonly Migration[],
  state: MigrationState,
): readonly MigrationStatus[] {
  const last = lastApplied(state);
  const byVersion = new Map(files.map((file) => [file.version, file]));
  const versions = new Set([...byVersion.keys(), ...state.applied.keys(), ...state.progress.keys()]);
  return [...versions].toSorted().map((version) => {
    const file = byVersion.get(version);
    const applied = state.applied.get(version);
    const progress = state.progress.get(version);
    const condition = (): MigrationCondition => {
      if (file === undefined) return "missing";
      if (progress !== undefined) return "interrupted";
      if (applied !== undefined) return isChanged(file, applied) ? "changed" : "applied";
      return last !== undefined && version < last.version ? "out of order" : "pending";
    };
    return {
      version,
      name: file?.name ?? applied?.name ?? progress?.name ?? "",
      condition: condition(),
      path: file?.path,
      kind: file?.kind,
      appliedAt: applied?.appliedAt,
      duration: applied?.duration,
      isBaseline: applied?.isBaseline ?? false,
      progress,
    };
  });
}

/** What makes it unsafe to go on. */
export type MigrationProblem = MigrationMissingError | MigrationChangedError | MigrationOrderError;

/** Everything that makes it unsafe to go on, the worst first. */
export function findProblems(
  statuses: readonly MigrationStatus[],
  options: { readonly last: NamedMigration | undefined; readonly outOfOrder: boolean },
): readonly MigrationProblem[] {
  const of = (condition: MigrationCondition): readonly MigrationStatus[] =>
    statuses.filter((status) => status.condition === condition);
  const [missing, changed, early] = [of("missing"), of("changed"), of("out of order")];
  const problems: MigrationProblem[] = [];
  if (missing.length > 0) problems.push(new MigrationMissingError(missing));
  if (changed.length > 0) problems.push(new MigrationChangedError(changed));
  if (early.length > 0 && !options.outOfOrder) problems.push(new MigrationOrderError(early, options.last!));
  return problems;
}
