/**
 * Pools for tests: each with a database of its own, which is gone when the pool is closed.
 *
 * @module
 */
import type { PoolOptions } from "../pool/configuration/pool_options.ts";
import { detectRepeatedLoads, type RepeatedLoadOptions } from "../orm/relations/n_plus_one.ts";
import { type CloseOptions, Pool } from "../pool/pool.ts";
import { isPgliteUrl } from "../pool/wire/configuration/connection_string.ts";
import { assertOptions } from "../pool/query_options.ts";
import { embeddedDatabase } from "./embedded_template.ts";
import { PREPARATION_OPTIONS, type PreparationOptions, resolvePreparation } from "./preparation.ts";
import { serverUrl, testDatabase } from "./test_database.ts";

/** What a test's pool is. */
export interface TestPoolOptions extends PreparationOptions {
  /**
   * The server to create its database on: a URL whose user may create databases, or `pglite:` for an embedded one. Default:
   * the variable `LIFEGUARD_TEST_DATABASE_URL`, else embedded.
   */
  readonly url?: string | URL;
  /** Other options of the pool. */
  readonly pool?: Omit<PoolOptions, "url" | "database">;
  /**
   * What becomes of relations that are loaded one row at a time, N statements where one would do: see
   * `detectRepeatedLoads` of `@lifeguard/core`. `false` does not look for them. Default: a warning that names the line.
   */
  readonly repeatedLoads?: false | RepeatedLoadOptions;
}

/** A pool on a database of its own; made by {@link testPool}. */
export class TestPool extends Pool {
  /** Its URL: that of the database on a server, else one that nobody else can connect to. */
  readonly url: string;
  /** The application's function that receives contexts, as the pool was told. */
  readonly sessionContextFunction: string | undefined;
  readonly #drop: () => Promise<void> | void;
  readonly #watch: Disposable | undefined;
  #dropped: Promise<void> | undefined;

  /** Made by {@link testPool}; `drop` removes the database. */
  constructor(
    url: string,
    options: PoolOptions,
    { drop, repeatedLoads = {} }: {
      readonly drop: () => Promise<void> | void;
      readonly repeatedLoads?: false | RepeatedLoadOptions | undefined;
    },
  ) {
    super({ ...options, url });
    this.#watch = repeatedLoads === false ? undefined : detectRepeatedLoads(repeatedLoads);
    this.url = url;
    this.sessionContextFunction = options.sessionContextFunction;
    this.#drop = drop;
  }

  /** Closes the pool and drops its database. */
  override close(options?: CloseOptions): Promise<void> {
    return this.#dropped ??= this.#close(options);
  }

  async #close(options: CloseOptions | undefined): Promise<void> {
    try {
      await super.close(options);
    } finally {
      this.#watch?.[Symbol.dispose]();
      await this.#drop();
    }
  }
}

/**
 * Makes a pool on a database of its own: embedded in this process, or on the server that `url` or the variable
 * `LIFEGUARD_TEST_DATABASE_URL` names. What prepares the database runs once; every further pool begins with a copy.
 *
 * @param options Where, and what the database is to hold.
 * @returns The pool; `await using` or `close()` drops the database.
 * @throws {ValidationError} When what prepares it cannot be run.
 *
 * @example
 * ```ts
 * import { sql } from "@lifeguard/core";
 * import { testPool } from "@lifeguard/core/testkit";
 * await using pool = await testPool({ migrate: [sql`create table users (email text primary key)`] });
 * console.assert(await pool.execute(sql`insert into users values (${"ada@example.org"})`) === 1);
 * ```
 */
export async function testPool(options: TestPoolOptions = {}): Promise<TestPool> {
  assertOptions(options, ["url", "pool", "repeatedLoads", ...PREPARATION_OPTIONS]);
  const { pool: poolOptions = {}, url: given, repeatedLoads, ...rest } = options;
  const url = serverUrl(given);
  if (url !== undefined && !isPgliteUrl(url)) {
    const database = await testDatabase({ url, ...rest });
    // Replicas that variables or a file name are the application's, and know nothing of this database.
    return new TestPool(database.url, { replicas: [], ...poolOptions }, {
      drop: database.drop,
      repeatedLoads,
    });
  }
  const preparation = resolvePreparation(rest);
  const database = await embeddedDatabase(preparation);
  const pool = new TestPool(database.url, poolOptions, { drop: database.forget, repeatedLoads });
  try {
    await pool.connect();
    if (preparation.key === undefined) await preparation.run(pool);
    return pool;
  } catch (error) {
    await pool.close();
    throw error;
  }
}
