/**
 * Drizzle's query builder, as it is and with statements prepared beforehand; each over the driver with which it took
 * less processor time: pg for the one, postgres.js for the other.
 */
import { eq, sql } from "drizzle-orm";
import { drizzle as overPg } from "drizzle-orm/node-postgres";
import { drizzle as overPostgresJs } from "drizzle-orm/postgres-js";
import {
  boolean,
  integer,
  jsonb,
  numeric,
  type PgDatabase,
  type PgQueryResultHKT,
  pgTable,
  text,
  timestamp,
} from "drizzle-orm/pg-core";
// @ts-types="@types/pg"
import pg from "pg";
import postgres from "postgres";
import type { Item, OpenOptions, Subject } from "../subject.ts";

const items = pgTable("bench_items", {
  id: integer("id").primaryKey(),
  name: text("name").notNull(),
  price: numeric("price", { precision: 10, scale: 2 }).notNull(),
});

const events = pgTable("bench_events", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  item: integer("item").notNull(),
  note: text("note").notNull(),
});

const mixed = pgTable("bench_mixed", {
  id: integer("id").primaryKey(),
  title: text("title").notNull(),
  amount: numeric("amount", { precision: 12, scale: 2 }).notNull(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
  details: jsonb("details").$type<{ n: number; label: string }>().notNull(),
  tags: text("tags").array().notNull(),
  scores: integer("scores").array().notNull(),
  active: boolean("active").notNull(),
});

/** Opens Drizzle, over pg's pool, or for prepared statements over postgres.js. */
export function open({ url, connections, variant }: OpenOptions): Subject<readonly Item[]> {
  const isPrepared = variant === "prepared";
  const client = isPrepared
    ? postgres(url, { max: connections, onnotice: () => {} })
    : new pg.Pool({ connectionString: url, max: connections });
  const db: PgDatabase<PgQueryResultHKT> = client instanceof pg.Pool
    ? overPg(client)
    : overPostgresJs(client);
  const byId = db.select().from(items).where(eq(items.id, sql.placeholder("id"))).prepare("by_id");
  const insertOne = db.insert(events).values({ item: sql.placeholder("item"), note: sql.placeholder("note") })
    .returning({ id: events.id }).prepare("insert_one");
  const all = db.select().from(mixed).prepare("all_mixed");
  return {
    select: isPrepared
      ? (id) => byId.execute({ id })
      : (id) => db.select().from(items).where(eq(items.id, id)),
    item: ([item]) => item,
    mixedRows: isPrepared ? () => all.execute() : () => db.select().from(mixed),
    insert: async (item, note) => {
      const [{ id }] = isPrepared
        ? await insertOne.execute({ item, note })
        : await db.insert(events).values({ item, note }).returning({ id: events.id });
      return id;
    },
    close: async () => {
      await client.end();
    },
  };
}
