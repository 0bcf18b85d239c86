/**
 * Scratch databases: where models and migrations are run to be read back, so that what a person wrote is compared in
 * PostgreSQL's own words.
 *
 * ## Invariants
 *
 * - A scratch database is on the server of the database it stands for, with its encoding, collation and extensions, or
 *   it is a PGlite in this process.
 * - It is dropped when its function ends, however it ends. One whose process was killed has no session left; it is
 *   dropped by the next run that finds it: by its name, which has the server's time, without a session, and not new.
 * - Nothing is written into the database it stands for.
 *
 * @module
 */
import type { PoolOptions } from "../../pool/configuration/pool_options.ts";
import { Pool } from "../../pool/pool.ts";
import { SIBLING } from "../../pool/sibling.ts";
import { assertOptions } from "../../pool/query_options.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";
import { createDatabaseText, type SourceDatabase, sourceDatabase } from "./source_database.ts";

/** What the names of scratch databases begin with. */
export const SCRATCH_PREFIX = "lifeguard_scratch_";
/** Seconds for which a scratch database without a session may yet be its owner's, who is about to connect. */
const NEW_SECONDS = 120;

/** Where a scratch database is made. */
export interface ScratchOptions {
  /** The database it stands for. */
  readonly pool?: Pool;
  /** The database it stands for, where there is no pool of it. */
  readonly url?: string | URL | PoolOptions;
  /** Another server on which to make it: any database there that may be connected to. */
  readonly scratchUrl?: string | URL | PoolOptions;
  /** `"database"`: on the server, else an error; `"pglite"`: in this process. Default: the one, else the other. */
  readonly kind?: "database" | "pglite";
  /** Ends it: the database is dropped and whatever runs in it fails. */
  readonly signal?: AbortSignal;
}

const OPTIONS = ["pool", "url", "scratchUrl", "kind", "signal"] satisfies (keyof ScratchOptions)[];

/**
 * Runs a function with a scratch database, which is dropped after it.
 *
 * @param options See {@link ScratchOptions}.
 * @param fn The function; `where` says where the database is, for a person.
 * @returns What the function returned.
 * @throws {ValidationError} When the role may not create databases and PGlite cannot stand for the server.
 *
 * @example
 * ```ts
 * import { Pool, sql } from "@lifeguard/core";
 * import { withScratch } from "@lifeguard/core/migrate";
 * await using pool = new Pool("pglite:");
 * const there = await withScratch({ pool }, async (scratch) => {
 *   await scratch.execute(sql`create table drafts (id int)`);
 *   return await scratch.value(sql`select to_regclass('drafts') is not null`);
 * });
 * console.assert(there === true);
 * console.assert(await pool.value(sql`select to_regclass('drafts') is null`) === true);
 * ```
 */
export async function withScratch<T>(
  options: ScratchOptions,
  fn: (pool: Pool, where: string) => Promise<T>,
): Promise<T> {
  assertOptions(options, OPTIONS);
  const { signal, kind } = options;
  if (kind !== undefined && kind !== "database" && kind !== "pglite") {
    throw new ValidationError('option "kind"', `"${String(kind)}" was given; give "database" or "pglite"`);
  }
  signal?.throwIfAborted();
  await using opened = options.pool === undefined && options.url !== undefined
    ? new Pool(options.url)
    : undefined;
  const source = options.pool ?? opened;
  if (source === undefined) {
    if (options.scratchUrl === undefined && kind !== "pglite") {
      throw new ValidationError("a scratch database", "it is not said for which; give a pool or a url");
    }
    await using server = options.scratchUrl === undefined ? undefined : new Pool(options.scratchUrl);
    return await inScratch({ source: server, server, kind, signal }, fn);
  }
  await using server = options.scratchUrl === undefined ? undefined : new Pool(options.scratchUrl);
  return await inScratch({ source, server: server ?? source, kind, signal }, fn);
}

interface Place {
  /** What it stands for; `undefined` for nothing. */
  readonly source: Pool | undefined;
  /** Where it is made. */
  readonly server: Pool | undefined;
  readonly kind: ScratchOptions["kind"];
  readonly signal: AbortSignal | undefined;
}

