/** postgres.js: prepared and pipelined as it does by itself. */
import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import postgres from "postgres";
import type { Item, MixedRow, OpenOptions, Subject } from "../subject.ts";

/** Opens a pool. */
export function open({ url, connections }: OpenOptions): Subject<readonly Item[]> {
  const sql = postgres(url, { max: connections, onnotice: () => {} });
  return {
    select: (id) => sql<Item[]>`select id, name, price from bench_items where id = ${id}`,
    item: ([item]) => item,
    sleep: () => sql`select pg_sleep(0.05)`,
    selectOrSleep: (id, isSlow) =>
      sql<
        Item[]
      >`select id, name, price, case when ${isSlow}::boolean then pg_sleep(0.05)::text end as slept from bench_items where id = ${id}`,
    mixedRows: () =>
      sql<
        MixedRow[]
      >`select id, title, amount, created_at as "createdAt", details, tags, scores, active from bench_mixed`,
    insert: async (item, note) => {
      const [{ id }] = await sql<
        { id: number }[]
      >`insert into bench_events (item, note) values (${item}, ${note}) returning id`;
      return id;
    },
    copyIn: async (chunks) => {
      const writable = await sql`copy bench_copy from stdin`.writable();
      await pipeline(
        Readable.from(chunks.map((chunk) => Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))),
        writable,
      );
    },
    copyOut: async () => {
      let bytes = 0;
      for await (const chunk of await sql`copy bench_copied to stdout`.readable()) bytes += chunk.length;
      return bytes;
    },
    close: () => sql.end(),
  };
}
