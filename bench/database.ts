/** The server of one run, with the tables that scenarios use. */
import { Pool, sql } from "../mod.ts";
import { startServices } from "../tests/services/running_services.ts";
import type { ServicesDescription } from "../tests/services/description.ts";
import { COPIED } from "./scenarios/copy.ts";
import { BULK_TABLE } from "./scenarios/insert_many.ts";
import { NESTED_TABLES } from "./scenarios/nested_load.ts";
import { ITEMS } from "./scenarios/scenario.ts";
import { FIRST_MOMENT, MIXED_ROWS } from "./scenarios/mixed_rows.ts";

/** A PostgreSQL that lives as long as the run. */
export interface Database extends AsyncDisposable {
  readonly url: string;
  readonly controlUrl: string;
  /** Where Redis is; undefined where there is none. */
  readonly redisUrl: string | undefined;
  /** As the server reports it. */
  readonly version: string;
  /** Runs statements, one after the other. */
  run(statements: readonly string[]): Promise<void>;
  /** Whether a query's only value is true. */
  holds(query: string): Promise<boolean>;
}

const TABLES: readonly string[] = [
  "create table bench_items (id int primary key, name text not null, price numeric(10, 2) not null)",
  `insert into bench_items select i, 'item ' || i, i / 100.0 from generate_series(1, ${ITEMS}) i`,
  `create table bench_mixed (id int primary key, title text not null, amount numeric(12, 2) not null,
    created_at timestamptz not null, details jsonb not null, tags text[] not null, scores int[] not null,
    active boolean not null)`,
  `insert into bench_mixed select i, 'title of row ' || i, i / 100.0,
    timestamptz '${FIRST_MOMENT}' + i * interval '1 second', jsonb_build_object('n', i, 'label', 'row ' || i),
    array['red', 'tag ' || i], array[i, i + 1, i + 2], i % 2 = 0 from generate_series(1, ${MIXED_ROWS}) i`,
  `create table bench_events (id int primary key generated always as identity, item int not null, note text not null,
    at timestamptz not null default now())`,
  "create table bench_copy (id int not null, name text not null, price numeric(10, 2) not null)",
  "create table bench_copied (like bench_copy)",
  `insert into bench_copied select i, 'item ' || i, i / 100.0 from generate_series(1, ${COPIED}) i`,
  ...NESTED_TABLES,
  BULK_TABLE,
  "vacuum analyze",
  "checkpoint",
];

/** Starts a server and makes the tables. */
export async function startDatabase(): Promise<Database> {
  console.log("Starting PostgreSQL 18 and Redis");
  const services = await startServices(["--only", "primary,redis"]);
  try {
    const { servers, missing } = await (await fetch(services.url)).json() as ServicesDescription;
    const { primary } = servers;
    if (primary === undefined) throw new Error(`Cannot start PostgreSQL: ${missing.primary}`);
    // Encryption is no client's work here; not even the question whether there is some.
    const url = `${primary.url}?sslmode=disable`;
    const run = async (statements: readonly string[]): Promise<void> => {
      await using pool = new Pool({ url, max: 1 });
      for (const text of statements) await pool.execute(sql.unsafe(text));
    };
    await run(TABLES);
    return {
      url,
      controlUrl: services.url,
      redisUrl: servers.redis?.url,
      version: primary.version,
      run,
      async holds(query) {
        await using pool = new Pool({ url, max: 1 });
        return await pool.value(sql.unsafe(query)) === true;
      },
      [Symbol.asyncDispose]: () => services[Symbol.asyncDispose](),
    };
  } catch (error) {
    await services[Symbol.asyncDispose]();
    throw error;
  }
}
