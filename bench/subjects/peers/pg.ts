/** pg's own pool; each statement has a name, so that it is prepared once on each connection. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
// @ts-types="@types/pg"
import pg from "pg";
// @ts-types="@types/pg-copy-streams"
import { from, to } from "pg-copy-streams";
import { type Item, type MixedRow, type OpenOptions, SQL, type Subject } from "../subject.ts";

/** Opens a pool. */
export function open({ url, connections }: OpenOptions): Subject<pg.QueryResult<Item>> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  // Without a listener the loss of an idle connection ends the process.
  pool.on("error", () => {});
  return {
    select: (id) => pool.query<Item>({ name: "select", text: SQL.select, values: [id] }),
    item: ({ rows: [item] }) => item,
    sleep: () => pool.query({ name: "sleep", text: SQL.sleep }),
    selectOrSleep: (id, isSlow) =>
      pool.query<Item>({ name: "selectOrSleep", text: SQL.selectOrSleep, values: [id, isSlow] }),
    mixedRows: async () => {
      return (await pool.query<MixedRow>({ name: "mixedRows", text: SQL.mixedRows })).rows;
    },
    insert: async (item, note) => {
      const { rows } = await pool.query<{ id: number }>({
        name: "insert",
        text: SQL.insert,
        values: [item, note],
      });
      return rows[0].id;
    },
    copyIn: async (chunks) => {
      const client = await pool.connect();
      try {
        await pipeline(Readable.from(chunks), client.query(from(SQL.copyIn)));
      } finally {
        client.release();
      }
    },
    copyOut: async () => {
      const client = await pool.connect();
      try {
        let bytes = 0;
        for await (const chunk of client.query(to(SQL.copyOut))) bytes += chunk.length;
        return bytes;
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  };
}
