/** Fault 26: the pool is closed with a thousand calls in flight. */
import assert from "node:assert/strict";
import { openPool } from "../pool/tier/pools.ts";
import { sql } from "../../pool/mod.ts";
import { freshDatabase, needs, proxy } from "../services/client.ts";
import { CHILD, ChildPool } from "./child_pool.ts";
import { fault } from "./fault.ts";

/** Waits for the end of a child that has closed its pool; returns how much later it ended. */
async function endsByItself(child: ChildPool): Promise<number> {
  await child.hears("done");
  const said = performance.now();
  const { code, at } = await child.ends();
  assert.equal(code, 0);
  return Math.max(0, at - said);
}

fault(26, "close() with 1,000 writes in flight → they are let finish, and the process ends by itself", {
  ...needs("primary"),
  ...CHILD,
}, async (report) => {
  await using database = await freshDatabase();
  await using child = new ChildPool("drained", database.url);
  const { closed } = await child.hears("closed") as { closed: number };
  report.figure("close() with 1,000 writes in flight took", closed, "ms", { most: 3_000 });
  const { ended } = await child.hears("ended");
  assert.deepEqual(ended, { fulfilled: 1_000 });
  report.figure("the process ended after close()", await endsByItself(child), "ms", { most: 1_000 });
  await using pool = openPool({ url: database.url, max: 1 });
  assert.equal(await pool.value(sql`select count(*)::int from written`), 1_000);
});

fault(26, "close() with 1,000 calls that take for ever → they are ended, and so is the process", {
  ...needs("primary"),
  ...CHILD,
}, async (report) => {
  await using database = await freshDatabase();
  await using child = new ChildPool("aborted", database.url);
  const { closed } = await child.hears("closed") as { closed: number };
  report.figure("close() past a drain timeout of 500 ms took", closed - 500, "ms", { most: 1_000 });
  const { ended } = await child.hears("ended") as { ended: Record<string, number> };
  assert.deepEqual(Object.keys(ended).sort(), ["ConnectionError", "PoolClosedError"], JSON.stringify(ended));
  assert.equal(ended.ConnectionError + ended.PoolClosedError, 1_000);
  report.figure("the process ended after close() with calls ended", await endsByItself(child), "ms", {
    most: 1_000,
  });
  await using pool = openPool({ url: database.url, max: 1 });
  assert.equal(
    await pool.value(sql`
      select count(*)::int from pg_stat_activity where datname = ${database.name} and query like '%pg_sleep(600)%'
      and pid <> pg_backend_pid()`),
    0,
    "the server goes on for nobody",
  );
});

fault(26, "close() with 1,000 calls in flight at a server that answers nothing → all the same", {
  ...needs("primary"),
  ...CHILD,
}, async (report) => {
  await using database = await freshDatabase();
  await using gate = await proxy("primary");
  await using child = new ChildPool("aborted", gate.url(database.url));
  await child.hears("open");
  // It waits for half a second before it closes.
  await gate.blackHole();
  const { closed } = await child.hears("closed") as { closed: number };
  report.figure("close() past its drain timeout at a mute server took", closed - 500, "ms", { most: 3_000 });
  const { ended } = await child.hears("ended") as { ended: Record<string, number> };
  const rejected = Object.entries(ended).reduce(
    (sum, [name, count]) => name === "fulfilled" ? sum : sum + count,
    0,
  );
  assert.equal(rejected + (ended.fulfilled ?? 0), 1_000);
  report.figure("the process ended after close() at a mute server", await endsByItself(child), "ms", {
    most: 1_000,
  });
});
