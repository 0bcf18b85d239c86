/** Kysely over pg's pool, as its documentation begins. */
import { type Generated, Kysely, PostgresDialect } from "kysely";
// @ts-types="@types/pg"
import pg from "pg";
import type { Item, OpenOptions, Subject } from "../subject.ts";

interface Tables {
  readonly bench_items: Item;
  readonly bench_events: { readonly id: Generated<number>; readonly item: number; readonly note: string };
  readonly bench_mixed: {
    readonly id: number;
    readonly title: string;
    readonly amount: string;
    readonly created_at: Date;
    readonly details: { readonly n: number; readonly label: string };
    readonly tags: string[];
    readonly scores: number[];
    readonly active: boolean;
  };
}

/** Opens Kysely. */
export function open({ url, connections }: OpenOptions): Subject<Item | undefined> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    select: (id) =>
      db.selectFrom("bench_items").select(["id", "name", "price"]).where("id", "=", id).executeTakeFirst(),
    item: (item) => item,
    mixedRows: () =>
      db.selectFrom("bench_mixed")
        .select(["id", "title", "amount", "created_at as createdAt", "details", "tags", "scores", "active"])
        .execute(),
    insert: async (item, note) => {
      const query = db.insertInto("bench_events").values({ item, note }).returning("id");
      return (await query.executeTakeFirstOrThrow()).id;
    },
    close: () => db.destroy(),
  };
}
