/**
 * The commands of `lifeguard`, one row each, from which the parser and `--help` derive.
 *
 * @module
 */

/** A flag of one command. */
export interface CommandFlag {
  /** As commander has it: `--to <version>`. */
  readonly flag: string;
  readonly description: string;
  /** Whether it may be given several times. */
  readonly repeated?: true;
}

/** The commands, in the order of `--help`. */
export const COMMAND_NAMES = [
  "migrate new",
  "migrate up",
  "migrate down",
  "migrate redo",
  "migrate reset",
  "migrate status",
  "migrate validate",
  "migrate info",
  "migrate baseline",
  "migrate lint",
  "diff",
  "compare",
  "infer",
  "seed",
  "data",
  "dev",
] as const;

/** The name of a command. */
export type CommandName = typeof COMMAND_NAMES[number];

/** A command. */
export interface CommandRow {
  /** Its words: `migrate up`. */
  readonly name: CommandName;
  readonly description: string;
  /** What follows it, as commander has it: `<name>`, `[names...]`. */
  readonly argument?: string;
  readonly flags: readonly CommandFlag[];
  /** The settings that mean something to it: `--help` tells of these; the others are taken and passed over. */
  readonly settings: readonly string[];
  /** What more `--help` says of it. */
  readonly more?: string;
}

const DRY_RUN: CommandFlag = { flag: "--dry-run", description: "print the SQL, change nothing" };
const STEPS: CommandFlag = { flag: "--steps <count>", description: "how many migrations" };
const RENAME: CommandFlag = {
  flag: "--rename <old:new>",
  description:
    "what is gone and what is new are one thing with another name: users:people, users.mail:email (several times)",
  repeated: true,
};
const TYPE: CommandFlag = { flag: "--type <kind>", description: "sql or ts (sql)" };

const RUNNING = ["databaseUrl", "dir", "stateSchema", "lockTimeout", "wait"];
const COMPARING = ["databaseUrl", "dir", "models", "schemas", "unknown", "scratch", "scratchUrl"];

/** Every command. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: "migrate new",
    settings: ["dir"],
    description: "make an empty migration",
    argument: "<name>",
    flags: [TYPE],
    more: 'The file is called <version>_<name>.sql; its sections "-- up" and "-- down" are yours to fill.',
  },
  {
    name: "migrate up",
    settings: RUNNING,
    description: "apply the migrations that are not",
    flags: [
      STEPS,
      { flag: "--to <version>", description: "up to this one, with it" },
      DRY_RUN,
      { flag: "--out-of-order", description: "also those older than the last that was applied" },
      {
        flag: "--interrupted <word>",
        description:
          "what to do about a statement that may or may not have run when a run was cut off: again or done",
      },
    ],
  },
  {
    name: "migrate down",
    settings: RUNNING,
    description: "take back the last migration",
    flags: [
      STEPS,
      { flag: "--to <version>", description: "down to this one, which stays" },
      DRY_RUN,
    ],
    more: "What a migration dropped does not come back with its values. Without a terminal, --yes is needed.",
  },
  {
    name: "migrate redo",
    settings: RUNNING,
    description: "take back the last migration and apply it again",
    flags: [STEPS, DRY_RUN],
  },
  {
    name: "migrate reset",
    settings: RUNNING,
    description: "take back all migrations",
    flags: [DRY_RUN],
    more: "Without a terminal, --yes is needed.",
  },
  {
    name: "migrate status",
    settings: ["databaseUrl", "dir", "stateSchema"],
    description: "which migrations are applied; 1 when some are not",
    flags: [],
  },
  {
    name: "migrate validate",
    settings: ["databaseUrl", "dir", "stateSchema"],
    description: "whether the files are what was applied; 1 when one was changed, or is missing",
    flags: [],
  },
  {
    name: "migrate info",
    settings: ["databaseUrl", "dir", "stateSchema"],
    description: "the database, the settings, the lock, the last migration",
    flags: [],
  },
  {
    name: "migrate baseline",
    settings: RUNNING,
    description: "mark migrations as applied without running them",
    argument: "[version]",
    flags: [DRY_RUN],
    more: "For a database that has it all already. Without a version all files are marked.",
  },
  {
    name: "migrate lint",
    settings: ["databaseUrl", "dir", "stateSchema"],
    description: "dangers of the migrations that are not applied; 1 when one is a danger",
    argument: "[files...]",
    flags: [{ flag: "--all", description: "also those that are applied" }],
  },
  {
    name: "diff",
    settings: COMPARING,
    description: "write the migration that makes the migrations what the models say",
    flags: [
      { flag: "--name <name>", description: "write a file of this name; without it the SQL is printed" },
      TYPE,
      RENAME,
      { flag: "--from <place>", description: "compare the models with: migrations or database (migrations)" },
      {
        flag: "--to <place>",
        description: "compare with, in place of the models: models or database (models)",
      },
    ],
    more:
      "Drops are written only with --yes, or when you agree at a terminal.\n0 also when there is nothing to do.",
  },
  {
    name: "compare",
    settings: COMPARING,
    description: "whether models, migrations and database agree; 1 when they do not",
    flags: [RENAME],
  },
  {
    name: "infer",
    settings: ["databaseUrl"],
    description: "write the models of a database",
    flags: [
      { flag: "--table <name>", description: "only this table (several times)", repeated: true },
      { flag: "--schema <name>", description: "only this schema (several times)", repeated: true },
      { flag: "--out <file>", description: "write to this file; without it the source is printed" },
      { flag: "--watch", description: "write again whenever the database changes, until Ctrl-C" },
    ],
  },
  {
    name: "seed",
    settings: ["databaseUrl", "seeds", "stateSchema"],
    description: "sow the seeds that are new or changed",
    argument: "[names...]",
    flags: [
      { flag: "--again", description: "also those that were sown" },
      { flag: "--status", description: "only tell which would be sown" },
    ],
  },
  {
    name: "data",
    settings: ["databaseUrl", "backfills", "stateSchema"],
    description: "run the backfills, and go on where they were ended",
    argument: "[names...]",
    flags: [
      { flag: "--batch <rows>", description: "rows in a batch (the file's, or 1000)" },
      { flag: "--rate <rows>", description: "rows a second at most (the file's, or as fast as it goes)" },
      { flag: "--restart", description: "begin anew" },
      { flag: "--status", description: "only tell how far they are" },
    ],
  },
  {
    name: "dev",
    settings: ["databaseUrl", "dir", "seeds", "stateSchema"],
    description: "apply migrations and sow seeds whenever their files change, until Ctrl-C",
    flags: [
      { flag: "--infer <file>", description: "write the models to this file when the database changes" },
      { flag: "--interval <duration>", description: "how often to look (1s)" },
    ],
  },
];

/** The words by which commands are grouped, and what they are about. */
export const GROUPS: Readonly<Record<string, string>> = { migrate: "apply and check migrations" };
