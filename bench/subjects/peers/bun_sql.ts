/** Bun.sql, Bun's native client. */
import type { Item, MixedRow, OpenOptions, Subject } from "../subject.ts";

/** What is used of it; its own types come with Bun's. */
interface BunSql {
  <Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

interface BunGlobal {
  readonly Bun: { readonly SQL: new (url: string, options: { readonly max: number }) => BunSql };
}

/** Opens a pool. */
export function open({ url, connections }: OpenOptions): Subject<readonly Item[]> {
  const { SQL } = (globalThis as unknown as BunGlobal).Bun;
  const sql = new SQL(url, { max: connections });
  return {
    select: (id) => sql<Item>`select id, name, price from bench_items where id = ${id}`,
    item: ([item]) => item,
    sleep: () => sql`select pg_sleep(0.05)`,
    selectOrSleep: (id, isSlow) =>
      sql<
        Item
      >`select id, name, price, case when ${isSlow}::boolean then pg_sleep(0.05)::text end as slept from bench_items where id = ${id}`,
    mixedRows: () =>
      sql<
        MixedRow
      >`select id, title, amount, created_at as "createdAt", details, tags, scores, active from bench_mixed`,
    insert: async (item, note) => {
      const [{ id }] = await sql<
        { readonly id: number }
      >`insert into bench_events (item, note) values (${item}, ${note}) returning id`;
      return id;
    },
    close: () => sql.close(),
  };
}
