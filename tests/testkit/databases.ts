/**
 * Tests on both kinds of database, made with the testkit: each has a database of its own, a copy of what its options
 * prepare.
 */
import type { Pool } from "../../pool/pool.ts";
import { type PreparationOptions, testPool } from "../../testkit/mod.ts";
import { test, type TestOptions } from "../harness.ts";
import { needs, server } from "../services/client.ts";

/** What the database holds, and how the test is registered. */
export interface DatabaseTestOptions extends PreparationOptions, Pick<TestOptions, "ignore" | "timeout"> {}

type Body = (pool: Pool) => Promise<void>;

/** Registers a test on an embedded database. The first of a file takes seconds to start. */
export function testEmbedded(name: string, options: DatabaseTestOptions, body: Body): void {
  const { timeout = 60_000, ignore, ...preparation } = options;
  test(`${name} (embedded)`, { timeout, ignore }, async () => {
    await using pool = await testPool({ url: "pglite:", ...preparation });
    await body(pool);
  });
}

/** Registers a test on a database of the primary. */
export function testOnServer(name: string, options: DatabaseTestOptions, body: Body): void {
  const { timeout = 60_000, ignore, ...preparation } = options;
  test(
    `${name} (server)`,
    { timeout, ...(ignore === undefined ? needs("primary") : { ignore }) },
    async () => {
      await using pool = await testPool({ url: server("primary").url, ...preparation });
      await body(pool);
    },
  );
}

/** Registers a test on both. */
export function testOnBoth(name: string, options: DatabaseTestOptions, body: Body): void {
  testEmbedded(name, options, body);
  testOnServer(name, options, body);
}
