/**
 * Why migrations are not run, or not to their end. Each class has a code with a heading in `docs/errors.md`.
 *
 * @module
 */
import { LifeguardError, type LifeguardErrorOptions } from "../../pool/wire/errors.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";
import type { BlockingSession } from "./blocking_sessions.ts";
import type { LockOwner } from "./lock_owner.ts";

/** A migration as errors name it: `20261123094500_add_users`. */
export interface NamedMigration {
  /** Fourteen digits. */
  readonly version: string;
  /** The rest of its file's name. */
  readonly name: string;
}

/** A migration's full name. */
export function fullName({ version, name }: NamedMigration): string {
  return `${version}_${name}`;
}

function list(migrations: readonly NamedMigration[]): string {
  return migrations.map((migration) => `"${fullName(migration)}"`).join(", ");
}

/** Files differ from what was applied. */
export class MigrationChangedError extends LifeguardError {
  /** "MIGRATION_CHANGED": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_CHANGED";
  /** The versions of the migrations. */
  readonly versions: readonly string[];

  /** Creates the error; `state` says what the files differ from. */
  constructor(
    migrations: readonly NamedMigration[],
    state = "changed since it was applied; restore it, and make the change in a new migration",
  ) {
    super(`Cannot migrate: ${list(migrations)} ${state}`);
    this.versions = migrations.map(({ version }) => version);
  }
}

/** Migrations were applied whose files are not there. */
export class MigrationMissingError extends LifeguardError {
  /** "MIGRATION_MISSING": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_MISSING";
  /** The versions of the migrations. */
  readonly versions: readonly string[];

  /** Creates the error from the migrations as the database knows them. */
  constructor(migrations: readonly NamedMigration[]) {
    super(
      `Cannot migrate: ${list(migrations)} ${
        migrations.length === 1 ? "was" : "were"
      } applied but there is no such ` +
        "file; restore it, or deploy the files that belong to this database",
    );
    this.versions = migrations.map(({ version }) => version);
  }
}

/** Files that were not applied are older than the last that was. */
export class MigrationOrderError extends LifeguardError {
  /** "MIGRATION_OUT_OF_ORDER": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_OUT_OF_ORDER";
  /** The versions of the migrations. */
  readonly versions: readonly string[];

  /** Creates the error from the migrations and the last that was applied. */
  constructor(migrations: readonly NamedMigration[], last: NamedMigration) {
    super(
      `Cannot migrate: ${list(migrations)} ${migrations.length === 1 ? "is" : "are"} older than ` +
        `"${
          fullName(last)
        }", which was applied; rename what is new so that it is the newest, or allow it with ` +
        "outOfOrder",
    );
    this.versions = migrations.map(({ version }) => version);
  }
}

/** A migration was cut off where it cannot go on by itself. */
export class MigrationInterruptedError extends LifeguardError {
  /** "MIGRATION_INTERRUPTED": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_INTERRUPTED";
  /** The version of the migration. */
  readonly version: string;
  /** How many of its statements are done. */
  readonly done: number;

  /** Creates the error; `state` says how far it came and what to do. */
  constructor(migration: NamedMigration, done: number, state: string, options: LifeguardErrorOptions = {}) {
    super(`Cannot go on with migration "${fullName(migration)}": ${state}`, options);
    this.version = migration.version;
    this.done = done;
  }
}

/** Migrations to be reverted do not say how. */
export class MigrationIrreversibleError extends LifeguardError {
  /** "MIGRATION_IRREVERSIBLE": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_IRREVERSIBLE";
  /** The versions of the migrations. */
  readonly versions: readonly string[];

  /** Creates the error from the migrations. */
  constructor(migrations: readonly NamedMigration[]) {
    super(
      `Cannot revert: ${list(migrations)} ${
        migrations.length === 1 ? "has" : "have"
      } no way down; write what undoes it ` +
        'below "-- down" or in down() ("select 1" where there is nothing to undo), or in a new migration',
    );
    this.versions = migrations.map(({ version }) => version);
  }
}

