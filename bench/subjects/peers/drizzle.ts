/**
 * Drizzle's query builder, as it is and with statements prepared beforehand; each over the driver with which it took
 * less processor time: pg for the one, postgres.js for the other.
 */
import { and, eq, type ExtractTablesWithRelations, gt, gte, lt, sql } from "drizzle-orm";
import { drizzle as overPg } from "drizzle-orm/node-postgres";
import { drizzle as overPostgresJs } from "drizzle-orm/postgres-js";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
// @ts-types="@types/pg"
import pg from "pg";
import postgres from "postgres";
import type { Item, OpenOptions, Subject } from "../subject.ts";
import * as schema from "./drizzle_tables.ts";

type Tables = typeof schema;
type Database = PgDatabase<PgQueryResultHKT, Tables, ExtractTablesWithRelations<Tables>>;

const { artists, bulk, events, items, mixed } = schema;
/** Rows of one insert: PostgreSQL takes 65,535 parameters. */
const CHUNK = 13_107;

/** Opens Drizzle, over pg's pool, or for prepared statements over postgres.js. */
export function open({ url, connections, variant }: OpenOptions): Subject<readonly Item[]> {
  const isPrepared = variant === "prepared";
  const client = isPrepared
    ? postgres(url, { max: connections, onnotice: () => {} })
    : new pg.Pool({ connectionString: url, max: connections });
  const db: Database = client instanceof pg.Pool
    ? overPg(client, { schema })
    : overPostgresJs(client, { schema });
  const byId = db.select().from(items).where(eq(items.id, sql.placeholder("id"))).prepare("by_id");
  const insertOne = db.insert(events).values({ item: sql.placeholder("item"), note: sql.placeholder("note") })
    .returning({ id: events.id }).prepare("insert_one");
  const all = db.select().from(mixed).prepare("all_mixed");
  const page = db.select().from(items)
    .where(
      and(gte(items.id, sql.placeholder("from")), lt(items.id, sql.placeholder("to")), gt(items.price, "0")),
    )
    .orderBy(items.id).limit(10).prepare("page");
  const nestedQuery = () =>
    db.query.artists.findMany({
      orderBy: artists.id,
      limit: 100,
      with: { albums: { with: { tracks: true } } },
    });
  const nested = nestedQuery().prepare("nested");
  return {
    select: isPrepared
      ? (id) => byId.execute({ id })
      : (id) => db.select().from(items).where(eq(items.id, id)),
    item: ([item]) => item,
    mixedRows: isPrepared ? () => all.execute() : () => db.select().from(mixed),
    page: isPrepared
      ? (from, to) => page.execute({ from, to })
      : (from, to) =>
        db.select().from(items).where(and(gte(items.id, from), lt(items.id, to), gt(items.price, "0")))
          .orderBy(items.id).limit(10),
    nested: isPrepared ? () => nested.execute() : () => nestedQuery(),
    insert: async (item, note) => {
      const [{ id }] = isPrepared
        ? await insertOne.execute({ item, note })
        : await db.insert(events).values({ item, note }).returning({ id: events.id });
      return id;
    },
    insertMany: (rows) =>
      db.transaction(async (transaction) => {
        for (let start = 0; start < rows.length; start += CHUNK) {
          await transaction.insert(bulk).values(rows.slice(start, start + CHUNK));
        }
      }),
    clearBulk: () => db.execute(sql`truncate bench_bulk restart identity`),
    close: async () => {
      await client.end();
    },
  };
}
