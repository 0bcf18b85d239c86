/** Fault 24: the process is stopped for a while, or the clock of the day is set. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "../harness.ts";
import { type Pool, sql } from "../../pool/mod.ts";
import { openPool, sleep } from "../pool/tier/pools.ts";
import { rounds } from "../random.ts";
import { needs, server } from "../services/client.ts";
import { CHILD, ChildPool } from "./child_pool.ts";
import { fault } from "./fault.ts";

/** Seconds for which the process is stopped. */
const STOPPED = rounds(5, 30);
const SIZE = 8;

/** The server processes behind all connections. */
async function backends(pool: Pool): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: SIZE }, () => pool.reserve()));
  const found = await Promise.all(held.map((session) => session.value<number>(sql`select pg_backend_pid()`)));
  await Promise.all(held.map((session) => session.release()));
  return found;
}

fault(24, `the process is stopped for ${STOPPED} s → its connections are kept, its next calls served`, {
  ...needs("primary"),
  ...CHILD,
}, async (report) => {
  await using child = new ChildPool("stopped", server("primary").url, STOPPED);
  await child.hears("ready");
  child.signal("SIGSTOP");
  await sleep(STOPPED * 1_000);
  child.signal("SIGCONT");
  const found = await child.hears("gap") as {
    gap: number;
    served: number;
    inTime: number;
    isRight: boolean;
    kept: Record<string, number>;
    inFlight: Record<string, number>;
  };
  assert.ok(found.isRight, "an answer went to another call");
  report.figure("200 calls served after the stop in", found.served, "ms", { most: 3_000 });
  // A second later the pools may renew some again, which on a busy machine may be before they were counted.
  const least = found.inTime < 900 ? SIZE : 1;
  for (const [name, kept] of Object.entries(found.kept)) {
    report.figure(`connections kept by a pool (${name})`, kept, `of ${SIZE}`, { least });
  }
  const { fulfilled = 0, QueryTimeoutError = 0 } = found.inFlight;
  assert.ok(fulfilled >= 4 && fulfilled + QueryTimeoutError === 6, JSON.stringify(found.inFlight));
  assert.equal((await child.ends()).code, 0);
  assert.deepEqual(child.said.filter((line) => "warning" in line), []);
});

fault(24, "all connections grow old while the program stands still → they serve first, then go in turns", {
  ...needs("primary"),
  timeout: 60_000,
}, async (report) => {
  await using pool = openPool({ max: SIZE, maxLifetime: 3_000, maxLifetimeJitter: 0 });
  await pool.connect();
  const before = await backends(pool);
  // As long as the process is stopped no timer comes, and afterwards all at once, as here.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_500);
  const start = performance.now();
  await sleep(50);
  const after = await backends(pool);
  // A second later they may go, which on a busy machine may be before they were counted.
  const least = performance.now() - start < 900 ? SIZE : 0;
  const kept = after.filter((pid) => before.includes(pid)).length;
  report.figure("connections kept that grew old meanwhile", kept, `of ${SIZE}`, { least });
  let fewest = SIZE;
  let renewed = new Set<number>();
  for (const end = start + 20_000; renewed.size < SIZE && performance.now() < end;) {
    for (let n = 0; n < 40; n++, await sleep(5)) fewest = Math.min(fewest, pool.size);
    renewed = new Set((await backends(pool)).filter((pid) => !before.includes(pid)));
  }
  assert.equal(renewed.size, SIZE, "they were not renewed in the end");
  report.figure("connections open at any moment of the renewal", fewest, `of ${SIZE}`, { least: 1 });
});

fault(24, "the clock of the day is set by hours and years → nothing times out, no connection is lost", {
  ...needs("primary"),
  ...CHILD,
}, async (report) => {
  await using child = new ChildPool("clock", server("primary").url);
  const { ended, kept, calls } = await child.hears("ended") as {
    ended: Record<string, number>;
    kept: number;
    calls: number;
  };
  report.figure("calls served while the clock was set", ended.fulfilled / calls * 100, "%", { least: 100 });
  report.figure("connections kept while the clock was set", kept, `of ${SIZE}`, { least: SIZE });
  const { timedOut, after } = await child.hears("timedOut") as { timedOut: object; after: number };
  assert.deepEqual(timedOut, { QueryTimeoutError: 1 });
  assert.ok(after >= 290, `a timeout of 300 ms came after ${after} ms`);
  assert.equal((await child.ends()).code, 0);
  assert.deepEqual(child.said.filter((line) => "warning" in line), []);
});

test("Nothing below pool/ takes the time of day to measure time", { allow: ["read"] }, () => {
  const folder = new URL("../../pool/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts")
  );
  assert.ok(files.length > 50);
  const found = files.filter((file) =>
    /\bDate\.now\b|\bnew Date\(\)|Temporal\.Now/.test(readFileSync(new URL(file, folder), "utf8"))
  );
  assert.deepEqual(found, []);
});
