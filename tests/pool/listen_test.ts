import assert from "node:assert/strict";
import { ConnectionError, type Notification, sql, ValidationError } from "../../pool/mod.ts";
import { test } from "../harness.ts";
import { needs, proxy } from "../services/client.ts";
import { assertServes, kill, livePool, rejection, until } from "./live_pool.ts";

const LIVE = needs("primary");

/** The server process that listens for a pool. */
async function listener({ outside, schema }: Awaited<ReturnType<typeof livePool>>): Promise<number> {
  return await outside.value<number>(sql`
    select pid from pg_stat_activity
    where application_name = ${schema} and query ilike '%listen%' limit 1`);
}

async function named(schema: string, outside: { schema: string }): ReturnType<typeof livePool> {
  return await livePool({ schema: outside.schema, applicationName: schema });
}

test("Pool.listen() gives every handler of a channel every payload, in order", LIVE, async () => {
  await using live = await livePool();
  const { pool, outside } = live;
  const heard: string[] = [];
  const details: Notification[] = [];
  const first = await pool.listen("news", (payload, notification) => {
    heard.push(`1 ${payload}`);
    details.push(notification);
  });
  await using second = await pool.listen("news", (payload) => void heard.push(`2 ${payload}`));
  await using other = await pool.listen("other", (payload) => void heard.push(`other ${payload}`));
  assert.equal(second.channel, "news");
  await pool.notify("news", "a");
  await outside.notify("news", "b ☃");
  await outside.notify("other");
  await until(() => heard.length === 5);
  assert.deepEqual(heard.filter((text) => text.startsWith("1")), ["1 a", "1 b ☃"]);
  assert.deepEqual(heard.filter((text) => text.startsWith("2")), ["2 a", "2 b ☃"]);
  assert.ok(heard.includes("other "));
  assert.equal(details[0].channel, "news");
  assert.equal(details[0].payload, "a");
  assert.ok(details[0].processId > 0);
  await first.close();
  await first.close();
  await pool.notify("news", "c");
  await until(() => heard.includes("2 c"));
  assert.ok(!heard.includes("1 c"));
  await other.close();
  await assertServes(live);
});

test("Pool.listen() hears what a transaction notifies once it has committed", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  const heard: string[] = [];
  await using _subscription = await pool.listen("news", (payload) => void heard.push(payload));
  await rejection(pool.transaction(async (tx) => {
    await tx.execute(sql`select pg_notify('news', 'rolled back')`);
    throw new Error("back");
  }));
  await pool.transaction(async (tx) => {
    await tx.execute(sql`select pg_notify('news', 'committed')`);
    assert.deepEqual(heard, []);
  });
  await until(() => heard.length > 0);
  assert.deepEqual(heard, ["committed"]);
});

test("Pool.listen() and notify() take channel names as they are", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  const names = ["Mixed Case", 'quo"te', "semi; drop table t", "ünïcode ☃", "it's", "a.b", "x".repeat(63)];
  const heard: string[] = [];
  const subscriptions = await Promise.all(
    names.map((name) =>
      pool.listen(name, (payload, { channel }) => void heard.push(`${channel}=${payload}`))
    ),
  );
  for (const name of names) await pool.notify(name, `to ${name}`);
  await until(() => heard.length === names.length);
  assert.deepEqual(heard, names.map((name) => `${name}=to ${name}`));
  await Promise.all(subscriptions.map((subscription) => subscription.close()));
  for (const name of ["", "x".repeat(64), "nul\0", 5]) {
    const error = await rejection(pool.listen(name as string, () => {}));
    assert.ok(error instanceof ValidationError, String(error));
  }
  const handler = "no function" as unknown as () => void;
  assert.match((await rejection<Error>(pool.listen("x", handler))).message, /give a function/);
  await assertServes(live);
});

test("Pool.listen() whose handler throws goes on, and tells the logger", LIVE, async () => {
  const errors: string[] = [];
  await using live = await livePool({ logger: { error: (message) => void errors.push(message) } });
  const { pool } = live;
  const heard: string[] = [];
  await using _first = await pool.listen("news", (payload) => {
    throw new Error(`mine ${payload.length}`);
  });
  await using _second = await pool.listen("news", (payload) => {
    heard.push(payload);
    return Promise.reject(new Error("later"));
  });
  await pool.notify("news", "a");
  await pool.notify("news", "b");
  await until(() => errors.length === 4);
  assert.deepEqual(heard, ["a", "b"]);
  assert.match(errors[0], /mine 1/);
});

test("Pool.listen() reconnects when its connection is killed, and tells who listens", LIVE, async () => {
  await using base = await livePool();
  await using live = await named("listen_test_kill", base);
  const { pool, outside } = live;
  const heard: string[] = [];
  const reconnects: string[] = [];
  const handler = (payload: string) => void heard.push(payload);
  await using _news = await pool.listen("news", handler, { onReconnect: () => void reconnects.push("news") });
  await using _more = await pool.listen("more", handler, { onReconnect: () => void reconnects.push("more") });
  for (let round = 1; round <= 2; round++) {
    await kill(outside, await listener({ ...live, schema: "listen_test_kill" }));
    await until(() => reconnects.length === round * 2);
    await outside.notify("news", `news ${round}`);
    await outside.notify("more", `more ${round}`);
    await until(() => heard.length === round * 2);
  }
  assert.deepEqual(heard, ["news 1", "more 1", "news 2", "more 2"]);
  assert.deepEqual(reconnects, ["news", "more", "news", "more"]);
});