/** Another runner had the lock until the deadline. */
export class MigrationLockedError extends LifeguardError {
  /** "MIGRATION_LOCKED": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_LOCKED";
  /** Who had it last, where that could be seen. */
  readonly owner: LockOwner | undefined;

  /** Creates the error from how many milliseconds were waited, and who has the lock in words. */
  constructor(waited: number, owner: LockOwner | undefined, words: string) {
    super(
      `Cannot begin to migrate: for ${
        Math.round(waited / 1000)
      } s the lock has been held by ${words}; wait for it, ` +
        'end it, or raise "lockDeadline"',
      { retryable: true },
    );
    this.owner = owner;
  }
}

/** A statement did not get a lock, however often it was tried. */
export class MigrationLockTimeoutError extends LifeguardError {
  /** "MIGRATION_LOCK_TIMEOUT": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_LOCK_TIMEOUT";
  /** The version of the migration. */
  readonly version: string;
  /** The sessions that were in its way, as far as they could be seen. */
  readonly blockers: readonly BlockingSession[];
  /** How many statements of the migration stay done. */
  readonly done: number;

  /** Creates the error for a statement; `blocked` says by whom, in words. */
  constructor(
    place: FailedPlace,
    blocked: {
      readonly attempts: number;
      readonly blockers: readonly BlockingSession[];
      readonly words: string;
    },
    options: LifeguardErrorOptions = {},
  ) {
    super(
      `Cannot ${place.verb} migration "${fullName(place)}": ${placeWords(place)} did not get its lock in ` +
        `${blocked.attempts} ${
          blocked.attempts === 1 ? "attempt" : "attempts"
        }, in its way ${blocked.words}; end ` +
        `what blocks it or choose a quieter time. ${doneWords(place)}`,
      { retryable: true, ...options },
    );
    this.version = place.version;
    this.blockers = blocked.blockers;
    this.done = place.done;
  }
}

/** Which statement of which migration did not succeed. */
export interface FailedPlace extends NamedMigration {
  /** What was being done. */
  readonly verb: "apply" | "revert";
  /** The path of its file. */
  readonly path: string;
  /** Its number, from 1, of how many. */
  readonly number: number;
  /** How many statements there are. */
  readonly total: number;
  /** Where in the file it is; `undefined` for SQL that steps wrote. */
  readonly line: number | undefined;
  /** The column, from 1. */
  readonly column: number | undefined;
  /** The statement's text. */
  readonly statement: string;
  /** How many statements of the migration are done and stay so. */
  readonly done: number;
  /** What it left behind, in words. */
  readonly left?: string | undefined;
}

/** What to do about some of the server's refusals, by SQLSTATE; of the others the message says enough. */
const ADVICE: Readonly<Record<string, string>> = {
  // active_sql_transaction
  "25001":
    'put it into a migration of its own with "-- transaction: off" at the top (TypeScript: transaction = false)',
  // unsafe_new_enum_value_usage
  "55P04": 'put what uses the new label into a migration after this one, or "-- transaction: off" at the top',
  // unique_violation
  "23505": "find what is there twice (group by the columns having count(*) > 1), remove it and run it again",
  // query_canceled
  "57014": "somebody cancelled it, or a limit that the migration has set; run it again",
};

/** The server refused a statement. */
export class MigrationFailedError extends LifeguardError {
  /** "MIGRATION_FAILED": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_FAILED";
  /** The version of the migration. */
  readonly version: string;
  /** The path of its file. */
  readonly path: string;
  /** The line in the file, from 1; `undefined` for SQL that steps wrote. */
  readonly line: number | undefined;
  /** The column in the file, from 1. */
  readonly column: number | undefined;
  /** The statement. */
  readonly statement: string;
  /** The SQLSTATE of the server, where it was the server that refused. */
  readonly sqlState: string | undefined;
  /** The server's hint. */
  readonly hint: string | undefined;
  /** How many statements of the migration are done and stay so. */
  readonly done: number;

