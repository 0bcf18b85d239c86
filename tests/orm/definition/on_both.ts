/** Tests on the embedded database and on the primary. */
import { Pool } from "../../../pool/pool.ts";
import { test, type TestOptions } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";

/** Registers a test on the embedded database, which takes seconds to start, and on a fresh one of the primary. */
export function testOnBoth(name: string, body: (pool: Pool) => Promise<void>): void {
  const embedded: TestOptions = { sanitize: false, timeout: 60_000 };
  test(`${name} (embedded)`, embedded, async () => {
    await using pool = new Pool("pglite:");
    await body(pool);
  });
  test(`${name} (server)`, { ...needs("primary"), timeout: 60_000 }, async () => {
    await using database = await freshDatabase();
    await using pool = new Pool(database.url);
    await body(pool);
  });
}
