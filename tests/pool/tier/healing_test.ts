/** Lost connections and dead servers: what is retried, what is not, and that everything settles. */
import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { type Pool, PoolTimeoutError, sql } from "../../../pool/mod.ts";
import { ConnectionError } from "../../../pool/wire/errors.ts";
import { PostgresError } from "../../../pool/wire/postgres_error.ts";
import { awakeTime } from "../../awake_time.ts";
import { test } from "../../harness.ts";
import { freshDatabase, isolatedServer, needs, proxy, server } from "../../services/client.ts";
import { assertSound, openPool, rejection, settled, sleep, until } from "./pools.ts";

async function killAll(outside: Pool, name: string): Promise<void> {
  await outside.execute(sql`
    select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${name}`);
}

test(
  "Idle connections that are killed are replaced, and nobody sees an error",
  needs("primary"),
  async () => {
    await using outside = openPool({ max: 1 });
    await using pool = openPool({ max: 4, applicationName: "killed_idle" });
    await pool.connect();
    await assertSound(pool, 4);
    for (let round = 0; round < 3; round++) {
      await killAll(outside, "killed_idle");
      await until("they are noticed", () => pool.size < 4);
      const start = awakeTime();
      // A connection may be dying without our knowing yet, so only a read can be sent again.
      assert.equal(await pool.value(sql`select 1`, { readOnly: true }), 1);
      assert.ok(awakeTime() - start < 3_000);
      await sleep(200);
      await assertSound(pool, 4);
    }
  },
);

test("Killed in the midst of a query: reads are repeated, writes reject with an unknown outcome", {
  ...needs("primary"),
}, async () => {
  await using database = await freshDatabase();
  await using outside = openPool({ max: 1 });
  await using pool = openPool({ url: database.url, max: 4, applicationName: "killed_busy" });
  await pool.execute(sql`create table written (n int)`);
  const read = pool.value(sql`select 'read' from pg_sleep(0.4)`, { readOnly: true });
  const write = pool.execute(sql`insert into written select 1 from pg_sleep(60)`);
  const inside = pool.transaction(async (tx) => {
    await tx.execute(sql`insert into written values (2)`);
    await tx.execute(sql`select pg_sleep(60)`);
  });
  const all = settled([read, write, inside]);
  await until("all run", () => pool.stats().inFlight >= 3);
  await sleep(150);
  await killAll(outside, "killed_busy");
  await all;
  const error = await rejection(write, ConnectionError);
  assert.equal(error.outcomeUnknown, true);
  assert.equal(error.retryable, false);
  assert.equal(error.sqlState, "57P01");
  assert.match(error.message, /may have taken effect/);
  const lost = await rejection(inside, ConnectionError);
  assert.equal(lost.outcomeUnknown, false);
  assert.equal(await read, "read");
  assert.equal(await pool.value(sql`select count(*)::int from written`), 0);
  await assertSound(pool, 4);
});

test("What a lost transaction left running is not run on another connection", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using outside = openPool({ max: 1 });
  await using pool = openPool({ url: database.url, max: 2, applicationName: "killed_cleaning" });
  await pool.execute(sql`create table written (n int)`);
  let left: Promise<unknown>[] = [];
  const failed = pool.transaction((tx) => {
    left = [
      tx.execute(sql`select pg_sleep(0.3)`),
      // Its text is new, so it waits on our side until it is described.
      tx.execute(sql`insert into written values (1)`),
      tx.execute(sql`insert into written values (2)`),
    ];
    for (const statement of left) statement.catch(() => {});
    throw new Error("thrown by the callback");
  });
  failed.catch(() => {});
  await sleep(20);
  await killAll(outside, "killed_cleaning");
  await settled([failed, ...left]);
  await sleep(100);
  assert.equal(await pool.value(sql`select count(*)::int from written`), 0);
  await assertSound(pool, 2);
});

test("SQL errors never cost a connection", needs("primary"), async () => {
  await using pool = openPool({ max: 2 });
  await pool.connect();
  const pids = async () => {
    const held = await Promise.all([pool.reserve(), pool.reserve()]);
    const found = await Promise.all(
      held.map((session) => session.value<number>(sql`select pg_backend_pid()`)),
    );
    await Promise.all(held.map((session) => session.release()));
    return found.sort();
  };
  const before = await pids();
  const bad = [
    () => pool.query(sql`select 1 / ${0}::int`),
    () => pool.query(sql`selec`),
    () => pool.query(sql`select * from no_such_table`),
    () => pool.query(sql`do $$ begin raise exception 'class 08' using errcode = '08006'; end $$`),
    () => pool.query(sql`do $$ begin raise exception 'class 57' using errcode = '57P01'; end $$`),
    () => pool.transaction((tx) => tx.query(sql`select 1 / 0`)),
    () => pool.batch([sql`select 1`, sql`select 1 / 0`]),
  ];
  for (const outcome of await settled(Array.from({ length: 70 }, (_, n) => bad[n % bad.length]()))) {
    assert.ok(
      outcome.status === "rejected" && outcome.reason instanceof PostgresError,
      String(outcome.status),
    );
  }
  assert.deepEqual(await pids(), before);
});