  /** Creates the error for a statement and what it failed with. */
  constructor(place: FailedPlace, cause: unknown) {
    const hint = cause instanceof PostgresError ? cause.hint : undefined;
    const message = cause instanceof Error ? cause.message : String(cause);
    super(
      `Cannot ${place.verb} migration "${fullName(place)}": ${placeWords(place)} failed: ${message}` +
        `${hint === undefined ? "" : `. Hint: ${hint.replace(/\.$/, "")}`}; ${adviceFor(cause)}. ` +
        `${place.left === undefined ? "" : `${place.left}. `}${doneWords(place)}`,
      { cause },
    );
    this.version = place.version;
    this.path = place.path;
    this.line = place.line;
    this.column = place.column;
    this.statement = place.statement;
    this.sqlState = cause instanceof PostgresError ? cause.sqlState : undefined;
    this.hint = hint;
    this.done = place.done;
  }
}

/** Between this process and the server is a pooler that gives each transaction another session. */
export class MigrationPoolerError extends LifeguardError {
  /** "MIGRATION_POOLER": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_POOLER";

  /** Creates the error. */
  constructor() {
    super(
      "Cannot migrate: a pooler gives each transaction another session of the server, so that no lock would hold; give " +
        "migrations the address of the server itself, or of a pooler in session mode",
    );
  }
}

/** The state of the migrations cannot be read or written. */
export class MigrationStateError extends LifeguardError {
  /** "MIGRATION_STATE": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_STATE";

  /** Creates the error from why, and what to change. */
  constructor(state: string, advice: string, options: LifeguardErrorOptions = {}) {
    super(`Cannot migrate: ${state}; ${advice}`, options);
  }
}

/** A statement of a migration has released the lock that keeps other runners away. */
export class MigrationLockLostError extends LifeguardError {
  /** "MIGRATION_LOCK_LOST": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_LOCK_LOST";

  /** Creates the error. */
  constructor() {
    super(
      "Cannot go on with the migration: a statement of it has released the lock that keeps other runners away, as " +
        "pg_advisory_unlock_all() does; release single locks with pg_advisory_unlock(), and run it again",
    );
  }
}

/** The `data` function of a migration failed. */
export class MigrationDataError extends LifeguardError {
  /** "MIGRATION_FAILED": the heading to read in `docs/errors.md`. */
  readonly code = "MIGRATION_FAILED";
  /** The version of the migration. */
  readonly version: string;
  /** The path of its file. */
  readonly path: string;

  /** Creates the error from the migration and what its function threw. */
  constructor(migration: NamedMigration & { readonly path: string }, cause: unknown) {
    const message = cause instanceof Error ? cause.message : String(cause);
    super(
      `Cannot apply migration "${
        fullName(migration)
      }": its data() in ${migration.path} failed: ${message}; correct it and ` +
        'run it again. Its statements are applied and stay so; the next "up" runs data() again',
      { cause, retryable: cause instanceof LifeguardError && cause.retryable },
    );
    this.version = migration.version;
    this.path = migration.path;
  }
}

const SHOWN = 120;

function placeWords(place: FailedPlace): string {
  const { number, total, path, line, column, statement } = place;
  const where = line === undefined ? path : `${path}:${line}:${column}`;
  const text = statement.replace(/\s+/g, " ");
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return `statement ${number} of ${total} at ${where} (${shown})`;
}

function adviceFor(cause: unknown): string {
  const known = cause instanceof PostgresError ? ADVICE[cause.sqlState] : undefined;
  return known ?? "correct it and run it again";
}

/** How far a migration is, and that it stays so. */
export function doneWords({ done, total, verb }: Pick<FailedPlace, "done" | "total" | "verb">): string {
  const [did, goOn] = verb === "apply" ? ["applied", "up"] : ["reverted", "down"];
  if (done === 0) return `Nothing of it is ${did}`;
  return `The first ${done} of its ${total} statements are ${did} and stay so; the next "${goOn}" goes on after them`;
}
