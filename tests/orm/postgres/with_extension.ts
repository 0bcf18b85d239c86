/**
 * Tests that need an extension: on each server that has it, ignored with a reason where none does. The servers of the test
 * services have what PostgreSQL comes with, unless they are made of an installed one (`PG15_BIN`); another server can be
 * named by `LIFEGUARD_TEST_EXTENSIONS_URL`.
 */
import { sql } from "../../../pool/sql/sql.ts";
import { Pool } from "../../../pool/pool.ts";
import { testPool } from "../../../testkit/mod.ts";
import { test } from "../../harness.ts";
import { needs, server } from "../../services/client.ts";
import { testVariable } from "../../variables.ts";

/** Registers a test on the servers that have an extension. */
export async function testWithExtension(
  name: string,
  extension: string,
  body: (pool: Pool) => Promise<void>,
): Promise<void> {
  const having: [which: string, url: string][] = [];
  for (const [which, url] of await candidates()) {
    await using pool = new Pool({ url, max: 1 });
    const known = sql`select count(*)::int from pg_available_extensions where name = ${extension}`;
    if (await pool.value(known) === 1) having.push([which, url]);
  }
  if (having.length === 0) {
    test(
      name,
      { ignore: `no test server has the extension "${extension}"; name one by ${VARIABLE}` },
      () => {},
    );
    return;
  }
  for (const [which, url] of having) {
    test(`${name} (${which})`, { timeout: 90_000 }, async () => {
      await using pool = await testPool({ url });
      await body(pool);
    });
  }
}

const VARIABLE = "LIFEGUARD_TEST_EXTENSIONS_URL";

async function candidates(): Promise<[which: string, url: string][]> {
  const named = await testVariable(VARIABLE);
  const shared = (["primary", "pg15"] as const).filter((which) => needs(which).ignore === undefined);
  return [
    ...shared.map((which): [string, string] => [which, server(which).url]),
    ...(named === undefined ? [] : [["named", named] as [string, string]]),
  ];
}
