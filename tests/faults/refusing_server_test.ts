/** Fault 4: the server turns every connection away, for each of the reasons there are. */
import assert from "node:assert/strict";
import { PoolTimeoutError, sql } from "../../pool/mod.ts";
import { ConnectionError } from "../../pool/wire/errors.ts";
import { assertSound, openPool, rejection, settled, sleep, until } from "../pool/tier/pools.ts";
import { rounds } from "../random.ts";
import { freshDatabase, isolatedServer, needs, server } from "../services/client.ts";
import { fault } from "./fault.ts";
import { type Mood, MoodyServer } from "./moody_server.ts";

const WAITERS = 10_000;
/** Seconds of an outage. */
const OUTAGE = rounds(2, 60);

/** What may pass, with the SQLSTATE that callers see. */
const PASSING: readonly (readonly [name: string, mood: Mood, sqlState: string])[] = [
  ["too many connections (53300)", { refusal: "53300" }, "53300"],
  ["starting up (57P03)", { refusal: "57P03" }, "57P03"],
  ["a bare FIN", "fin", "08006"],
];

/** What does not pass by itself. */
const FINAL = ["28P01", "3D000"];

for (const [name, mood, sqlState] of PASSING) {
  fault(4, `${name} for ${OUTAGE} s with ${WAITERS} waiting → few attempts, then all are served`, {
    timeout: 60_000 + OUTAGE * 1_000,
  }, async (report) => {
    await using refusing = await MoodyServer.listen(mood);
    await using pool = openPool({
      url: refusing.url,
      replicas: [refusing.url, refusing.url],
      prepare: "always",
      max: 10,
      replicaMax: 2,
      backoffMin: 1,
      backoffMax: 1,
      acquireTimeout: OUTAGE * 1_000 + 30_000,
    });
    const refused = await rejection(pool.connect(), ConnectionError);
    assert.equal(refused.sqlState, sqlState);
    assert.equal(refused.retryable, true);
    const start = performance.now();
    refusing.attempts.length = 0;
    const waiting = Array.from({ length: WAITERS }, (_, tag) => pool.value<number>(sql`select ${tag}`));
    const serving = settled(waiting, OUTAGE * 1_000 + 30_000);
    await sleep(OUTAGE * 1_000);
    const seconds = Math.max(OUTAGE, (performance.now() - start) / 1_000);
    // The look at what role the server has waits with them.
    const inLine = pool.stats().waiting;
    assert.ok(inLine >= WAITERS && inLine <= WAITERS + 2, `${inLine} of ${WAITERS} wait`);
    report.figure(`${name}: attempts`, refusing.attempts.length / seconds, "a second", { most: 10 });
    assert.ok(refusing.attempts.length >= seconds, "it hardly tried");
    // The server sees attempts somewhat later or closer together than they began.
    assert.ok(refusing.mostWithin(1_000) <= 12, `${refusing.mostWithin(1_000)} within a second`);

    refusing.mood = "serve";
    const healed = performance.now();
    await waiting[0];
    report.figure(`${name}: first served after healing`, performance.now() - healed, "ms", { most: 3_000 });
    const outcomes = await serving;
    assert.ok(outcomes.every((outcome, tag) => outcome.status === "fulfilled" && outcome.value === tag));
    await until("the pool is whole", () => pool.size === 14, 10_000);
    report.figure(`${name}: whole after healing`, performance.now() - healed, "ms", { most: 10_000 });
  });
}

fault(4, "who waits through an outage in vain → an error in time that says why", {}, async (report) => {
  const late = await Promise.all(PASSING.map(async ([, mood, sqlState]) => {
    await using refusing = await MoodyServer.listen(mood);
    await using pool = openPool({ url: refusing.url, prepare: "always", acquireTimeout: 500 });
    const start = performance.now();
    const outcomes = await settled(
      Array.from({ length: 1_000 }, () => pool.query(sql`select 1`)),
      5_000,
    );
    const took = performance.now() - start;
    for (const outcome of outcomes) {
      assert.equal(outcome.status, "rejected");
      const { reason } = outcome as PromiseRejectedResult;
      assert.ok(reason instanceof PoolTimeoutError, String(reason));
      assert.equal((reason.cause as ConnectionError | undefined)?.sqlState, sqlState);
    }
    return took - 500;
  }));
  report.figure("settled after their deadline", Math.max(...late), "ms", { most: 100 });
});

