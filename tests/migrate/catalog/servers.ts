/** The servers that the catalogs are read from, and databases made of statements on them. */
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { freshDatabase } from "../../services/client.ts";

/** A server of the test services by its major version. */
export const SERVERS = [["primary", 18], ["pg15", 15]] as const;

/** Runs a function on a database of its own that statements have made. */
export async function withDatabase<T>(
  server: "primary" | "pg15",
  statements: readonly string[],
  body: (pool: Pool) => Promise<T>,
): Promise<T> {
  await using database = await freshDatabase({ server });
  await using pool = new Pool(database.url);
  for (const statement of statements) await pool.execute(sql.unsafe(statement), { timeout: 120_000 });
  return await body(pool);
}
