/**
 * Running migrations: which, in which order, one runner at a time.
 *
 * ## Invariants
 *
 * - Nothing is run, nor marked, but under the lock of the database, after the state was read under it.
 * - Nothing is run where a file is missing, has changed or is out of order: the database is not what the files say.
 * - What only looks (`status`, `validate`, `plan`) writes nothing and takes no lock.
 *
 * @module
 */
import { discoverMigrations, type Migration } from "../files/migration.ts";
import type { QueryOptions } from "../../pool/executor.ts";
import type { Pool } from "../../pool/pool.ts";
import { assertOptions } from "../../pool/query_options.ts";
import { sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import {
  MigrationInterruptedError,
  MigrationIrreversibleError,
  type NamedMigration,
} from "./migration_errors.ts";
import { runMigration } from "./migration_run.ts";
import {
  type MigrationState,
  prepareState,
  readState,
  saveApplied,
  type StateTables,
  stateTables,
} from "./migration_state.ts";
import { planMigration, type PlannedMigration } from "./plan_text.ts";
import type { Direction, MigrationEvent } from "./progress_events.ts";
import {
  assertRange,
  type MigratorOptions,
  type RangeOptions,
  type ResolvedMigratorOptions,
  resolveMigratorOptions,
} from "./runner_options.ts";
import { RunnerSession } from "./runner_session.ts";
import {
  findProblems,
  lastApplied,
  type MigrationProblem,
  type MigrationStatus,
  surveyMigrations,
} from "./survey.ts";
import { assertFilled } from "./unfilled.ts";

/** A migration that was run. */
export interface FinishedMigration {
  /** Fourteen digits. */
  readonly version: string;
  /** The rest of its file's name. */
  readonly name: string;
  /** Which way it goes. */
  readonly direction: Direction;
  /** In milliseconds. */
  readonly duration: number;
}

/** What a run has done. */
export interface MigrationReport {
  /** In the order in which they were run; empty where there was nothing to do. */
  readonly migrations: readonly FinishedMigration[];
}

/** What a run would do. */
export interface MigrationPlan {
  /** In the order in which they would be run. */
  readonly migrations: readonly PlannedMigration[];
  /** Everything that would be sent, for a person to read. */
  readonly sql: string;
}

interface Survey {
  readonly files: readonly Migration[];
  readonly state: MigrationState;
  readonly statuses: readonly MigrationStatus[];
}

/**
 * Runs the migrations of a folder on a database.
 *
 * @example
 * ```ts
 * import { Pool } from "@lifeguard/core";
 * import { Migrator } from "@lifeguard/core/migrate";
 * import { mkdtemp, writeFile } from "node:fs/promises";
 * const dir = await mkdtemp("/tmp/migrations-");
 * await writeFile(`${dir}/20261123094500_add_users.sql`, "-- up\ncreate table users (id int);\n-- down\ndrop table users;");
 * await using pool = new Pool("pglite:");
 * const migrator = new Migrator(pool, { dir });
 * const { migrations } = await migrator.up();
 * console.assert(migrations[0].name === "add_users");
 * console.assert((await migrator.status())[0].condition === "applied");
 * ```
 */
export class Migrator {
  readonly #pool: Pool;
  readonly #options: ResolvedMigratorOptions;
  readonly #query: QueryOptions;
  readonly #tables: StateTables;

  /** Creates it; nothing is read or sent yet. Every option is checked. */
  constructor(pool: Pool, options: MigratorOptions) {
    this.#pool = pool;
    this.#options = resolveMigratorOptions(options);
    this.#tables = stateTables(this.#options.stateSchema);
    this.#query = this.#options.signal === undefined ? {} : { signal: this.#options.signal };
  }

  /**
   * Applies migrations that were not applied, the oldest first.
   *
   * @param range How far; default: all.
   * @returns What was applied; nothing where another runner has done it in the meantime.
   * @throws {MigrationFailedError} When a statement fails; says how far it came. Other errors say why nothing was begun.
   *
   * @example
   * ```ts
   * import { mkdtemp, writeFile } from "node:fs/promises";
   * import { Pool } from "@lifeguard/core";
   * import { Migrator } from "@lifeguard/core/migrate";
   * const dir = await mkdtemp("/tmp/migrations-");
   * await writeFile(`${dir}/20261123094500_users.sql`, "-- up\ncreate table users (id int);\n-- down\ndrop table users;");
   * await using pool = new Pool("pglite:");
   * const migrator = new Migrator(pool, { dir });
   * console.assert((await migrator.up({ steps: 1 })).migrations[0].name === "users");
   * console.assert((await migrator.up()).migrations.length === 0);
   * ```
   */
  async up(range: RangeOptions = {}): Promise<MigrationReport> {
    assertRange(range);
    // As a rule there is nothing to do, and nobody need wait for that.
    if (choosePending(await this.#survey(), range).length === 0) return { migrations: [] };
    return await this.#locked(async (session) => {
      const survey = await this.#survey(session);
      return await this.#run(session, survey, { direction: "up", chosen: choosePending(survey, range) });
    });
  }

  /**
   * Reverts migrations that were applied, the newest first.
   *
   * @param range How far; default: one.
   * @returns What was reverted.
   * @throws {MigrationIrreversibleError} When one of them does not say how; nothing was reverted then.
   *
   * @example
   * ```ts
   * import { mkdtemp, writeFile } from "node:fs/promises";
   * import { Pool } from "@lifeguard/core";
   * import { Migrator } from "@lifeguard/core/migrate";
   * const dir = await mkdtemp("/tmp/migrations-");
   * await writeFile(`${dir}/20261123094500_users.sql`, "-- up\ncreate table users (id int);\n-- down\ndrop table users;");
   * await using pool = new Pool("pglite:");
   * const migrator = new Migrator(pool, { dir });
   * await migrator.up();
   * const { migrations } = await migrator.down({ steps: 1 });
   * console.assert(migrations[0].direction === "down");
   * ```
   */
  async down(range: RangeOptions = {}): Promise<MigrationReport> {
    assertRange(range);
    return await this.#locked(async (session) => {
      const survey = await this.#survey(session);
      const chosen = await chooseApplied(survey, range);
      return await this.#run(session, survey, { direction: "down", chosen });
    });
  }

  /**
   * Reverts migrations and applies them again.
   *
   * @param range How many; default: the last one.
   * @returns What was reverted, and then applied.
   *
   * @example
   * ```ts
   * import { mkdtemp, writeFile } from "node:fs/promises";
   * import { Pool } from "@lifeguard/core";
   * import { Migrator } from "@lifeguard/core/migrate";
   * const dir = await mkdtemp("/tmp/migrations-");
   * await writeFile(`${dir}/20261123094500_users.sql`, "-- up\ncreate table users (id int);\n-- down\ndrop table users;");
   * await using pool = new Pool("pglite:");
   * const migrator = new Migrator(pool, { dir });
   * await migrator.up();
   * const { migrations } = await migrator.redo();
   * console.assert(migrations.map(({ direction }) => direction).join() === "down,up");
   * ```
   */
  async redo(range: Pick<RangeOptions, "steps"> = {}): Promise<MigrationReport> {
    assertRange(range);
    return await this.#locked(async (session) => {
      const before = await this.#survey(session);
      const chosen = await chooseApplied(before, range);
      const reverted = await this.#run(session, before, { direction: "down", chosen });
      const after = await this.#survey(session);
      const applied = await this.#run(session, after, { direction: "up", chosen: chosen.toReversed() });
      return { migrations: [...reverted.migrations, ...applied.migrations] };
    });
  }

  /**
   * Reverts all migrations.
   *
   * @returns What was reverted, the newest first.
   *
   * @example
   * ```ts
   * import { mkdtemp, writeFile } from "node:fs/promises";
   * import { Pool } from "@lifeguard/core";
   * import { Migrator } from "@lifeguard/core/migrate";
   * const dir = await mkdtemp("/tmp/migrations-");
   * await writeFile(`${dir}/20261123094500_users.sql`, "-- up\ncreate table users (id int);\n-- down\ndrop table users;");
   * await using pool = new Pool("pglite:");
   * const migrator = new Migrator(pool, { dir });
   * await migrator.up();
   * console.assert((await migrator.reset()).migrations.length === 1);
   * console.assert((await migrator.status())[0].condition === "pending");
   * ```
   */
  async reset(): Promise<MigrationReport> {
    return await this.down({ to: "0" });
  }

  /**
   * Marks migrations as applied without running them: for a database that has what they make.
   *
   * @param options `to`: the last that is marked; default: all.
   * @returns Those that were marked.
   *
   * @example
   * ```ts
   * import { mkdtemp, writeFile } from "node:fs/promises";
   * import { Pool, sql } from "@lifeguard/core";
   * import { Migrator } from "@lifeguard/core/migrate";
   * const dir = await mkdtemp("/tmp/migrations-");
   * await writeFile(`${dir}/20261123094500_users.sql`, "-- up\ncreate table users (id int);\n-- down\ndrop table users;");
   * await using pool = new Pool("pglite:");
   * const migrator = new Migrator(pool, { dir });
   * await pool.execute(sql`create table users (id int)`); // was there before there were migrations
   * console.assert((await migrator.baseline()).length === 1);
   * console.assert((await migrator.status())[0].condition === "applied");
   * ```
   */
  async baseline(options: Pick<RangeOptions, "to"> = {}): Promise<readonly NamedMigration[]> {
    assertRange(options);
    assertOptions(options, ["to"]);
    return await this.#locked(async (session) => {
      const survey = await this.#survey(session);
      const chosen = choosePending(survey, options);
      for (const { version, name, checksum, source } of chosen) {
        const progress = survey.state.progress.get(version);
        if (progress !== undefined) {
          throw new MigrationInterruptedError(
            { version, name },
            progress.done,
            `it stopped after ${progress.done} statements and cannot be marked as applied; finish it with "up"`,
          );
        }
        await session.execute(
          saveApplied(this.#tables, { version, name, checksum, source, duration: 0, isBaseline: true }),
        );
      }
      return chosen.map(({ version, name }) => ({ version, name }));
    });
  }

  /**
   * What each migration is.
   *
   * @returns All that there is a file or a row of, the oldest first.
   *
   * @example
   * ```ts
   * import { mkdtemp, writeFile } from "node:fs/promises";
   * import { Pool } from "@lifeguard/core";
   * import { Migrator } from "@lifeguard/core/migrate";
   * const dir = await mkdtemp("/tmp/migrations-");
   * await writeFile(`${dir}/20261123094500_users.sql`, "-- up\ncreate table users (id int);\n-- down\ndrop table users;");
   * await using pool = new Pool("pglite:");
   * const migrator = new Migrator(pool, { dir });
   * const [users] = await migrator.status();
   * console.assert(users.name === "users" && users.condition === "pending");
   * ```
   */
  async status(): Promise<readonly MigrationStatus[]> {
    return (await this.#look()).statuses;
  }

  /**
   * Looks for what would keep migrations from being run.
   *
   * @returns The errors that a run would throw; none where all is well.
   *
   * @example
   * ```ts
   * import { mkdtemp, writeFile } from "node:fs/promises";
   * import { Pool } from "@lifeguard/core";
   * import { Migrator } from "@lifeguard/core/migrate";
   * const dir = await mkdtemp("/tmp/migrations-");
   * await writeFile(`${dir}/20261123094500_users.sql`, "-- up\ncreate table users (id int);\n-- down\ndrop table users;");
   * await using pool = new Pool("pglite:");
   * const migrator = new Migrator(pool, { dir });
   * await migrator.up();
   * console.assert((await migrator.validate()).length === 0);
   * await writeFile(`${dir}/20261123094500_users.sql`, "-- up\ncreate table users (id bigint);");
   * console.assert((await migrator.validate())[0].code === "MIGRATION_CHANGED");
   * ```
   */
  async validate(): Promise<readonly MigrationProblem[]> {
    const { state, statuses } = await this.#look();
    return findProblems(statuses, { last: lastApplied(state), outOfOrder: this.#options.outOfOrder });
  }

  /**
   * Says what a run would send, and sends nothing.
   *
   * @param options The direction, default up, and how far.
   * @returns The statements, with the transactions around them.
   *
   * @example
   * ```ts
   * import { mkdtemp, writeFile } from "node:fs/promises";
   * import { Pool } from "@lifeguard/core";
   * import { Migrator } from "@lifeguard/core/migrate";
   * const dir = await mkdtemp("/tmp/migrations-");
   * await writeFile(`${dir}/20261123094500_users.sql`, "-- up\ncreate table users (id int);\n-- down\ndrop table users;");
   * await using pool = new Pool("pglite:");
   * const migrator = new Migrator(pool, { dir });
   * const { sql } = await migrator.plan();
   * console.assert(sql.includes("create table users (id int)"));
   * console.assert((await migrator.status())[0].condition === "pending");
   * ```
   */
  async plan(options: RangeOptions & { readonly direction?: Direction } = {}): Promise<MigrationPlan> {
    const { direction = "up", ...range } = options;
    assertRange(range);
    if (direction !== "up" && direction !== "down") {
      throw new ValidationError(
        'option "direction"',
        `"${String(direction)}" was given; give "up" or "down"`,
      );
    }
    const survey = await this.#survey();
    const chosen = direction === "up" ? choosePending(survey, range) : await chooseApplied(survey, range);
    const version = await this.#pool.value<number>(
      sql`select current_setting('server_version_num')::int / 10000`,
      this.#query,
    );
    const migrations: PlannedMigration[] = [];
    for (const migration of chosen) {
      const done = survey.state.progress.get(migration.version)?.done ?? 0;
      const loaded = await migration.load(version);
      if (direction === "up") assertFilled(migration, loaded);
      migrations.push(planMigration(migration, loaded, { direction, done }));
    }
    return { migrations, sql: migrations.map((migration) => migration.sql).join("\n") };
  }

  async #files(): Promise<readonly Migration[]> {
    return this.#options.migrations ?? await discoverMigrations(this.#options.dir!, this.#query);
  }

  async #look(session?: RunnerSession): Promise<Survey> {
    const files = await this.#files();
    const state = await readState(session?.executor ?? this.#pool, this.#tables, this.#query);
    return { files, state, statuses: surveyMigrations(files, state) };
  }

  /** Looks, and refuses what it is not safe to go on from. */
  async #survey(session?: RunnerSession): Promise<Survey> {
    const survey = await this.#look(session);
    const last = lastApplied(survey.state);
    const [problem] = findProblems(survey.statuses, { last, outOfOrder: this.#options.outOfOrder });
    if (problem !== undefined) throw problem;
    return survey;
  }

  async #locked<T>(work: (session: RunnerSession) => Promise<T>): Promise<T> {
    await using session = await RunnerSession.open(this.#pool, this.#options, this.#report);
    await session.reset(this.#options.lockTimeout);
    await prepareState(session.executor, this.#tables, this.#query);
    return await work(session);
  }

  async #run(
    session: RunnerSession,
    { state }: Survey,
    { direction, chosen }: { readonly direction: Direction; readonly chosen: readonly Migration[] },
  ): Promise<MigrationReport> {
    const context = {
      pool: this.#pool,
      session,
      options: this.#options,
      tables: this.#tables,
      report: this.#report,
    };
    const migrations: FinishedMigration[] = [];
    for (const migration of chosen) {
      this.#options.signal?.throwIfAborted();
      const { version, name } = migration;
      const progress = state.progress.get(version);
      const duration = await runMigration(context, { migration, direction, progress });
      migrations.push({ version, name, direction, duration });
    }
    return { migrations };
  }

  readonly #report = (event: MigrationEvent): void => {
    try {
      this.#options.onProgress?.(event);
    } catch {
      // Who only watches does not decide how a migration ends.
    }
  };
}

/** The migrations that are not applied, as far as a range goes. */
function choosePending({ files, state }: Survey, { steps, to }: RangeOptions): readonly Migration[] {
  assertKnown(files, to);
  const pending = files.filter(({ version }) =>
    (!state.applied.has(version) || state.progress.has(version)) && (to === undefined || version <= to)
  );
  return pending.slice(0, steps);
}

/** The migrations that are applied, the newest first, as far as a range goes; each can be reverted. */
async function chooseApplied(
  { files, state }: Survey,
  { steps, to }: RangeOptions,
): Promise<readonly Migration[]> {
  if (to !== "0") assertKnown(files, to);
  for (const progress of state.progress.values()) {
    if (progress.direction === "down") continue;
    throw new MigrationInterruptedError(
      progress,
      progress.done,
      `it stopped after ${progress.done} statements; correct what stopped it, or leave out of the file what is not done, ` +
        'and finish it with "up" before anything is reverted',
    );
  }
  const applied = files.filter(({ version }) => state.applied.has(version)).toReversed();
  const chosen = to === undefined
    ? applied.slice(0, steps ?? 1)
    : applied.filter(({ version }) => version > to);
  const irreversible: Migration[] = [];
  for (const migration of chosen) {
    if ((await migration.load()).down === undefined) irreversible.push(migration);
  }
  if (irreversible.length > 0) throw new MigrationIrreversibleError(irreversible);
  return chosen;
}

function assertKnown(files: readonly Migration[], to: string | undefined): void {
  if (to === undefined || files.some(({ version }) => version === to)) return;
  throw new ValidationError('option "to"', `there is no migration of version ${to}; give one that is there`);
}

/**
 * Applies the migrations of a folder that were not applied: for the start of an application. Where many start together
 * one applies them; the others wait, see it done, and go on.
 *
 * @param pool The database.
 * @param options The folder, and how; see {@link MigratorOptions}.
 * @returns What this call has applied.
 *
 * @example
 * ```ts ignore
 * import { Pool } from "@lifeguard/core";
 * import { migrate } from "@lifeguard/core/migrate";
 * const pool = new Pool();
 * await migrate(pool, { dir: new URL("./migrations", import.meta.url) });
 * ```
 */
export async function migrate(pool: Pool, options: MigratorOptions): Promise<MigrationReport> {
  return await new Migrator(pool, options).up();
}