fault(
  4,
  "a thousand calls of listen() during an outage → few attempts, none for who gave up",
  {},
  async (report) => {
    await using refusing = await MoodyServer.listen({ refusal: "57P03" });
    await using pool = openPool({
      url: refusing.url,
      prepare: "always",
      acquireTimeout: 1_500,
    });
    const calls = Array.from({ length: 1_000 }, (_, n) => pool.listen(`channel ${n}`, () => {}));
    for (const outcome of await settled(calls, 8_000)) {
      const { reason } = outcome as PromiseRejectedResult;
      assert.ok(reason instanceof ConnectionError, String(reason));
    }
    // The server may see them somewhat closer together than they began.
    report.figure("listen(): attempts", refusing.mostWithin(850), "within a second", { most: 10 });
    await sleep(500);
    refusing.attempts.length = 0;
    await sleep(500);
    report.figure("listen(): attempts after all gave up", refusing.attempts.length, "attempts", { most: 0 });
  },
);

for (const sqlState of FINAL) {
  fault(4, `${sqlState} with ${WAITERS} waiting → each is told at once, and it is not tried again`, {
    timeout: 60_000,
  }, async (report) => {
    await using refusing = await MoodyServer.listen({ refusal: sqlState });
    await using pool = openPool({ url: refusing.url, prepare: "always", backoffMin: 1, backoffMax: 1 });
    const start = performance.now();
    const calls = Array.from({ length: WAITERS }, () => pool.query(sql`select 1`));
    const errors = new Set(
      (await settled(calls)).map((outcome) => (outcome as PromiseRejectedResult).reason),
    );
    report.figure(`${sqlState}: all told after`, performance.now() - start, "ms", { most: 1_000 });
    assert.equal(errors.size, WAITERS, "two have the same error");
    for (const error of errors) {
      assert.ok(error instanceof ConnectionError, String(error));
      assert.deepEqual([error.sqlState, error.retryable], [sqlState, false]);
    }
    report.figure(`${sqlState}: attempts for all`, refusing.attempts.length, "attempts", { most: 2 });
    await sleep(700);
    assert.ok(refusing.attempts.length <= 2, "it was tried again by itself");
    // Who goes on calling is told so, and the server is spared.
    const from = performance.now();
    refusing.attempts.length = 0;
    while (performance.now() - from < 1_000) {
      await rejection(pool.query(sql`select 1`), ConnectionError);
      await sleep(1);
    }
    const seconds = (performance.now() - from) / 1_000;
    const rate = refusing.attempts.length / seconds;
    report.figure(`${sqlState}: attempts for who goes on calling`, rate, "a second", { most: 10 });
    refusing.mood = "serve";
    await until(
      "it is served",
      () => pool.value<number>(sql`select ${7}`).then((n) => n === 7, () => false),
      3_000,
    );
  });
}

fault(4, "PostgreSQL's own refusals → the same errors", needs("primary", "control"), async (report) => {
  await using database = await freshDatabase();
  const wrong = new URL(server("primary").url);
  wrong.password = "wrong";
  const nowhere = new URL(database.url);
  nowhere.pathname = "/no_such_database";
  await using small = await isolatedServer({
    settings: { max_connections: "4", max_wal_senders: "0", superuser_reserved_connections: "0" },
  });
  await using full = openPool({ url: small.url, max: 4 });
  await full.connect();
  for (
    const [url, sqlState, retryable] of [
      [wrong.href, "28P01", false],
      [nowhere.href, "3D000", false],
      [small.url, "53300", true],
    ] as const
  ) {
    await using pool = openPool({ url, max: 2 });
    const start = performance.now();
    const error = await rejection(pool.connect(), ConnectionError);
    report.figure(`PostgreSQL's ${sqlState}: told after`, performance.now() - start, "ms", { most: 1_000 });
    assert.deepEqual([error.sqlState, error.retryable], [sqlState, retryable]);
    assert.doesNotMatch(String(error), /wrong/);
  }
  await assertSound(full, 4);
});
