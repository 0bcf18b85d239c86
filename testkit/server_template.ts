/**
 * Templates on a server: databases that are prepared once, by whichever process comes first, and copied by all.
 *
 * A database of the testkit's is known by its name alone, `lifeguard_test_…` or `lifeguard_template_…`, with the time it was
 * made at, so that what a killed run left behind is found by anybody.
 *
 * States of a template: absent → being prepared (a database with a test's name, under an advisory lock) → there (renamed).
 * Invariants: a database with a template's name is complete; nobody connects to it; of those who ask at the same time over
 * the same URL one prepares and the others wait; only what has outlived its age and is used by nobody is dropped.
 *
 * @module
 */
import type { Executor } from "../pool/executor.ts";
import type { PoolOptions } from "../pool/configuration/pool_options.ts";
import { Pool } from "../pool/pool.ts";
import { sql } from "../pool/sql/sql.ts";
import { PostgresError } from "../pool/wire/postgres_error.ts";
import type { Preparation } from "./preparation.ts";

/** Milliseconds a template is kept. */
const TEMPLATE_AGE = 7 * 24 * 3_600_000;

/** SQLSTATEs: https://www.postgresql.org/docs/18/errcodes-appendix.html */
const DUPLICATE_DATABASE = "42P04";
const UNKNOWN_DATABASE = "3D000";

let count = 0;

/** A name for a database that no other process and no other call chooses. */
export function testDatabaseName(): string {
  return `lifeguard_test_${stamp()}_${(++count).toString(36)}_${crypto.randomUUID().slice(0, 8)}`;
}

/** The time now, as names hold it. */
function stamp(): string {
  return Date.now().toString(36);
}

/**
 * Creates a database, as a copy of its template where it has one.
 *
 * @param admin A pool on another database of the server, of two connections at least.
 * @param name The new database's name.
 * @param preparation What it is to hold.
 * @param options The options of the pool that prepares the template, but for its database.
 */
export async function createTestDatabase(
  admin: Pool,
  name: string,
  { preparation, options }: { readonly preparation: Preparation; readonly options: PoolOptions },
): Promise<void> {
  const { key } = preparation;
  if (key === undefined || key === "") {
    await admin.execute(sql`create database ${sql.identifier(name)}`);
    return;
  }
  for (let attempt = 1;; attempt++) {
    const template = await findTemplate(admin, key) ?? await makeTemplate(admin, preparation, options);
    try {
      await admin.execute(sql`create database ${sql.identifier(name)} template ${sql.identifier(template)}`);
      return;
    } catch (error) {
      // It was dropped for its age between the two statements.
      if (attempt === 3 || !isState(error, UNKNOWN_DATABASE)) throw error;
    }
  }
}

/** The newest template with a key. */
async function findTemplate(executor: Executor, key: string): Promise<string | undefined> {
  const found = await executor.maybeOne<{ name: string }>(sql`
    select datname::text as name from pg_database where starts_with(datname, ${`lifeguard_template_${key}_`})
    order by datname desc limit 1`);
  return found?.name;
}

/** Prepares a template, unless somebody else does at this moment: then waits for that. */
async function makeTemplate(admin: Pool, { key, run }: Preparation, options: PoolOptions): Promise<string> {
  await using _lock = await admin.advisoryLock(`lifeguard_template_${key}`);
  const found = await findTemplate(admin, key!);
  if (found !== undefined) return found;
  const [draft, template] = [testDatabaseName(), `lifeguard_template_${key}_${stamp()}`];
  await admin.execute(sql`create database ${sql.identifier(draft)}`);
  try {
    {
      await using pool = new Pool({ ...options, database: draft });
      await run(pool);
    }
    await admin.execute(sql`alter database ${sql.identifier(draft)} with allow_connections false`);
    // The server notices only a moment later that the last session has ended.
    await admin.query(
      sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${draft}`,
    );
    await admin.execute(sql`alter database ${sql.identifier(draft)} rename to ${sql.identifier(template)}`);
    return template;
  } catch (error) {
    await dropTestDatabase(admin, draft).catch(() => {});
    if (isState(error, DUPLICATE_DATABASE)) return template;
    throw error;
  }
}

/** Drops a database, with the sessions that are still in it. */
export async function dropTestDatabase(admin: Pool, name: string): Promise<void> {
  await admin.execute(sql`drop database if exists ${sql.identifier(name)} with (force)`);
}

/**
 * Drops what earlier runs left behind: databases of tests and templates that have outlived their age and are used by
 * nobody. What cannot be dropped is left for others.
 *
 * @param admin A pool on the server.
 * @param age Milliseconds after which a database of a test is left over.
 * @returns The names of those that were dropped.
 */
export async function dropLeftovers(admin: Pool, age: number): Promise<string[]> {
  const candidates = await admin.query<{ name: string }>(sql`
    select datname::text as name from pg_database d
    where (starts_with(datname, 'lifeguard_test_') or starts_with(datname, 'lifeguard_template_'))
      and pg_has_role(datdba, 'member')
      and not exists (select from pg_stat_activity a where a.datid = d.oid)`);
  const dropped: string[] = [];
  for (const { name } of candidates) {
    const made = madeAt(name);
    const limit = name.startsWith("lifeguard_template_") ? TEMPLATE_AGE : age;
    if (made === undefined || Date.now() - made <= limit) continue;
    try {
      // Without force: somebody may have come meanwhile.
      await admin.execute(sql`drop database ${sql.identifier(name)}`);
      dropped.push(name);
    } catch {
      // Another process drops it at this moment, or has begun to use it.
    }
  }
  return dropped;
}

/** When a database was made, as its name says. */
function madeAt(name: string): number | undefined {
  const stamp = /^lifeguard_(?:test_|template_[0-9a-f]+_)([0-9a-z]+)(?:_|$)/.exec(name)?.[1];
  return stamp === undefined ? undefined : Number.parseInt(stamp, 36);
}

function isState(error: unknown, sqlState: string): boolean {
  return error instanceof PostgresError && error.sqlState === sqlState;
}
