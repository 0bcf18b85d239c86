/** What is measured, of whom, and what is wanted. */

/** Who takes part. */
export interface MigrateSubject {
  readonly name: string;
  readonly title: string;
  /** The file in `subjects/`. */
  readonly file: string;
  /** The configuration of Deno where its packages are, by its path from `bench/`. */
  readonly config: string;
}

/** Ours first. */
export const SUBJECTS: readonly MigrateSubject[] = [
  { name: "lifeguard", title: "Lifeguard", file: "lifeguard.ts", config: "../deno.json" },
  { name: "drizzle", title: "Drizzle", file: "drizzle.ts", config: "deno.json" },
  { name: "knex", title: "Knex", file: "knex.ts", config: "deno.json" },
  { name: "node-pg-migrate", title: "node-pg-migrate", file: "node_pg_migrate.ts", config: "deno.json" },
];

/** What a subject does once, in a process of its own. */
export interface MigrateTask {
  readonly name: string;
  /** What it is of so many tables or migrations. */
  readonly title: (counts: Counts) => string;
  /** By what the time is divided; default: nothing, it is that of the whole. */
  readonly parts?: (counts: Counts) => number;
  readonly subjects: readonly string[];
  /** Milliseconds it should take at most, of 1,000 tables. */
  readonly goal?: number;
  /** Whether it needs a database of its own, which is empty. */
  readonly isOnEmpty?: boolean;
}

/** How large it all is. */
export interface Counts {
  readonly tables: number;
  readonly migrations: number;
}

const COUNT = (value: number): string => value.toLocaleString("en");

/** In the order of the report. */
export const TASKS: readonly MigrateTask[] = [
  {
    name: "read",
    title: ({ tables }) => `the catalog of ${COUNT(tables)} tables read`,
    subjects: ["lifeguard"],
    goal: 1_500,
  },
  {
    name: "infer",
    title: ({ tables }) => `models inferred of ${COUNT(tables)} tables`,
    subjects: ["lifeguard"],
    goal: 5_000,
  },
  {
    name: "pull",
    title: ({ tables }) => `the same by the command, from its start to its end (${COUNT(tables)} tables)`,
    subjects: ["lifeguard", "drizzle"],
  },
  {
    name: "diff",
    title: ({ tables }) => `two databases of ${COUNT(tables)} tables read and compared`,
    subjects: ["lifeguard"],
    goal: 3_000,
  },
  {
    name: "models",
    title: ({ tables }) => `${COUNT(tables)} models as a catalog: a database made of them, read, dropped`,
    subjects: ["lifeguard"],
  },
  {
    name: "models-diff",
    title: ({ tables }) => `${COUNT(tables)} models compared with a database of them that lacks ten columns`,
    subjects: ["lifeguard", "drizzle"],
    isOnEmpty: true,
  },
  {
    name: "apply",
    title: ({ tables }) => `one migration applied that makes ${COUNT(tables)} tables, each with an index`,
    subjects: ["lifeguard", "drizzle", "knex", "node-pg-migrate"],
    isOnEmpty: true,
  },
  {
    name: "tiny",
    title: ({ migrations }) => `${COUNT(migrations)} tiny migrations applied, for each`,
    parts: ({ migrations }) => migrations,
    subjects: ["lifeguard", "drizzle", "knex", "node-pg-migrate"],
    isOnEmpty: true,
  },
  {
    name: "nothing",
    title: ({ migrations }) => `a run that finds ${COUNT(migrations)} migrations applied`,
    subjects: ["lifeguard", "drizzle", "knex", "node-pg-migrate"],
    isOnEmpty: true,
  },
];
