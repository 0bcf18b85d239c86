/**
 * Seeds: the rows that an application needs to begin with, in files that are run in order.
 *
 * ## Invariants
 *
 * - E1 A seed and the note that it was sown are one transaction: all of it, or nothing.
 * - E2 A seed is sown once for each content; when the file has changed, or says `every`, it is sown again, so it is written to
 *   be right when its rows are there already: `insert … on conflict do nothing`.
 * - E3 Two that sow at the same time take turns, by a lock that ends with the transaction.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import type { Pool } from "../../pool/pool.ts";
import { assertOptions } from "../../pool/query_options.ts";
import type { Transaction } from "../../pool/session_executor.ts";
import { sql, type SqlTag } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { factory } from "../../testkit/factory.ts";
import { untilAborted } from "../../pool/with_signal.ts";
import type { StateTables } from "../running/migration_state.ts";
import { type NumberedFile, numberedFiles, statementsOf } from "./numbered_files.ts";
import { SeedFailedError } from "./seeding_errors.ts";
import { hasSeedingState, prepareSeedingState, seedingState } from "./seeding_state.ts";

/** Where the seeds are, and which are sown. */
export interface SeedOptions {
  /** The folder with the files. */
  readonly dir: string | URL;
  /** Only these, by their names with or without number and suffix. Default all. */
  readonly only?: readonly string[];
  /** Sows them again though they were. Default false. */
  readonly again?: boolean;
  /** The schema in which it is kept which are sown; see {@link MigratorOptions.stateSchema}. Default "lifeguard_migrate". */
  readonly stateSchema?: string;
  /** Told before and after each. */
  readonly onProgress?: (progress: SeedProgress) => void;
  /** Ends it, with the seed that runs undone. */
  readonly signal?: AbortSignal;
}

const OPTIONS = [
  ...["dir", "only", "again", "stateSchema", "onProgress", "signal"] as const,
] satisfies (keyof SeedOptions)[];

/** What happened with a seed. */
export interface SownSeed {
  /** Its file's name without the suffix. */
  readonly name: string;
  /** `sown`, or `unchanged` since it was. */
  readonly outcome: "sown" | "unchanged";
  /** Milliseconds. */
  readonly duration: number;
}

/** What is told of a seed while it is sown. */
export interface SeedProgress {
  /** Its file's name without the suffix. */
  readonly name: string;
  /** What becomes of it. */
  readonly state: "sowing" | SownSeed["outcome"];
  /** Its place among all, from 1. */
  readonly place: number;
  /** How many there are. */
  readonly count: number;
}

/** What the function of a seed is given beside the transaction, so that its file needs no imports. */
export interface SeedTools {
  /** Makes rows to order; see `factory()` of `@lifeguard/core/testkit`. */
  readonly factory: typeof factory;
  /** Makes statements. */
  readonly sql: SqlTag;
}

/** The function that a TypeScript seed exports by the name `seed`, or as its default. */
export type SeedFunction = (db: Transaction, tools: SeedTools) => Promise<unknown> | unknown;

const TOOLS: SeedTools = { factory, sql };
const WHAT = { purpose: "seeds", example: "010_users.sql or 010_users.ts" };

interface Seed {
  readonly name: string;
  readonly path: string;
  readonly every: boolean;
  readonly checksum: string;
  readonly run: SeedFunction;
}

/**
 * Sows the seeds of a folder, in the order of their numbers: those that were not sown yet, have changed, or say `every`.
 *
 * @param pool Where to.
 * @param options Where the files are; see {@link SeedOptions}.
 * @returns What happened with each.
 * @throws {ValidationError} When the folder or a file cannot be used.
 * @throws {SeedFailedError} When a seed fails; nothing of it is sown, those before it are.
 *
 * @example
 * ```ts
 * import { mkdtemp, writeFile } from "node:fs/promises";
 * import { Pool, sql } from "@lifeguard/core";
 * import { seed } from "@lifeguard/core/migrate";
 * await using pool = new Pool("pglite:");
 * await pool.execute(sql`create table countries (code text primary key)`);
 * const dir = await mkdtemp("/tmp/seeds-");
 * await writeFile(`${dir}/001_countries.sql`, "insert into countries values ('NO') on conflict do nothing;");
 * const [first] = await seed(pool, { dir });
 * const [second] = await seed(pool, { dir });
 * console.assert(first.outcome === "sown" && second.outcome === "unchanged");
 * ```
 */
