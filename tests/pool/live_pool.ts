/** Pools on the real server, each with a schema of its own, for the tests of what runs over a pool. */
import assert from "node:assert/strict";
import { Pool, type PoolOptions, sql } from "../../pool/mod.ts";
import { awakeTime, inTime } from "../awake_time.ts";
import { server } from "../services/client.ts";

/** What a live pool is made with. */
export interface LivePoolOptions extends PoolOptions {
  /** Rewrites the server's URL, to go through a proxy for example. */
  readonly through?: (url: string) => string;
  /** The schema of another live pool to work in; that one drops it. */
  readonly schema?: string;
}

/** A pool that is closed at the end of its scope, and its schema dropped. */
export interface LivePool extends AsyncDisposable {
  readonly pool: Pool;
  /** The schema that unqualified names are in. */
  readonly schema: string;
  /** A second pool, straight to the server: to look at the first from outside. */
  readonly outside: Pool;
}

let count = 0;

/** Makes a pool whose names are in a schema of its own. */
export async function livePool({ through, schema, ...options }: LivePoolOptions = {}): Promise<LivePool> {
  const { url } = server("primary");
  const own = schema ?? `pool_${Math.random().toString(36).slice(2, 10)}_${++count}`;
  const settings = `-c search_path=${own}`;
  const outside = new Pool({ url, max: 2, min: 0, options: settings });
  if (schema === undefined) await outside.execute(sql`create schema ${sql.identifier(own)}`);
  const pool = new Pool({ url: through?.(url) ?? url, max: 2, min: 0, options: settings, ...options });
  return {
    pool,
    outside,
    schema: own,
    async [Symbol.asyncDispose]() {
      await pool.close({ timeout: 1_000 });
      if (schema === undefined) {
        await outside.execute(sql`set client_min_messages = warning`);
        await outside.execute(sql`drop schema ${sql.identifier(own)} cascade`);
      }
      await outside.close();
    },
  };
}

/** Proves that a pool serves as if nothing had happened: every connection, outside transactions. */
export async function assertServes({ pool }: { readonly pool: Pool }): Promise<void> {
  const answers = await Promise.all([1, 2, 3, 4].map((n) => pool.value<number>(sql`select ${n}::int`)));
  assert.deepEqual(answers, [1, 2, 3, 4]);
  // A slot that was given up is cleaned in the background.
  await until(() => pool.stats().reserved === 0);
  assert.equal(pool.stats().waiting, 0);
}

/**
 * Asserts that a promise rejects, within so many milliseconds of awake time where a bound is given; returns
 * what with.
 */
export async function rejection<T = unknown>(promise: Promise<unknown>, within = 5_000): Promise<T> {
  return await inTime(
    promise.then(
      (value) => assert.fail(`it resolved with ${JSON.stringify(value)}`),
      (error: unknown) => error as T,
    ),
    within,
    () => `it did not reject within ${within} ms`,
  );
}

/**
 * The least milliseconds that something takes in a few tries, or in more until it takes less than `enough`: a loaded
 * machine only ever adds to them.
 */
export async function quickest(work: () => Promise<unknown>, enough: number): Promise<number> {
  let best = Infinity;
  for (let attempt = 0; attempt < 3 || (attempt < 15 && best >= enough); attempt++) {
    const start = performance.now();
    await work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** Waits until something is true; fails after so many milliseconds of awake time. */
export async function until(condition: () => boolean | Promise<boolean>, within = 5_000): Promise<void> {
  const end = awakeTime() + within;
  while (!await condition()) {
    if (awakeTime() > end) throw new Error(`nothing happened within ${within} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Waits until a statement with a mark in its text runs on the server; returns the process that runs it. */
export async function running(outside: Pool, mark: string): Promise<number> {
  let found: number | undefined;
  await until(async () => {
    found = await backend(outside, mark);
    return found !== undefined;
  });
  return found!;
}

/** Waits until no statement with a mark in its text runs on the server any more. */
export async function stopped(outside: Pool, mark: string): Promise<void> {
  await until(async () => await backend(outside, mark) === undefined);
}

async function backend(outside: Pool, mark: string): Promise<number | undefined> {
  const row = await outside.query<{ pid: number }>(
    sql`select pid from pg_stat_activity
        where state = 'active' and pid <> pg_backend_pid() and query like ${`%${mark}%`}`,
  );
  return row[0]?.pid;
}

/** Kills a process of the server. */
export async function kill(outside: Pool, pid: number): Promise<void> {
  await outside.execute(sql`select pg_terminate_backend(${pid})`);
}
