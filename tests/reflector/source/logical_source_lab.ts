/** A logical source on a server of a test's own, and what came out of it. */
import { type ChangeBatch, SourceLostError } from "../../../reflector/source/change_source.ts";
import {
  LogicalSource,
  type LogicalSourceOptions,
} from "../../../reflector/source/logical/logical_source.ts";
import type { FollowedTable } from "../../../reflector/source/logical/relation_plan.ts";
import { publicationSql } from "../../../reflector/install/publication.ts";
import { until } from "../../pool/wire/replication/live_replication.ts";
import { type LiveSession, liveSession, run } from "../../pool/wire/session/live_session.ts";

/** The tables of these tests. */
export const TABLES: readonly FollowedTable[] = [
  { name: "public.users", key: ["id"], lookups: [["email"], ["team", "email"]] },
  { name: "public.places", key: ["country", "name"], lookups: [] },
];

/** Makes the tables and their publication. */
export async function makeTables(url: string): Promise<void> {
  await using sql = await liveSession(url);
  for (
    const text of [
      "create table users (id bigint primary key, email text, team text, note text)",
      "create table places (name text, country text, size int, primary key (country, name))",
      "create table others (id int primary key)",
      publicationSql([
        { schema: "public", table: "users" },
        { schema: "public", table: "places" },
      ]),
    ]
  ) await run(sql.session, text);
}

/** A change: its table, its keys or why the whole table has changed, its lookups. */
export type Taken = [
  table: string,
  told: string | readonly string[],
  lookups?: Record<string, readonly string[]>,
];

/** A source that is open, and read. */
export interface Lab extends AsyncDisposable {
  readonly source: LogicalSource;
  readonly sql: LiveSession;
  readonly batches: ChangeBatch[];
  /** Why the iteration has ended, once it has. */
  readonly ended: Promise<unknown>;
  run(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Sends a canary and waits until it has come out. */
  canary(): Promise<void>;
  /** Every change that came out since the last call: `[table, ids, lookups]` or `[table, reason]`. */
  taken(): Taken[];
}

/** Opens a source and reads it; by default every batch is applied at once. */
export async function openLab(
  url: string,
  options: Partial<LogicalSourceOptions> & { readonly apply?: (batch: ChangeBatch) => boolean } = {},
): Promise<Lab> {
  const source = new LogicalSource({ connection: url, tables: TABLES, ...options });
  await source.open(AbortSignal.timeout(20_000));
  return await readLab(source, url, options.apply);
}

/** Reads a source that is open. */
export async function readLab(
  source: LogicalSource,
  url: string,
  apply: (batch: ChangeBatch) => boolean = () => true,
): Promise<Lab> {
  const sql = await liveSession(url);
  const abort = new AbortController();
  const batches: ChangeBatch[] = [];
  const ended = (async () => {
    try {
      for await (const batch of source.batches(abort.signal)) {
        batches.push(batch);
        if (apply(batch)) source.applied(batch);
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof SourceLostError)) throw error;
      return error;
    }
  })();
  ended.catch(() => {});
  let from = 0;
  return {
    source,
    sql,
    batches,
    ended,
    run: (text, values) => run(sql.session, text, values),
    async canary() {
      const id = crypto.randomUUID();
      await source.canary(id, AbortSignal.timeout(5_000));
      await until("the canary", () => batches.some(({ canaries }) => canaries.includes(id)));
    },
    taken() {
      const since = batches.slice(from);
      from = batches.length;
      return since.flatMap(({ changes }) =>
        changes.map((change): Taken =>
          change.kind === "table"
            ? [change.table, change.reason]
            : [change.table, change.ids, Object.fromEntries(change.lookups)]
        )
      );
    },
    async [Symbol.asyncDispose]() {
      abort.abort();
      await ended;
      await source[Symbol.asyncDispose]();
      await sql[Symbol.asyncDispose]();
    },
  };
}