export async function seed(pool: Pool, options: SeedOptions): Promise<readonly SownSeed[]> {
  assertOptions(options, OPTIONS);
  const { signal, again = false, onProgress } = options;
  const tables = seedingState(options.stateSchema);
  const files = choose(await numberedFiles(options.dir, WHAT), options.only);
  // All are read before one is sown, so that what is wrong with the last does not leave half of them behind.
  const seeds = await Promise.all(files.map(readSeed));
  await prepareSeedingState(pool, tables, signal);
  const sown: SownSeed[] = [];
  for (const [index, seed] of seeds.entries()) {
    const tell = (state: SeedProgress["state"]): void =>
      onProgress?.({ name: seed.name, state, place: index + 1, count: seeds.length });
    tell("sowing");
    const outcome = await sow(pool, seed, { tables, again, signal });
    tell(outcome.outcome);
    sown.push(outcome);
  }
  return sown;
}

/** What is known of the seeds of a folder, without sowing any. */
export async function seedStatus(
  pool: Pool,
  { dir, stateSchema }: Pick<SeedOptions, "dir" | "stateSchema">,
): Promise<readonly { readonly name: string; readonly state: "new" | "changed" | "sown" | "every" }[]> {
  const tables = seedingState(stateSchema);
  const seeds = await Promise.all((await numberedFiles(dir, WHAT)).map(readSeed));
  const known = new Map<string, string>();
  if (await hasSeedingState(pool, tables)) {
    const rows = await pool.query<{ name: string; checksum: string }>(
      sql<{ name: string; checksum: string }>`select name, checksum from ${tables.seeds}`,
    );
    for (const { name, checksum } of rows) known.set(name, checksum);
  }
  return seeds.map(({ name, every, checksum }) => {
    const found = known.get(name);
    if (found === undefined) return { name, state: "new" };
    if (every) return { name, state: "every" };
    return { name, state: found === checksum ? "sown" : "changed" };
  });
}

function choose(
  files: readonly NumberedFile[],
  only: readonly string[] | undefined,
): readonly NumberedFile[] {
  if (only === undefined || only.length === 0) return files;
  const wanted = only.map((word) => {
    const bare = word.replace(/\.\w+$/, "");
    const found = files.find(({ name }) => name === bare || name.replace(/^\d+_/, "") === bare);
    if (found === undefined) {
      throw new ValidationError(`seed "${word}"`, `there is no such file; there are ${names(files)}`);
    }
    return found;
  });
  return files.filter((file) => wanted.includes(file));
}

function names(files: readonly NumberedFile[]): string {
  return files.length === 0 ? "none" : files.map(({ name }) => `"${name}"`).join(", ");
}

async function readSeed(file: NumberedFile): Promise<Seed> {
  const { name, text, path } = file;
  if (file.kind === "sql") {
    const statements = statementsOf(file);
    return {
      name,
      path,
      every: /^--\s*every\s*$/im.test(text),
      checksum: sha256(statements.map(({ normal }) => normal).join(";\n")),
      async run(db) {
        for (const [index, { text, line, column }] of statements.entries()) {
          try {
            await db.execute(sql.unsafe(text));
          } catch (error) {
            const place = `statement ${index + 1} of ${statements.length} at ${path}:${line}:${column}`;
            throw new SeedFailedError(name, place, error);
          }
        }
      },
    };
  }
  const checksum = sha256(text);
  // A module is loaded once for each URL: one that has changed while the program runs has another.
  const module = await import(`${pathToFileURL(path).href}?${checksum}`) as Readonly<Record<string, unknown>>;
  const run = module.seed ?? module.default;
  if (typeof run !== "function") {
    throw new ValidationError(
      `seed "${name}"`,
      "it exports no function; write export async function seed(db, { factory, sql }) { … }",
    );
  }
  return { name, path, every: module.every === true, checksum, run: run as SeedFunction };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function sow(
  pool: Pool,
  { name, path, every, checksum, run }: Seed,
  { tables, again, signal }: {
    readonly tables: StateTables;
    readonly again: boolean;
    readonly signal: AbortSignal | undefined;
  },
): Promise<SownSeed> {
  const started = performance.now();
  const outcome = await pool.transaction(async (tx): Promise<SownSeed["outcome"]> => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`${tables.name}.seeds`}, 0))`);
    const known = await tx.maybeOne(
      sql<{ checksum: string }>`select checksum from ${tables.seeds} where name = ${name}`,
    );
    if (known?.checksum === checksum && !every && !again) return "unchanged";
    try {
      await untilAborted((async () => await run(tx, TOOLS))(), signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof SeedFailedError
        ? error
        : new SeedFailedError(name, `its function in ${path}`, error);
    }
    await tx.execute(
      sql`insert into ${tables.seeds} as s (name, checksum, duration_ms)
        values (${name}, ${checksum}, ${performance.now() - started})
        on conflict (name) do update
        set checksum = excluded.checksum, sown_at = now(), duration_ms = excluded.duration_ms`,
    );
    return "sown";
  }, signal === undefined ? {} : { signal });
  return { name, outcome, duration: performance.now() - started };
}
