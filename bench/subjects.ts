/** The subjects: us and the peers, each with the file that opens it and the variant it is opened in. */

/** The runtimes a subject may run on; `native` is a program of PostgreSQL's own. */
export const RUNTIMES = ["deno", "bun", "native"] as const;

/** One of {@linkcode RUNTIMES}. */
export type Runtime = typeof RUNTIMES[number];

/** One way of using one client. */
export interface SubjectEntry {
  readonly name: string;
  readonly title: string;
  readonly runtimes: readonly Runtime[];
  /** The file in `subjects/`, or in `native/`. */
  readonly file: string;
  readonly variant: string;
  /** The configuration that Deno resolves its imports by. */
  readonly config: string;
}

/** Configurations by folders of subjects; the others have that of the bench. */
const CONFIGS: Readonly<Record<string, string>> = {
  ours: "../deno.json",
  redis: "../deno.json",
  prisma: "subjects/prisma/deno.json",
};

type Line = readonly [name: string, title: string, file: string, variant?: string];

const CLIENTS: readonly Line[] = [
  ["lifeguard", "Lifeguard", "ours/lifeguard.ts"],
  ["lifeguard-shared", "Lifeguard, shared Sync", "ours/lifeguard.ts", "shared"],
  ["lifeguard-dates", "Lifeguard, dates as Date", "ours/lifeguard.ts", "dates"],
  ["lifeguard-temporal", "Lifeguard, dates as Temporal", "ours/lifeguard.ts"],
  ["lifeguard-find-by-id", "Lifeguard ORM, findById", "ours/lifeguard_orm.ts", "findById"],
  ["lifeguard-find-where", "Lifeguard ORM, find().where()", "ours/lifeguard_orm.ts"],
  ["lifeguard-orm", "Lifeguard ORM", "ours/lifeguard_orm.ts"],
  ["lifeguard-insert-rows", "Lifeguard ORM, insertMany()", "ours/lifeguard_orm.ts"],
  ["lifeguard-insert-count", "Lifeguard ORM, insertMany() without rows", "ours/lifeguard_orm.ts", "count"],
  ["lifeguard-cached", "Lifeguard ORM, findById() from Redis", "ours/lifeguard_cached.ts", "redis"],
  ["lifeguard-near", "Lifeguard ORM, findById() from near rows", "ours/lifeguard_cached.ts", "near"],
  ["lifeguard-distrusted", "Lifeguard ORM, findById(), trust lost", "ours/lifeguard_cached.ts", "distrusted"],
  ["ioredis", "ioredis, GET", "redis/ioredis.ts"],
  ["ioredis-pipelining", "ioredis, GET, enableAutoPipelining", "redis/ioredis.ts", "pipelining"],
  ["postgres-js", "postgres.js", "peers/postgres_js.ts"],
  ["pg", "pg", "peers/pg.ts"],
  ["pg-pipeline", "pg, pipelining clients", "peers/pg_pipeline.ts"],
  ["drizzle", "Drizzle", "peers/drizzle.ts"],
  ["drizzle-prepared", "Drizzle, prepared", "peers/drizzle.ts", "prepared"],
  ["kysely", "Kysely", "peers/kysely.ts"],
  ["typeorm", "TypeORM", "peers/typeorm.ts"],
  ["prisma", "Prisma", "prisma/prisma.ts"],
];
const BUN_CLIENTS: readonly Line[] = [["bun-sql", "Bun.sql", "peers/bun_sql.ts"]];
const PROGRAMS: readonly Line[] = [
  ["pgbench", "pgbench, pipelining (C)", "pgbench.ts"],
  ["psql", "psql \\copy (C)", "psql.ts"],
];

/** Every subject, in the order in which they are measured. */
export const SUBJECTS: readonly SubjectEntry[] = [
  ...entries(CLIENTS, ["deno", "bun"]),
  ...entries(BUN_CLIENTS, ["bun"]),
  ...entries(PROGRAMS, ["native"]),
];

function entries(lines: readonly Line[], runtimes: readonly Runtime[]): SubjectEntry[] {
  return lines.map(([name, title, file, variant = ""]) => ({
    name,
    title,
    runtimes,
    file,
    variant,
    config: CONFIGS[file.split("/")[0]] ?? "deno.json",
  }));
}

/** A subject by its name. */
export function subjectNamed(name: string): SubjectEntry {
  const subject = SUBJECTS.find((subject) => subject.name === name);
  if (subject !== undefined) return subject;
  throw new Error(
    `Cannot measure "${name}": it is no subject; name one of ${SUBJECTS.map(({ name }) => name).join(", ")}`,
  );
}
