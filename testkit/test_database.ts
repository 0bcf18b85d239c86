/**
 * Databases of a test's own on a real server.
 *
 * @module
 */
import type { PoolOptions } from "../pool/configuration/pool_options.ts";
import { Pool } from "../pool/pool.ts";
import { assertOptions } from "../pool/query_options.ts";
import { processEnvironment } from "../pool/wire/configuration/environment.ts";
import { ConfigError, ValidationError } from "../pool/wire/errors.ts";
import { PREPARATION_OPTIONS, type PreparationOptions, resolvePreparation } from "./preparation.ts";
import { createTestDatabase, dropLeftovers, dropTestDatabase, testDatabaseName } from "./server_template.ts";

/** The variable that names the server tests run on. */
export const DATABASE_VARIABLE = "LIFEGUARD_TEST_DATABASE_URL";

/** Milliseconds after which a database of a test is left over, where nothing else is said. */
const LEFTOVER_AGE = 3_600_000;

/** What a database of a test's own is. */
export interface TestDatabaseOptions extends PreparationOptions {
  /**
   * The server: the URL of a database whose user may create others. Default: the variable
   * `LIFEGUARD_TEST_DATABASE_URL`.
   */
  readonly url?: string | URL;
  /** Milliseconds after which databases that a killed run left behind are dropped. Default an hour. */
  readonly leftoverAge?: number;
}

/** A database of a test's own; dropped at the end of its scope. */
export interface TestDatabase extends AsyncDisposable {
  /** Its name. */
  readonly name: string;
  /** Its URL, with the password of the server's, for the program under test. */
  readonly url: string;
  /** The databases of earlier runs that were dropped when it was made. */
  readonly droppedLeftovers: readonly string[];
  /** Drops it, and ends the sessions in it. A second call does nothing. */
  drop(): Promise<void>;
}

/**
 * Creates a database on a real server: a copy of a template that is prepared once, whatever the number of tests and of
 * test processes.
 *
 * @param options The server, and what the database is to hold.
 * @returns The database.
 * @throws {ConfigError} When no server is named.
 * @throws {ValidationError} When what prepares it cannot be run.
 *
 * @example
 * ```ts ignore
 * import { Pool, sql } from "@lifeguard/core";
 * import { testDatabase } from "@lifeguard/core/testkit";
 * await using database = await testDatabase({
 *   url: "postgres://postgres@localhost/postgres",
 *   migrate: [sql`create table users (email text primary key)`],
 * });
 * await using pool = new Pool(database.url);
 * console.assert(await pool.value(sql`select count(*) from users`) === 0n);
 * ```
 */
export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  assertOptions(options, ["url", "leftoverAge", ...PREPARATION_OPTIONS]);
  const { leftoverAge = LEFTOVER_AGE } = options;
  if (!(leftoverAge > 0)) {
    throw new ValidationError('option "leftoverAge"', "it is no number of milliseconds above 0; give one");
  }
  const preparation = resolvePreparation(options);
  const url = serverUrl(options.url);
  if (url === undefined) {
    throw new ConfigError(
      "url",
      `no server was named; give one, or set ${DATABASE_VARIABLE}, or use testPool() for an embedded database`,
    );
  }
  const name = testDatabaseName();
  const droppedLeftovers = await onServer({ url }, async (admin) => {
    const dropped = await dropLeftovers(admin, leftoverAge);
    await createTestDatabase(admin, name, { preparation, options: { url, replicas: [] } });
    return dropped;
  });
  let dropping: Promise<void> | undefined;
  const drop = (): Promise<void> => dropping ??= onServer({ url }, (admin) => dropTestDatabase(admin, name));
  const database: TestDatabase = {
    name,
    url: withDatabase(url, name),
    droppedLeftovers,
    drop,
    [Symbol.asyncDispose]: drop,
  };
  if (preparation.key !== undefined) return database;
  try {
    await using pool = new Pool({ url: database.url, replicas: [] });
    await preparation.run(pool);
    return database;
  } catch (error) {
    await drop().catch(() => {});
    throw error;
  }
}

/** The server that tests are to run on; undefined where none is named, or the variable may not be read. */
export function serverUrl(given: string | URL | undefined): string | undefined {
  const url = given === undefined ? processEnvironment.variable(DATABASE_VARIABLE) : String(given);
  return url === undefined || url.trim() === "" ? undefined : url;
}

/** Runs something over a pool of the testkit's own on the server. */
async function onServer<T>(options: PoolOptions, work: (admin: Pool) => Promise<T>): Promise<T> {
  // One connection to work, one to hold the lock of a template.
  await using admin = new Pool({ ...options, min: 0, max: 2, replicas: [] });
  return await work(admin);
}

/** A connection string with another database. */
function withDatabase(url: string, name: string): string {
  if (!/^postgres(?:ql)?:/i.test(url.trim())) return `${url} dbname=${name}`;
  const parsed = new URL(url.trim());
  parsed.pathname = `/${name}`;
  parsed.searchParams.delete("dbname");
  return parsed.href;
}