test("A server that lets everybody in and then closes is asked at most ten times a second, too", async () => {
  let accepted = 0;
  let open = 0;
  let mostOpen = 0;
  await using listener = await serve((socket) => {
    accepted++;
    mostOpen = Math.max(mostOpen, ++open);
    socket.on("close", () => open--);
    socket.once("data", () => {
      // AuthenticationOk, BackendKeyData, ReadyForQuery; gone a moment later.
      socket.write(Uint8Array.of(82, 0, 0, 0, 8, 0, 0, 0, 0, 75, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 2));
      socket.write(Uint8Array.of(90, 0, 0, 0, 5, 73));
      setTimeout(() => socket.end(), 5);
    });
  });
  await using pool = openPool({
    url: `postgres://u@127.0.0.1:${listener.port}/d?sslmode=disable`,
    max: 10,
    prepare: "always",
    acquireTimeout: 1_500,
    backoffMin: 1,
  });
  const calls = Array.from({ length: 200 }, () => pool.query(sql`select 1`, { readOnly: true }));
  const settling = settled(calls, 4_000);
  const begun = performance.now();
  await sleep(300);
  // Each connection was lost once by now; what follows is the steady pace.
  const early = accepted;
  const start = performance.now();
  const most = 20 + (start - begun - 300) / 100;
  for (const outcome of await settling) {
    assert.equal(outcome.status, "rejected");
    const { reason } = outcome as PromiseRejectedResult;
    assert.ok(reason instanceof ConnectionError || reason instanceof PoolTimeoutError, String(reason));
  }
  const rate = (accepted - early) / ((performance.now() - start) / 1_000);
  console.log(
    `A server that closes after the handshake: ${early} attempts at first, then ${rate.toFixed(1)} a second`,
  );
  assert.ok(early <= most && rate <= 11, `${early} attempts, then ${rate} a second`);
});

test(
  "A wrong password rejects everybody at once and is not tried again by itself",
  needs("primary"),
  async () => {
    const url = new URL(server("primary").url);
    url.password = "wrong";
    await using gate = await proxy("primary");
    await using pool = openPool({ url: gate.url(url.href), max: 5 });
    const start = performance.now();
    const calls = [
      ...Array.from({ length: 50 }, () => pool.query(sql`select 1`)),
      pool.connect(),
      pool.transaction(() => 1),
    ];
    const outcomes = await settled(calls, 4_000);
    console.log(`A wrong password: 52 calls rejected in ${(performance.now() - start).toFixed(0)} ms`);
    const errors = outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason as ConnectionError);
    for (const error of errors) {
      assert.ok(error instanceof ConnectionError, String(error));
      assert.equal(error.sqlState, "28P01");
      assert.equal(error.retryable, false);
      assert.ok(!error.message.includes("wrong"));
    }
    assert.equal(new Set(errors).size, errors.length, "each caller has an error of his own");
    const { accepted } = await gate.describe();
    await sleep(1_200);
    assert.equal((await gate.describe()).accepted, accepted);
    assert.equal(pool.stats().waiting, 0);
    await rejection(pool.query(sql`select 1`), ConnectionError);
  },
);

test("After a refusal for good the pool connects when it is asked again and the cause is gone", {
  ...needs("primary"),
}, async () => {
  await using outside = openPool({ max: 1 });
  const role = `late_${Math.random().toString(36).slice(2)}`;
  await outside.execute(sql`create role ${sql.identifier(role)} login password 'right'`);
  try {
    const url = new URL(server("primary").url);
    url.username = role;
    url.password = "another";
    await using pool = openPool({ url: url.href, max: 3 });
    for (let n = 0; n < 5; n++) await rejection(pool.query(sql`select 1`), ConnectionError);
    await outside.execute(sql`alter role ${sql.identifier(role)} password 'another'`);
    await sleep(700);
    assert.equal(await pool.value(sql`select 1`), 1);
    await assertSound(pool, 3);
    // Refused for good again while some connections are left: these go on serving.
    await outside.execute(sql`alter role ${sql.identifier(role)} password 'right'`);
    await outside.execute(sql`
      select pg_terminate_backend(pid) from pg_stat_activity where usename = ${role} limit 2`);
    await until("two are lost", () => pool.size === 1);
    await Promise.all(Array.from({ length: 50 }, () => pool.query(sql`select pg_sleep(0.01)`)));
    await outside.execute(sql`alter role ${sql.identifier(role)} password 'another'`);
    await sleep(700);
    await Promise.all(Array.from({ length: 20 }, () => pool.query(sql`select pg_sleep(0.1)`)));
    await assertSound(pool, 3);
  } finally {
    await outside.execute(sql`drop role ${sql.identifier(role)}`);
  }
});

