/** postgres.js, which pipelines too. */
import postgres from "postgres";
import { load, run, SETUP } from "./load.ts";

const sql = postgres(load.url, { max: load.connections, onnotice: () => {} });
for (const text of SETUP) await sql.unsafe(text);
await run((id) => sql`select id, name, price from bench_items where id = ${id}`);
await sql.end();
