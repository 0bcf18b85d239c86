/** Tests on an empty embedded database and on an empty one of the primary. */
import type { Pool } from "../../../pool/pool.ts";
import { testOnBoth as testOnBothDatabases } from "../../testkit/databases.ts";

/** Registers a test on both; the first of a file takes seconds to start. */
export function testOnBoth(name: string, body: (pool: Pool) => Promise<void>): void {
  testOnBothDatabases(name, {}, body);
}
