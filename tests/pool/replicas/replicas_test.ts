/** Reads from replicas: which are healthy, where reads go, and what a strong read never misses. */
import assert from "node:assert/strict";
import { LABELLED } from "../../../pool/consistency/labelled.ts";
import { currentSession } from "../../../pool/consistency/current_session.ts";
import { Pool, sql, ValidationError } from "../../../pool/mod.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs, server } from "../../services/client.ts";
import { until } from "../live_pool.ts";
import { inState, PORT, replicaPair } from "./replica_pair.ts";

const READ = { readOnly: true } as const;

/** A pool on a new database of the shared servers, once its replica has it. */
async function sharedPair(options: ConstructorParameters<typeof Pool>[0] & object = {}) {
  const database = await freshDatabase();
  const { host, port } = server("replica");
  const pool = new Pool({
    url: database.url,
    replicas: [{ host, port }],
    max: 3,
    replicaCheckInterval: 50,
    logger: () => {},
    ...options,
  });
  await pool.query(sql`select 1`);
  await inState(pool, "healthy");
  return {
    pool,
    ports: { primary: server("primary").port, replica: port },
    async [Symbol.asyncDispose]() {
      await pool.close();
      await database.drop();
    },
  };
}

test("Reads go where the pool, the view or the call prefers, and everything else to the primary", {
  ...needs("primary", "replica"),
}, async () => {
  await using pair = await sharedPair({ read: "replica" });
  const { pool, ports } = pair;
  const port = async (work: Promise<{ port: number }>) => (await work).port;
  assert.equal(await port(pool.one(PORT, READ)), ports.replica);
  assert.equal(await port(pool.one(PORT)), ports.primary);
  assert.equal(await port(pool.one(PORT, { read: "replica" })), ports.primary);
  assert.equal(await port(pool.one(PORT, { ...READ, read: "primary" })), ports.primary);
  assert.equal(await port(pool.one(PORT, { ...READ, read: "mixed" })), ports.replica);
  assert.equal(await port(pool.reading("primary").one(PORT, READ)), ports.primary);
  assert.equal(await port(pool.reading("replica").one(PORT, READ)), ports.replica);
  assert.equal(await port(pool.reading("replica").one(PORT)), ports.primary);
  assert.equal(pool.reading("replica"), pool.reading("replica"));
  assert.equal(await pool.transaction((tx) => port(tx.one(PORT, READ))), ports.primary);
  assert.equal(await pool.reading("replica").transaction((tx) => port(tx.one(PORT, READ))), ports.primary);
  // A promise that is not kept is found out by the replica.
  await pool.execute(sql`create table notes (id int)`);
  assert.equal(await pool.execute(sql`insert into notes values (1)`, READ), 1);
  assert.equal((await pool.query(sql`select * from notes for update`, READ)).length, 1);
});

test("What is no preference is refused before anything is sent", () => {
  const pool = new Pool({ url: "postgres://nobody@127.0.0.1:1/none", configFile: false });
  assert.throws(() => pool.reading("fastest" as "replica"), ValidationError);
  assert.throws(() => new Pool({ url: "postgres://u@h/d", read: "fast" as "strong" }), /"read"/);
  assert.throws(() => pool.acceptToken("nonsense"), /consistency token/);
  assert.throws(() => pool.consistent(() => 1, { token: "nonsense" }), /consistency token/);
  return assert.rejects(
    pool.query(sql`select 1`, { readOnly: true, read: "fast" as "strong" }),
    /"fast" was given; give one of "primary", "replica"/,
  );
});

test("A replica is not used before its first check, and tells what is known of it", {
  ...needs("primary", "replica"),
}, async () => {
  const { host, port } = server("replica");
  await using pool = new Pool({
    url: server("primary").url,
    replicas: [{ host, port }],
    max: 1,
    read: "replica",
  });
  assert.deepEqual(pool.replicas().map(({ state }) => state), ["unchecked"]);
  const first = await pool.one(PORT, READ);
  assert.equal(first.port, server("primary").port);
  await inState(pool, "healthy");
  const [status] = pool.replicas();
  assert.equal(status.name, "replica-1");
  assert.ok(status.lagBytes! >= 0 && status.checkedAgo! >= 0);
  assert.match(status.replayed!, /^[\dA-F]+\/[\dA-F]+$/);
  assert.equal((await pool.one(PORT, READ)).port, port);
});

test("A strong read never misses what its session wrote, whatever answers it", {
  ...needs("primary", "replica"),
}, async () => {
  for (const strongWait of ["20ms", 0]) {
    await using pair = await sharedPair({ read: "strong", strongWait });
    const { pool, ports } = pair;
    await pool.execute(sql`create table counter as select 0 as n`);
    const from = { primary: 0, replica: 0 };
    for (let n = 1; n <= 200; n++) {
      await pool.execute(sql`update counter set n = ${n}::int`);
      const row = await pool.one(
        sql<{ n: number; port: number }>`select n, inet_server_port() as port from counter`,
        READ,
      );
      assert.equal(row.n, n);
      from[row.port === ports.replica ? "replica" : "primary"]++;
    }
    // Nobody writes now, so the replica is as new as can be.
    const quiet = await pool.consistent(() => pool.one(PORT, READ));
    assert.equal(quiet.port, ports.replica);
    console.log(`  strongWait ${strongWait}: ${from.replica} of 200 from the replica`);
  }
});

