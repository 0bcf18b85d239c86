/** Tests of the testkit on both kinds of database, made with the testkit. */
import type { Pool } from "../../pool/pool.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import { testPool } from "../../testkit/mod.ts";
import { test, type TestOptions } from "../harness.ts";
import { needs, server } from "../services/client.ts";

/** Registers a test on a copy of an embedded database. */
export function testEmbedded(
  name: string,
  migrate: readonly Sql[],
  body: (pool: Pool) => Promise<void>,
): void {
  const embedded: TestOptions = { timeout: 60_000 };
  test(`${name} (embedded)`, embedded, async () => {
    await using pool = await testPool({ url: "pglite:", migrate });
    await body(pool);
  });
}

/** Registers a test on a copy of a database of the primary. */
export function testOnServer(
  name: string,
  migrate: readonly Sql[],
  body: (pool: Pool) => Promise<void>,
): void {
  test(`${name} (server)`, needs("primary"), async () => {
    await using pool = await testPool({ url: server("primary").url, migrate });
    await body(pool);
  });
}

/** Registers a test on both. */
export function testOnBoth(name: string, migrate: readonly Sql[], body: (pool: Pool) => Promise<void>): void {
  testEmbedded(name, migrate, body);
  testOnServer(name, migrate, body);
}
