/**
 * How migrations are run.
 *
 * @module
 */
import type { Migration } from "../files/migration.ts";
import { assertOptions, assertSignal } from "../../pool/query_options.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { assertStateSchema, STATE_SCHEMA } from "./migration_state.ts";
import type { MigrationEvent } from "./progress_events.ts";

/** How migrations are run. Times are in milliseconds. */
export interface MigratorOptions {
  /** The folder of the migrations. */
  readonly dir?: string | URL;
  /** The migrations themselves, in place of a folder. */
  readonly migrations?: readonly Migration[];
  /** How long to wait for another runner. Default 10 minutes. */
  readonly lockDeadline?: number;
  /** How long a statement waits for a lock on a table, and keeps others waiting behind it. Default 4 s; 0 for ever. */
  readonly lockTimeout?: number;
  /** How long a statement that works concurrently waits for others' transactions. Default 30 minutes; 0 for ever. */
  readonly concurrentTimeout?: number;
  /** How often a statement, or its transaction, that got no lock is tried again. Default 10. */
  readonly retries?: number;
  /** The pause before the first of them; each is half as long again, up to 10 s. Default 500 ms. */
  readonly retryPause?: number;
  /** Whether files older than the last that was applied are applied. Default false. */
  readonly outOfOrder?: boolean;
  /**
   * What to do about a statement of which nobody can tell whether it took effect, since the run was cut off: `"again"` or
   * `"done"`. Default: to say so and do nothing.
   */
  readonly interrupted?: "again" | "done";
  /**
   * The schema that the state is kept in, for databases with several sets of migrations, such as one for each tenant's
   * schema. Its name begins with "lifeguard_". Default "lifeguard_migrate".
   */
  readonly stateSchema?: string;
  /** Told what happens. What it throws is ignored. */
  readonly onProgress?: (event: MigrationEvent) => void;
  /** Ends the run; what is done stays recorded, and the next run goes on from there. */
  readonly signal?: AbortSignal;
}

/** How far to go. */
export interface RangeOptions {
  /** How many migrations. Default: up all, down one. */
  readonly steps?: number;
  /** The version to stop at: the last that is applied; for `down`, the last that stays applied. */
  readonly to?: string;
}

/** Options with all that they leave out. */
export type ResolvedMigratorOptions =
  & Required<Omit<MigratorOptions, "dir" | "migrations" | "interrupted" | "onProgress" | "signal">>
  & Pick<MigratorOptions, "dir" | "migrations" | "interrupted" | "onProgress" | "signal">;

const MIGRATOR_DEFAULTS = {
  lockDeadline: 600_000,
  lockTimeout: 4_000,
  concurrentTimeout: 1_800_000,
  retries: 10,
  retryPause: 500,
  outOfOrder: false,
  stateSchema: STATE_SCHEMA,
} as const satisfies MigratorOptions;

const NAMES: readonly string[] = [
  ...Object.keys(MIGRATOR_DEFAULTS),
  "dir",
  "migrations",
  "interrupted",
  "onProgress",
  "signal",
];

/** The longest that PostgreSQL's `lock_timeout` and a timer can be. */
const LONGEST = 2 ** 31 - 1;

/** Checks options and adds what they leave out. */
export function resolveMigratorOptions(options: MigratorOptions): ResolvedMigratorOptions {
  assertOptions(options, NAMES);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const resolved = { ...MIGRATOR_DEFAULTS, ...given } as ResolvedMigratorOptions;
  for (const name of ["lockDeadline", "lockTimeout", "concurrentTimeout", "retries", "retryPause"] as const) {
    const value = resolved[name];
    if (Number.isInteger(value) && value >= 0 && value <= LONGEST) continue;
    throw new ValidationError(`option "${name}"`, `${String(value)} was given; give an integer from 0`);
  }
  if (resolved.dir === undefined && resolved.migrations === undefined) {
    throw new ValidationError('option "dir"', "it was left out; give the folder of the migrations");
  }
  assertStateSchema(resolved.stateSchema);
  if (resolved.signal !== undefined) assertSignal(resolved.signal);
  const { interrupted } = resolved;
  if (interrupted !== undefined && interrupted !== "again" && interrupted !== "done") {
    throw new ValidationError('option "interrupted"', `"${interrupted}" was given; give "again" or "done"`);
  }
  return resolved;
}

/** Checks how far to go. */
export function assertRange(range: RangeOptions): void {
  assertOptions(range, ["steps", "to"]);
  const { steps, to } = range;
  if (steps !== undefined && (!Number.isInteger(steps) || steps < 1)) {
    throw new ValidationError('option "steps"', `${steps} was given; give how many, from 1`);
  }
  if (to !== undefined && !/^(?:\d{14}|0)$/.test(to)) {
    throw new ValidationError('option "to"', `"${to}" was given; give a version of fourteen digits`);
  }
  if (steps !== undefined && to !== undefined) {
    throw new ValidationError('options "steps" and "to"', "both were given; give one of them");
  }
}