async function inScratch<T>(place: Place, fn: (pool: Pool, where: string) => Promise<T>): Promise<T> {
  const { source, server, kind, signal } = place;
  const facts = source === undefined ? undefined : await sourceDatabase(source, signal);
  if (server === undefined || kind === "pglite" || facts?.isEmbedded) {
    return await inPglite(facts, signal, fn);
  }
  await dropLeftovers(server);
  const name = await scratchName(server);
  try {
    await server.execute(sql.unsafe(createDatabaseText(name, facts!)), { signal });
  } catch (error) {
    const isDenied = error instanceof PostgresError && error.sqlState === "42501";
    if (!isDenied || kind === "database") throw isDenied ? denied(error) : error;
    return await insteadOf(error, facts!, signal, fn);
  }
  let stopped: Promise<void> | undefined;
  const drop = (): Promise<void> =>
    stopped ??= server.execute(sql.unsafe(`drop database if exists ${quoteIdentifier(name)} with (force)`))
      .then(() => {}, () => {});
  const onAbort = (): void => void drop();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await using scratch = server[SIBLING](name, { applicationName: "lifeguard scratch", min: 1, max: 4 });
    await prepare(scratch, facts!);
    signal?.throwIfAborted();
    const result = await fn(scratch, `database "${name}"`);
    signal?.throwIfAborted();
    return result;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await drop();
  }
}

/** Gives a scratch database what the models and migrations find in every database of this kind. */
async function prepare(scratch: Pool, facts: SourceDatabase): Promise<void> {
  for (const { name, schema } of facts.extensions) {
    const into = schema === undefined ? "" : ` with schema ${quoteIdentifier(schema)}`;
    if (schema !== undefined) {
      await scratch.execute(sql.unsafe(`create schema if not exists ${quoteIdentifier(schema)}`));
    }
    await scratch.execute(
      sql.unsafe(`create extension if not exists ${quoteIdentifier(name)}${into} cascade`),
    );
  }
  if (facts.currentSchema !== undefined && facts.currentSchema !== "public") {
    await scratch.execute(sql.unsafe(`create schema if not exists ${quoteIdentifier(facts.currentSchema)}`));
  }
}

async function insteadOf<T>(
  cause: unknown,
  facts: SourceDatabase,
  signal: AbortSignal | undefined,
  fn: (pool: Pool, where: string) => Promise<T>,
): Promise<T> {
  if (facts.extensions.length > 0) throw denied(cause);
  let major: number;
  await using scratch = new Pool("pglite:");
  try {
    major = Math.floor(
      await scratch.value<number>(sql`select current_setting('server_version_num')::int`) / 10_000,
    );
  } catch (error) {
    throw denied(new AggregateError([cause, error]));
  }
  signal?.throwIfAborted();
  await prepare(scratch, facts);
  return await fn(scratch, `PGlite (PostgreSQL ${major}) in this process`);
}

async function inPglite<T>(
  facts: SourceDatabase | undefined,
  signal: AbortSignal | undefined,
  fn: (pool: Pool, where: string) => Promise<T>,
): Promise<T> {
  await using scratch = new Pool("pglite:");
  if (facts !== undefined) await prepare(scratch, facts);
  signal?.throwIfAborted();
  const result = await fn(scratch, "PGlite in this process");
  signal?.throwIfAborted();
  return result;
}

function denied(cause: unknown): ValidationError {
  return new ValidationError(
    "a scratch database",
    "the role may not create databases here, and PGlite cannot stand for this one; " +
      "give the role CREATEDB, or name a server where it may with --scratch-url (scratchUrl)",
    { cause },
  );
}

/** A name that says when it was made by the server's clock, and that nobody else has. */
async function scratchName(server: Pool): Promise<string> {
  const seconds = await server.value<number>(sql`select extract(epoch from clock_timestamp())::int`);
  return `${SCRATCH_PREFIX}${seconds.toString(36)}_${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
}

/**
 * Drops the scratch databases that killed runs have left.
 *
 * @param server A pool of any database of the server.
 * @returns Their names.
 */
export async function dropLeftovers(server: Pool): Promise<readonly string[]> {
  const rows = await server.query<{ name: string; now: number }>(sql`
    select datname as name, extract(epoch from clock_timestamp())::int as now
    from pg_catalog.pg_database d
    where starts_with(datname, ${SCRATCH_PREFIX})
      and pg_catalog.pg_has_role(datdba, 'usage')
      and not exists (select from pg_catalog.pg_stat_activity a where a.datid = d.oid)`);
  const dropped: string[] = [];
  for (const { name, now } of rows) {
    const [made] = name.slice(SCRATCH_PREFIX.length).split("_");
    if (!/^[0-9a-z]+$/.test(made) || now - Number.parseInt(made, 36) < NEW_SECONDS) continue;
    // Without FORCE: whoever has connected since keeps it.
    const text = `drop database if exists ${quoteIdentifier(name)}`;
    await server.execute(sql.unsafe(text)).then(() => dropped.push(name), () => {});
  }
  return dropped;
}