test(
  "Pool.listen() begun while the connection is being healed is in force when it resolves",
  LIVE,
  async () => {
    await using base = await livePool();
    await using live = await named("listen_test_heal", base);
    const { pool, outside } = live;
    const heard: string[] = [];
    await using _news = await pool.listen("news", (payload) => void heard.push(payload));
    for (let round = 0; round < 3; round++) {
      await kill(outside, await listener({ ...live, schema: "listen_test_heal" }));
      const late = await pool.listen(`late ${round}`, (payload) => void heard.push(payload));
      await outside.notify(`late ${round}`, `late ${round}`);
      await until(() => heard.includes(`late ${round}`));
      await late.close();
    }
  },
);

test("Pool.listen() ends by its signal, by close(), and with the pool", LIVE, async () => {
  await using base = await livePool();
  await using live = await named("listen_test_end", base);
  const { pool, outside } = live;
  const heard: string[] = [];
  const abort = new AbortController();
  const handler = (payload: string) => void heard.push(payload);
  await pool.listen("news", handler, { signal: abort.signal });
  await using kept = await pool.listen("kept", handler);
  abort.abort();
  await pool.notify("news", "gone");
  await pool.notify("kept", "kept");
  await until(() => heard.length === 1);
  assert.deepEqual(heard, ["kept"]);
  assert.ok(await rejection(pool.listen("x", handler, { signal: abort.signal })));
  await kept.close();
  // Nothing is listened to, so its connection is gone.
  await until(async () => await listenerCount(outside, "listen_test_end") === 0);
  const again = await pool.listen("news", handler);
  await pool.notify("news", "again");
  await until(() => heard.includes("again"));
  await pool.close();
  await again.close();
  await until(async () => await listenerCount(outside, "listen_test_end") === 0);
});

async function listenerCount(
  outside: Awaited<ReturnType<typeof livePool>>["outside"],
  name: string,
): Promise<number> {
  return await outside.value<number>(
    sql`select count(*)::int from pg_stat_activity where application_name = ${name} and query ilike '%listen%'`,
  );
}

test(
  "Pool.listen() and close() of one channel many times at once leave what was asked last",
  LIVE,
  async () => {
    await using live = await livePool();
    const { pool } = live;
    const heard: number[] = [];
    const subscriptions = await Promise.all(
      Array.from({ length: 20 }, (_, n) => pool.listen("news", () => void heard.push(n))),
    );
    await Promise.all(
      subscriptions.slice(0, 19).map((subscription, n) =>
        Promise.all([
          subscription.close(),
          pool.listen("news", () => {}).then((brief) => brief.close()),
          n % 5 === 0 ? pool.listen(`n${n}`, () => {}).then((brief) => brief.close()) : undefined,
        ])
      ),
    );
    await pool.notify("news");
    await until(() => heard.length > 0);
    assert.deepEqual(heard, [19]);
    await subscriptions[19].close();
  },
);

test("Pool.notify() refuses a payload of 8,000 bytes and takes one of 7,999", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  const heard: string[] = [];
  await using _subscription = await pool.listen("news", (payload) => void heard.push(payload));
  await pool.notify("news", "x".repeat(7_999));
  const error = await rejection<Error>(pool.notify("news", "y".repeat(8_000)));
  assert.match(error.message, /payload/);
  await until(() => heard.length === 1);
  assert.equal(heard[0].length, 7_999);
  await assertServes(live);
});

test("Pool.listen() rejects in time while there is no server, and hears once there is", {
  ...needs("primary", "control"),
}, async () => {
  await using line = await proxy("primary");
  await using live = await livePool({
    through: (url) => line.url(url),
    acquireTimeout: 300,
    connectTimeout: 1_000,
  });
  const { pool, outside } = live;
  const heard: string[] = [];
  const reconnected = Promise.withResolvers<void>();
  await using _kept = await pool.listen("kept", (payload) => void heard.push(payload), {
    onReconnect: () => reconnected.resolve(),
  });
  await line.refuse();
  await line.cut();
  const error = await rejection(pool.listen("never", (payload) => void heard.push(payload)), 2_000);
  assert.ok(error instanceof ConnectionError, String(error));
  const abort = AbortSignal.timeout(50);
  const given = await rejection<Error>(pool.listen("never", () => {}, { signal: abort }), 2_000);
  assert.equal(given.name, "TimeoutError");
  await line.heal();
  await reconnected.promise;
  await outside.notify("never", "never");
  await outside.notify("kept", "kept");
  await until(() => heard.length > 0);
  assert.deepEqual(heard, ["kept"]);
});
