/** Tests on an empty database of each kind: embedded, of PostgreSQL 18 and of PostgreSQL 15. */
import type { Pool } from "../../../pool/pool.ts";
import { type PreparationOptions, testPool } from "../../../testkit/mod.ts";
import { test } from "../../harness.ts";
import { needs, server } from "../../services/client.ts";

type Body = (pool: Pool) => Promise<void>;

const SERVERS = ["primary", "pg15"] as const;

/** Registers a test on both servers. */
export function testOnServers(name: string, body: Body, options: PreparationOptions = {}): void {
  for (const which of SERVERS) {
    test(`${name} (${which})`, { timeout: 60_000, ...needs(which) }, async () => {
      await using pool = await testPool({ url: server(which).url, ...options });
      await body(pool);
    });
  }
}

/** Registers a test on both servers and on an embedded database. */
export function testOnAll(name: string, body: Body, options: PreparationOptions = {}): void {
  test(`${name} (embedded)`, { timeout: 60_000 }, async () => {
    await using pool = await testPool({ url: "pglite:", ...options });
    await body(pool);
  });
  testOnServers(name, body, options);
}
