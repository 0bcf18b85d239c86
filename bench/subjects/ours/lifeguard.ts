/** Lifeguard's pool: with a Sync for every statement, with one for the reads of a tick, or with `Date`. */
import { Pool, sql } from "../../../mod.ts";
import type { Item, MixedRow, OpenOptions, Subject } from "../subject.ts";

/** Opens a pool. */
export function open({ url, connections, variant }: OpenOptions): Subject<readonly Item[]> {
  const pool = new Pool({ url, max: connections, ...(variant === "dates" ? { dates: "Date" } : {}) });
  const read = variant === "shared" ? { readOnly: true } : undefined;
  return {
    select: (id) => pool.query(sql<Item>`select id, name, price from bench_items where id = ${id}`, read),
    item: ([item]) => item,
    sleep: () => pool.query(sql`select pg_sleep(0.05)`),
    selectOrSleep: (id, isSlow) =>
      pool.query(
        sql<
          Item
        >`select id, name, price, case when ${isSlow}::boolean then pg_sleep(0.05)::text end as slept from bench_items where id = ${id}`,
        read,
      ),
    mixedRows: () =>
      pool.query(
        sql<
          MixedRow
        >`select id, title, amount, created_at as "createdAt", details, tags, scores, active from bench_mixed`,
      ),
    insert: (item, note) =>
      pool.value(
        sql<{ id: number }>`insert into bench_events (item, note) values (${item}, ${note}) returning id`,
      ),
    copyIn: async (chunks) => {
      await pool.copyFrom(sql`copy bench_copy from stdin`, chunks);
    },
    copyOut: async () => {
      let bytes = 0;
      for await (const chunk of pool.copyTo(sql`copy bench_copied to stdout`)) bytes += chunk.length;
      return bytes;
    },
    close: () => pool.close(),
  };
}
