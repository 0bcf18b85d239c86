/**
 * The settings of `lifeguard`: one row each, from which flags, variables, the names in the table `[migrate]` of the file,
 * defaults, validation and `--help` derive.
 *
 * @module
 */
import { type Setting, snakeCase } from "../../pool/wire/configuration/setting.ts";
import { STATE_SCHEMA } from "../running/migration_state.ts";

/** A setting of the program. */
export interface MigrateSetting extends Setting {
  /** What its value is called in `--help`. */
  readonly placeholder: string;
}

/** What a variable of the program begins with. */
export const MIGRATE_PREFIX = "LIFEGUARD__MIGRATE__";
/** The table of the file that holds the settings. */
export const MIGRATE_TABLE = "migrate";
/** The variables that name the database beside the prefixed one, in the order in which they count. */
export const DATABASE_VARIABLES = ["LIFEGUARD_DATABASE_URL", "DATABASE_URL"] as const;

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** What happens with what neither models nor migrations know. */
export const UNKNOWN_CHOICES = ["keep", "drop"] as const;
/** Where models and migrations are run to be compared. */
export const SCRATCH_CHOICES = ["database", "pglite"] as const;

/** The settings of the program. */
export const MIGRATE_SETTINGS: readonly MigrateSetting[] = [
  {
    key: "databaseUrl",
    type: "secret",
    placeholder: "url",
    defaultText: "LIFEGUARD_DATABASE_URL, DATABASE_URL, the file",
    description: "the database",
  },
  {
    key: "dir",
    type: "text",
    placeholder: "folder",
    default: "migrations",
    description: "the folder of the migrations",
  },
  {
    key: "models",
    type: "text",
    placeholder: "module",
    default: "models.ts",
    description: "the module that exports the models",
  },
  {
    key: "seeds",
    type: "text",
    placeholder: "folder",
    default: "seeds",
    description: "the folder of the seeds",
  },
  {
    key: "backfills",
    type: "text",
    placeholder: "folder",
    default: "backfills",
    description: "the folder of the backfills",
  },
  {
    key: "schemas",
    type: "list",
    placeholder: "names",
    defaultText: "all but PostgreSQL's own",
    description: "the schemas that are looked at, with commas",
  },
  {
    key: "unknown",
    type: "choice",
    placeholder: "word",
    choices: UNKNOWN_CHOICES,
    default: "keep",
    description: "what diff does with what neither models nor migrations know: keep or drop",
  },
  {
    key: "scratch",
    type: "choice",
    placeholder: "word",
    choices: SCRATCH_CHOICES,
    default: "database",
    description: "where models are run to be compared: a database beside yours, or pglite in this process",
  },
  {
    key: "scratchUrl",
    type: "secret",
    placeholder: "url",
    defaultText: "the database's server",
    description: "a server on which scratch databases may be made",
  },
  {
    key: "stateSchema",
    type: "text",
    placeholder: "name",
    default: STATE_SCHEMA,
    description: "the schema that keeps what was run, where several sets of migrations share a database",
  },
  {
    key: "lockTimeout",
    type: "duration",
    placeholder: "duration",
    default: 4 * SECOND,
    min: 0,
    max: 24 * 60 * MINUTE,
    description: "how long a statement waits for the lock of a table before it steps back and tries again",
  },
  {
    key: "wait",
    type: "duration",
    placeholder: "duration",
    default: 10 * MINUTE,
    min: 0,
    max: 24 * 60 * MINUTE,
    description: "how long to wait while somebody else migrates",
  },
];

/** The flag of a setting, without dashes: `databaseUrl` is `database-url`. */
export function flagName({ key }: Pick<Setting, "key">): string {
  return snakeCase(key).replaceAll("_", "-");
}