test("A server that has no connections left does not stop those there are, nor is it pressed", {
  ...needs("control"),
}, async () => {
  await using small = await isolatedServer({ settings: { max_connections: "6", max_wal_senders: "0" } });
  await using gate = await proxy({ host: small.host, port: small.port });
  await using pool = openPool({ url: gate.url(small.url), max: 12 });
  const start = performance.now();
  await Promise.all(
    Array.from(
      { length: 200 },
      (_, n) =>
        n % 2 === 0
          ? pool.query(sql`select pg_sleep(0.02)`)
          : pool.transaction((tx) => tx.query(sql`select 1`)),
    ),
  );
  await sleep(1_000);
  const seconds = (performance.now() - start) / 1_000;
  const { accepted } = await gate.describe();
  console.log(`Six connections for a pool of twelve: ${accepted} attempts in ${seconds.toFixed(1)} s`);
  assert.ok(pool.size >= 3 && pool.size <= 6, `${pool.size} connections`);
  assert.ok(accepted <= 8 + 10 * seconds, `${accepted} attempts`);
});

test("Every call settles in time whatever the server does", needs("primary"), async () => {
  const kinds = (pool: Pool): Promise<unknown>[] => [
    pool.connect(),
    pool.query(sql`select 1`),
    pool.query(sql`select 1`, { readOnly: true }),
    pool.execute(sql`set work_mem = '1MB'`),
    pool.transaction((tx) => tx.query(sql`select 1`)),
    pool.batch([sql`select 1`, sql`select 2`]),
    pool.reserve().then((session) => session.release()),
    pool.stream(sql`select 1`).next(),
    new Response(pool.copyTo(sql`copy (select 1) to stdout`)).text(),
    pool.copyFrom(sql`copy nowhere from stdin`, ["1\\n"]),
    pool.advisoryLock("key").then((lock) => lock.release()),
    pool.listen("channel", () => {}).then((subscription) => subscription.close()),
  ];
  const options = { max: 3, acquireTimeout: 600, connectTimeout: 600 };
  const nowhere = openPool({ url: "postgres://u@127.0.0.1:9/d", ...options });
  const start = performance.now();
  for (const { status } of await settled(kinds(nowhere), 4_000)) assert.equal(status, "rejected");
  await nowhere.close();
  for (const fault of ["refuse", "blackHole", "cut", "reset"] as const) {
    await using gate = await proxy("primary");
    const isAtOnce = fault === "refuse" || fault === "blackHole";
    if (isAtOnce) await gate[fault]();
    const pool = openPool({ url: gate.url(server("primary").url), ...options, queryTimeout: 800 });
    const settling = settled(kinds(pool), 5_000);
    if (!isAtOnce) {
      for (let n = 0; n < 10; n++) {
        await sleep(20);
        await gate[fault]();
      }
    }
    const outcomes = await settling;
    if (isAtOnce) { for (const { status } of outcomes) assert.equal(status, "rejected", fault); }
    await pool.close({ timeout: 300 });
  }
  console.log(
    `Five kinds of trouble, 60 calls: all settled, ${(performance.now() - start).toFixed(0)} ms in all`,
  );
});

test("A server that is paused in the midst of queries: they settle by their timeouts", {
  ...needs("control"),
}, async () => {
  await using paused = await isolatedServer();
  await using pool = openPool({ url: paused.url, max: 3, queryTimeout: 500, acquireTimeout: 1_000 });
  await pool.connect();
  for (let n = 0; n < 5; n++) await pool.query(sql`select ${n}::int`);
  await paused.control.pause();
  const start = performance.now();
  const outcomes = await settled(
    Array.from({ length: 100 }, (_, n) => pool.query(sql`select ${n}::int`)),
    4_000,
  );
  const took = performance.now() - start;
  assert.ok(outcomes.every(({ status }) => status === "rejected"));
  await paused.control.resume();
  const healed = performance.now();
  assert.equal(await pool.value(sql`select 1`), 1);
  console.log(
    `A paused server: 100 calls rejected in ${took.toFixed(0)} ms; served ${
      (performance.now() - healed).toFixed(0)
    } ms after it went on`,
  );
  await assertSound(pool, 3);
});

interface Listener extends AsyncDisposable {
  readonly port: number;
}

async function serve(onConnection: (socket: Socket) => void): Promise<Listener> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    port: (listener.address() as { port: number }).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
