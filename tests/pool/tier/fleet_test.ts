/** Many connections and many more callers. */
import assert from "node:assert/strict";
import { sql } from "../../../pool/mod.ts";
import { test } from "../../harness.ts";
import { isolatedServer, needs } from "../../services/client.ts";
import { openPool, spread } from "./pools.ts";

test(
  "300 connections serve 10,000 callers of all kinds",
  { ...needs("control"), timeout: 60_000 },
  async () => {
    await using fleet = await isolatedServer({ settings: { max_connections: "350" } });
    await using pool = openPool({ url: fleet.url, max: 300, acquireTimeout: "50s" });
    const before = memory();
    const start = performance.now();
    await pool.connect();
    const connected = performance.now() - start;
    assert.equal(pool.size, 300);
    const open = memory() - before;
    const quick: number[] = [];
    const taken: number[] = [];
    const begin = performance.now();
    await Promise.all(Array.from({ length: 10_000 }, async (_, n) => {
      if (n % 20 === 0) {
        await pool.transaction(async (tx) => {
          taken.push(performance.now() - begin);
          assert.equal(await tx.value(sql`select ${n}::int`), n);
        });
      } else {
        assert.equal(await pool.value(sql`select ${n}::int`), n);
        quick.push(performance.now() - begin);
      }
    }));
    const took = performance.now() - begin;
    console.log(
      `300 connections in ${connected.toFixed(0)} ms (${(open / 300 / 1024).toFixed(0)} KiB each); ` +
        `10,000 callers in ${took.toFixed(0)} ms: queries ${spread(quick)}; transactions begun ${
          spread(taken)
        }`,
    );
    assert.equal(quick.length + taken.length, 10_000);
    const { waiting, inFlight, reserved, size } = pool.stats();
    assert.deepEqual({ waiting, inFlight, reserved, size }, {
      waiting: 0,
      inFlight: 0,
      reserved: 0,
      size: 300,
    });
  },
);

function memory(): number {
  const { process } = globalThis as unknown as { process?: { memoryUsage(): { rss: number } } };
  return process?.memoryUsage().rss ?? 0;
}
