/** Failover: the new primary is found, what was lost is told, and a server that turned read-only is left. */
import assert from "node:assert/strict";
import { currentSession } from "../../../pool/consistency/current_session.ts";
import { LifeguardError, Pool, type PoolOptions, sql, WriteLostError } from "../../../pool/mod.ts";
import { inTime } from "../../awake_time.ts";
import { test } from "../../harness.ts";
import { needs, type ServerDescription } from "../../services/client.ts";
import { until } from "../live_pool.ts";
import { inState, PORT, replicaPair } from "./replica_pair.ts";

const READ = { readOnly: true } as const;

/** A pool that looks for whichever of some servers takes writes. */
function findingPool(servers: readonly ServerDescription[], options: PoolOptions = {}): Pool {
  const [{ user, password, database }] = servers;
  const hosts = servers.map(({ host, port }) => `${host}:${port}`).join();
  return new Pool({
    url: `postgres://${user}:${password}@${hosts}/${database}?target_session_attrs=read-write`,
    max: 3,
    connectTimeout: "2s",
    replicaCheckInterval: 50,
    logger: () => {},
    ...options,
  });
}

/** Writes over and over, and keeps what became of it. */
function writer(pool: Pool) {
  const errors: unknown[] = [];
  let latest = 0;
  let isRunning = true;
  const done = (async () => {
    while (isRunning) {
      try {
        await pool.execute(sql`insert into notes values (1)`);
        latest = performance.now();
      } catch (error) {
        errors.push(error);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  })();
  return {
    errors,
    get latest() {
      return latest;
    },
    async stop() {
      isRunning = false;
      await done;
    },
  };
}

/** How long it takes from now until a server takes the pool's writes. */
async function serviceBy(pool: Pool, { port }: ServerDescription): Promise<number> {
  const from = performance.now();
  const insert = sql<{ port: number }>`insert into notes values (2) returning inet_server_port() as port`;
  await until(() => pool.one(insert).then((row) => row.port === port, () => false), 20_000);
  return performance.now() - from;
}

test("After a promotion writes go to the new primary, and those in flight reject clearly", {
  ...needs("primary", "control"),
  timeout: 120_000,
}, async () => {
  await using pair = await replicaPair();
  const { primary, replicas: [standby] } = pair;
  await using pool = findingPool([primary, standby]);
  await pool.execute(sql`create table notes (id int)`);
  const writes = writer(pool);
  await until(() => writes.latest > 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await primary.control.kill();
  await standby.control.promote();
  const took = await serviceBy(pool, standby);
  await writes.stop();
  console.log(
    `  ${Math.round(took)} ms from the promotion to the first write; ${writes.errors.length} writes rejected`,
  );
  assert.equal((await pool.one(PORT)).port, standby.port);
  assert.ok(writes.errors.every((error) => error instanceof LifeguardError));
  assert.ok(took < 10_000);
});

test("A primary that turns read-only is left within a second, for the one that takes writes", {
  ...needs("primary", "control"),
  timeout: 120_000,
}, async () => {
  await using pair = await replicaPair();
  const { primary, replicas: [standby] } = pair;
  await using pool = findingPool([primary, standby]);
  await pool.execute(sql`create table notes (id int)`);
  await using direct = new Pool({ url: primary.url, max: 1, configFile: false });
  await until(async () => {
    const { replay } = await direct.one(
      sql<{ replay: boolean }>`select coalesce(bool_and(replay_lsn >= pg_current_wal_lsn()), false) as replay
        from pg_stat_replication`,
    );
    return replay;
  });
  await standby.control.promote();
  await direct.execute(sql`alter system set default_transaction_read_only = on`);
  await direct.execute(sql`select pg_reload_conf()`);
  const writes = writer(pool);
  const took = await serviceBy(pool, standby);
  await writes.stop();
  console.log(`  ${Math.round(took)} ms from turning read-only to the first write elsewhere`);
  assert.equal((await pool.one(PORT)).port, standby.port);
  assert.ok(took < 5_000);
  // Nobody has to write to find out.
  await direct.execute(sql`alter system reset default_transaction_read_only`);
});

test("A pool that is pointed at a read-only server does not reconnect for ever", {
  ...needs("primary", "control"),
  timeout: 60_000,
}, async () => {
  await using pair = await replicaPair();
  const connected: unknown[] = [];
  await using pool = new Pool({
    url: pair.replicas[0].url,
    max: 2,
    logger: ({ event }) => void (event === "connected" && connected.push(event)),
  });
  for (let round = 0; round < 30; round++) {
    await assert.rejects(pool.execute(sql`create table t${sql.unsafe(String(round))} (id int)`), /25006/);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(await pool.value(sql`select 1`), 1);
  assert.ok(connected.length <= 4, `${connected.length} connections were made`);
});

test("A strong read tells of a write that a failover lost, once, and of none that survived", {
  ...needs("primary", "control"),
  timeout: 120_000,
}, async () => {
  await using pair = await replicaPair();
  const { primary, replicas: [standby] } = pair;
  await using pool = findingPool([primary, standby], {
    replicas: [standby.url],
    read: "strong",
    acquireTimeout: "10s",
  });
  await pool.execute(sql`create table notes (id int)`);
  const count = sql`select count(*)::int from notes`;
  const survived = await pool.consistent(async () => {
    await pool.execute(sql`insert into notes values (1)`);
    return pool.token();
  });
  await inState(pool, "healthy");
  await until(async () => {
    await pool.execute(sql`select pg_logical_emit_message(true, 'test', '')`);
    return pool.replicas()[0].lagBytes === 0;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  await standby.control.stop();
  const lost = await pool.consistent(async () => {
    await pool.execute(sql`insert into notes values (2)`);
    return pool.token();
  });
  await primary.control.kill();
  await standby.control.start();
  await standby.control.promote();
  await until(() => pool.query(sql`select 1`).then(() => true, () => false), 20_000);
  await pool.consistent(async () => {
    await assert.rejects(pool.value(count, READ), (error: unknown) => {
      assert.ok(error instanceof WriteLostError);
      assert.equal(error.token, lost);
      return true;
    });
    assert.equal(await pool.value(count, READ), 1);
    assert.equal(currentSession(pool).isUncertain, false);
  }, { token: lost });
  await pool.consistent(async () => {
    assert.equal(await pool.value(count, READ), 1);
    assert.notEqual(pool.token(), survived);
  }, { token: survived });
  // A write on the new timeline, with the old token in the same session.
  await pool.consistent(async () => {
    await pool.execute(sql`insert into notes values (3)`);
    assert.ok(currentSession(pool).isUncertain);
    await inTime(assert.rejects(pool.value(count, READ), WriteLostError), 10_000, () => "it did not reject");
    assert.equal(await pool.value(count, READ), 2);
  }, { token: lost });
});
