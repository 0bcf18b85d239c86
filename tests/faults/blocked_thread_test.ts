/** Fault 20: every connection is closed while the program's one thread is busy with something else. */
import assert from "node:assert/strict";
import process from "node:process";
import { type Sql, sql } from "../../pool/mod.ts";
import { ConnectionError } from "../../pool/wire/errors.ts";
import { assertSound, openPool, settled, sleep, until } from "../pool/tier/pools.ts";
import { rounds } from "../random.ts";
import { isolatedServer, needs } from "../services/client.ts";
import { fault } from "./fault.ts";

const SIZE = 6;
/** Seconds for which the thread does nothing else. */
const BLOCKED = rounds(2, 5);

/** What ends every connection of a pool, one of them of this process id, 0.3 s after the server was told. */
const CLOSERS: Readonly<Record<string, (victim: number) => Sql<unknown>>> = {
  "backends ended": () =>
    sql`
      select pg_terminate_backend(pid) from pg_stat_activity, pg_sleep(0.3) where application_name = 'blocked'`,
  // The server ends all the others, too, when one was killed.
  "server crashed": (victim) => sql`copy gone from program ${sql.unsafe(`'sleep 0.3; kill -9 ${victim}'`)}`,
};

/** Keeps the thread for itself, as a long computation does. */
function block(seconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1_000);
}

for (const [name, close] of Object.entries(CLOSERS)) {
  fault(20, `${name} while the thread is blocked for ${BLOCKED} s → the next calls are served`, {
    ...needs("control"),
    timeout: 60_000,
  }, async (report) => {
    await using server = await isolatedServer();
    await using outside = openPool({ url: server.url, max: 1 });
    await using pool = openPool({ url: server.url, max: SIZE, applicationName: "blocked" });
    await outside.execute(sql`create table gone (n int)`);
    await pool.execute(sql`create table written (n int)`);
    await pool.connect();
    await assertSound(pool, SIZE);

    const victim = await outside.value<number>(sql`
      select pid from pg_stat_activity where application_name = 'blocked' limit 1`);
    const closing = settled([outside.execute(close(victim))]);
    const reads = [1, 2].map((tag) =>
      pool.value<number>(sql`select ${tag}::int from pg_sleep(0.6)`, { readOnly: true })
    );
    const writes = [1, 2].map((tag) =>
      pool.execute(sql`insert into written select ${tag}::int from pg_sleep(30)`)
    );
    const hit = settled([...reads, ...writes]);
    await sleep(50);
    block(BLOCKED);

    const start = performance.now();
    // The server may be late to close them, so only reads are certain to be served.
    const calls = Array.from(
      { length: 200 },
      (_, tag) => pool.value<number>(sql`select ${tag}::int`, { readOnly: true }),
    );
    const outcomes = await settled(calls);
    report.figure(`${name}: 200 calls served after`, performance.now() - start, "ms", { most: 3_000 });
    for (const [tag, outcome] of outcomes.entries()) {
      if (outcome.status === "rejected") throw outcome.reason;
      assert.equal(outcome.value, tag);
    }
    for (const [n, outcome] of (await hit).entries()) {
      if (n < 2) assert.equal((outcome as PromiseFulfilledResult<unknown>).value, n + 1);
      else {
        const { reason } = outcome as PromiseRejectedResult;
        assert.ok(reason instanceof ConnectionError && reason.outcomeUnknown, String(reason));
      }
    }
    await closing;
    assert.equal(await pool.value(sql`select count(*)::int from written`), 0);
    await until("the pool is whole", () => pool.size === SIZE, 10_000);
    report.figure(`${name}: whole after`, performance.now() - start, "ms", { most: 10_000 });
    const before = process.cpuUsage();
    await sleep(500);
    const { user, system } = process.cpuUsage(before);
    report.figure(`${name}: processor used afterwards`, (user + system) / 5_000, "%", { most: 50 });
    await assertSound(pool, SIZE);
  });
}
