/** Lifeguard, with a Sync for every select or with one for the reads of a tick. */
import { Pool, sql } from "../../mod.ts";
import { load, run, SETUP } from "./load.ts";

const pool = new Pool({ url: load.url, max: load.connections });
for (const text of SETUP) await pool.execute(sql.unsafe(text));
const options = { readOnly: load.variant === "shared" };
await run((id) =>
  pool.query(
    sql`select id, name, price from bench_items where id = ${id}`,
    options,
  )
);
await pool.close();
