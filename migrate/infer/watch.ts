/**
 * Watches what a database has, so that models are inferred again when it changes.
 *
 * ## States
 *
 * resting → asking → resting, or asking → inferring → resting; ended by the signal from any of them. There is one question
 * at a time, and none while `onChange` runs. A question that fails is told and asked again at the next turn, so that a
 * server that restarts ends nothing; what `onChange` fails with ends the watch.
 *
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";
import { readCatalog } from "../catalog/read_catalog.ts";
import { inferModels, type InferOptions, type InferredModels } from "./infer.ts";

/** How a database is watched. */
export interface WatchOptions extends InferOptions {
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Milliseconds between two looks. Default 1,000. */
  readonly interval?: number;
  /** Takes what a look failed with; the watch goes on. Default: nobody is told. */
  readonly onError?: (error: unknown) => void;
}

/** The catalogs whose rows change when a schema does. */
const CATALOGS: readonly string[] = (
  "aggregate am attrdef attribute cast class collation constraint conversion depend description enum event_trigger " +
  "extension foreign_data_wrapper foreign_server foreign_table index inherits language namespace opclass operator " +
  "opfamily partitioned_table policy proc publication publication_rel range rewrite sequence statistic_ext trigger " +
  "ts_config ts_config_map ts_dict type"
).split(" ").map((name) => `pg_${name}`);

/** How many rows each has and who wrote them: a row that is written again has another transaction's number. */
const FINGERPRINT = sql.unsafe(
  `select concat_ws(' ', ${
    CATALOGS.map((name) =>
      `(select count(*) || ':' || coalesce(sum(xmin::text::bigint), 0) from pg_catalog.${name})`
    ).join(", ")
  })`,
);

/**
 * Infers models now and whenever what the database has changes.
 *
 * A look is one statement about the catalogs' sizes and writers, which takes a few milliseconds; only where it tells
 * something else is everything read, and `onChange` called where the source is another.
 *
 * @param pool The database.
 * @param onChange Takes the models; the next look waits for it.
 * @param options How models are inferred, how often it is looked, and the signal that ends it.
 * @returns When the signal has ended the watch.
 * @throws Whatever `onChange` throws.
 *
 * @example
 * ```ts
 * import { Pool, sql } from "@lifeguard/core";
 * import { watchSchema } from "@lifeguard/core/migrate";
 * await using pool = new Pool("pglite:");
 * const watch = new AbortController();
 * const sources: string[] = [];
 * await watchSchema(pool, async ({ source }) => {
 *   sources.push(source);
 *   if (sources.length === 1) await pool.execute(sql`create table artists (id int primary key)`);
 *   else watch.abort();
 * }, { signal: watch.signal, interval: 10 });
 * console.assert(!sources[0].includes("Artist") && sources[1].includes("Artist"));
 * ```
 */
export async function watchSchema(
  pool: Pool,
  onChange: (models: InferredModels) => void | Promise<void>,
  { signal, interval = 1_000, onError = () => {}, ...options }: WatchOptions,
): Promise<void> {
  let seen: string | undefined;
  let known: string | undefined;
  while (!signal.aborted) {
    try {
      const fingerprint = await pool.value<string>(FINGERPRINT, { signal });
      if (fingerprint !== seen) {
        const models = inferModels(await readCatalog(pool, { signal }), options);
        seen = fingerprint;
        const all = JSON.stringify(models.files);
        if (all !== known) await told(onChange, models);
        known = all;
      }
    } catch (error) {
      if (error instanceof ToldError) throw error.cause;
      if (signal.aborted) return;
      onError(error);
    }
    await pause(interval, undefined, { signal }).catch(() => {});
  }
}

/** What `onChange` failed with, told apart from what a look failed with. */
class ToldError extends Error {}

async function told(
  onChange: (models: InferredModels) => void | Promise<void>,
  models: InferredModels,
): Promise<void> {
  try {
    await onChange(models);
  } catch (cause) {
    throw new ToldError("Cannot go on watching: what the change was told to failed", { cause });
  }
}