test("Sessions are their own: a token goes from one to another by its text", {
  ...needs("primary", "replica"),
}, async () => {
  await using pair = await sharedPair({ read: "strong", strongWait: 0 });
  const { pool } = pair;
  await pool.execute(sql`create table notes (id int)`);
  const before = pool.token();
  assert.ok(before !== undefined);
  const token = await pool.consistent(async () => {
    assert.equal(pool.token(), undefined);
    await pool.execute(sql`insert into notes values (1)`);
    return pool.token();
  });
  assert.equal(pool.token(), before);
  await pool.consistent(async () => {
    assert.equal(pool.token(), token);
    assert.equal(await pool.value(sql`select count(*)::int from notes`, READ), 1);
  }, { token });
  pool.acceptToken(token!);
  assert.equal(pool.token(), token);
});

test("A labelled read may come from a replica, or from one that has replayed a token", {
  ...needs("primary", "replica"),
}, async () => {
  await using pair = await sharedPair({ strongWait: "1s" });
  const { pool } = pair;
  const any = await pool[LABELLED](PORT, { replicas: true });
  assert.equal(any.server, "replica-1");
  assert.ok(any.version <= any.upper);
  await pool.execute(sql`create table notes as select 1 as id`);
  const { token } = currentSession(pool);
  const fresh = await pool[LABELLED](sql`select id from notes`, { replicas: true, atLeast: token });
  assert.deepEqual(fresh.rows, [{ id: 1 }]);
  assert.ok(fresh.server === "primary" || fresh.version >= token!.lsn);
  assert.equal((await pool[LABELLED](PORT)).server, "primary");
  assert.equal(any.timeline, (await pool[LABELLED](PORT)).timeline);
});

test("A replica that lags is left alone: bounded reads stay bounded, and strong ones miss nothing", {
  ...needs("primary", "control"),
  timeout: 120_000,
}, async () => {
  await using pair = await replicaPair();
  await using pool = pair.pool({ maxLagTime: "300ms", strongWait: 0 });
  await pool.execute(sql`create table counter as select 0 as n`);
  await inState(pool, "healthy");
  const replica = pool.reading("replica");
  const strong = pool.reading("strong");
  await pair.replicas[0].control.lag({ milliseconds: 60_000 });
  const reads = { replica: 0, primary: 0 };
  let oldest = 0;
  const written: number[] = [performance.now()];
  const end = performance.now() + 3_000;
  for (let n = 1; performance.now() < end; n++) {
    await pool.execute(sql`update counter set n = ${n}::int`);
    written[n] = performance.now();
    assert.equal(await strong.value(sql`select n from counter`, READ), n);
    const row = await replica.one(
      sql<{ n: number; port: number }>`select n, inet_server_port() as port from counter`,
      READ,
    );
    reads[row.port === pair.primary.port ? "primary" : "replica"]++;
    if (row.n < n) oldest = Math.max(oldest, performance.now() - written[row.n + 1]);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  console.log(
    `  ${reads.replica} from the lagging replica, ${reads.primary} from the primary; oldest ${
      Math.round(oldest)
    } ms`,
  );
  await inState(pool, "lagging");
  assert.ok(reads.primary > 10);
  // maxLagTime, a check's interval, and what a busy machine adds.
  assert.ok(oldest < 2_500, `a read was ${oldest} ms old`);
  await pair.replicas[0].control.lag({ milliseconds: 0 });
  await inState(pool, "healthy");
  // An idle primary does not look like lag.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  assert.equal(pool.replicas()[0].state, "healthy");
  assert.equal(pool.replicas()[0].lagSeconds, 0);
});

test("A replica that is gone, or whose connections are killed, costs no read its answer", {
  ...needs("primary", "control"),
  timeout: 120_000,
}, async () => {
  await using pair = await replicaPair();
  await using pool = pair.pool({ read: "replica" });
  await pool.query(sql`select 1`);
  await inState(pool, "healthy");
  const ports = new Set<number>();
  let isRunning = true;
  let count = 0;
  const reading = Promise.all(Array.from({ length: 4 }, async () => {
    while (isRunning) {
      const { port } = await pool.one(
        sql<{ port: number }>`select inet_server_port() as port, pg_sleep(0.002)`,
        READ,
      );
      ports.add(port);
      count++;
    }
  }));
  await until(() => ports.has(pair.replicas[0].port));
  await pair.replicas[0].control.stopImmediate();
  await inState(pool, "unreachable");
  const before = count;
  await until(() => count > before + 50);
  await pair.replicas[0].control.start();
  await inState(pool, "healthy");
  ports.clear();
  await until(() => ports.has(pair.replicas[0].port));
  isRunning = false;
  await reading;
  console.log(`  ${count} reads, none failed`);
});

test("A replica without a connection to its primary is noticed", {
  ...needs("primary", "control"),
  timeout: 120_000,
}, async () => {
  await using pair = await replicaPair();
  await using pool = pair.pool({ read: "replica" });
  await pool.execute(sql`create table notes (id int)`);
  await inState(pool, "healthy");
  await using direct = new Pool({ url: pair.replicas[0].url, max: 1, configFile: false });
  await direct.execute(sql`alter system set primary_conninfo = 'host=127.0.0.1 port=1'`);
  await direct.execute(sql`select pg_reload_conf()`);
  await until(async () => {
    await pool.execute(sql`insert into notes values (1)`);
    return pool.replicas()[0].state === "detached";
  }, 20_000);
  assert.equal((await pool.one(PORT, READ)).port, pair.primary.port);
});
