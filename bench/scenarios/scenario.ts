/** What a scenario is: the subjects it compares, the figures it gives, and the load. */
import type { Subject } from "../subjects/subject.ts";

/** A figure that a scenario gives for each subject. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly better: "higher" | "lower" | "neither";
}

/** What one of our subjects is to reach. */
export interface Goal {
  readonly subject: string;
  /** The subject whose figure is the measure; left out: `least` is the figure itself. */
  readonly of?: string;
  /** The least that is good enough, of the scenario's first metric. */
  readonly least: number;
}

/** What runs beside all subjects of a scenario. */
export interface Surroundings {
  readonly url: string;
  readonly redisUrl: string | undefined;
}

/** What a scenario is run with. */
export interface Run {
  /** Opens the subject; each call makes new connections. */
  readonly open: (connections: number) => Promise<Subject>;
  readonly seconds: number;
  /** The server's URL, and that of the endpoint that stops and starts it. */
  readonly url: string;
  readonly controlUrl: string;
}

/** A scenario. */
export interface Scenario {
  readonly name: string;
  /** One line that says what is measured. */
  readonly title: string;
  readonly subjects: readonly string[];
  /** Why a subject cannot be measured, by its name or, where that holds on one runtime only, as `pg on deno`. */
  readonly unable?: Readonly<Record<string, string>>;
  /** The one of our subjects that the others are compared with. Default `lifeguard`. */
  readonly ours?: string;
  /** The figures; the first is the one that is compared. */
  readonly metrics: readonly [Metric, ...Metric[]];
  /** Whether it keeps so many processes busy that a clock looked at late does not mean that the machine stood still. */
  readonly isCrowd?: boolean;
  /** What is to be reached; printed with the figures. */
  readonly goals?: readonly Goal[];
  /** Starts what runs beside all subjects, in processes of its own; throws with the reason where it cannot. */
  readonly beside?: (surroundings: Surroundings) => Promise<AsyncDisposable>;
  /** Statements run before each subject. */
  readonly before?: readonly string[];
  /** A query that has to be true after each subject. */
  readonly after?: string;
  /** Drives a subject, in a process of its own, and gives a value for each metric. */
  readonly run: (run: Run) => Promise<Readonly<Record<string, number>>>;
  /** What PostgreSQL's own programs are asked instead. */
  readonly native?: NativeLoad;
}

/** What pgbench is to do: so many queries sent together on each connection. */
export interface PipelineLoad {
  readonly connections: number;
  readonly pipeline: number;
}

/** What psql is to do: a `\copy` without its file, which is read or written. */
export interface CopyLoad {
  readonly statement: string;
  readonly isIn: boolean;
  /** Rows of one copy, and of one into a table their text. */
  readonly rows: number;
  readonly chunks?: () => readonly Uint8Array[];
  /** A statement run before each copy, whose time is not counted. */
  readonly before?: string;
}

/** The load of a program of PostgreSQL's own. */
export type NativeLoad = PipelineLoad | CopyLoad;

/** Clients that talk to a server themselves. */
export const DRIVERS: readonly string[] = ["lifeguard", "postgres-js", "pg", "bun-sql"];

/** The peers that select and insert. */
export const PEERS: readonly string[] = [
  "postgres-js",
  "pg",
  "pg-pipeline",
  "drizzle",
  "drizzle-prepared",
  "kysely",
  "typeorm",
  "prisma",
  "bun-sql",
];

/** The peers that build queries or map objects; they do all that others do, and load what is nested. */
export const ORMS: readonly string[] = ["drizzle", "drizzle-prepared", "kysely", "typeorm", "prisma"];

/** Rows of `bench_items`. */
export const ITEMS = 10_000;
