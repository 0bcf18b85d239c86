/** Tokens of writes: whatever is at least as new as the token has the write in it. */
import assert from "node:assert/strict";
import { currentSession, TOKENS_ON } from "../../../pool/consistency/current_session.ts";
import { parseLsn } from "../../../pool/consistency/lsn.ts";
import { ConnectionError, Pool, sql } from "../../../pool/mod.ts";
import { awakeTime } from "../../awake_time.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs, proxy as openProxy, server } from "../../services/client.ts";
import { livePool, until } from "../live_pool.ts";

/** What raises the token of a pool, and what does not. */
async function raises(pool: Pool, work: () => Promise<unknown>): Promise<boolean> {
  const before = currentSession(pool).token;
  await work();
  const after = currentSession(pool).token;
  return after !== undefined && (before === undefined || after.lsn > before.lsn);
}

test(
  "Every write raises the token before its call resolves, and reads do not",
  needs("primary"),
  async () => {
    await using live = await livePool({ max: 3 });
    const { pool } = live;
    await pool.execute(sql`create table notes (id int primary key, body text)`);
    assert.equal(currentSession(pool).token, undefined);
    pool[TOKENS_ON]();
    const insert = (id: number) => sql`insert into notes values (${id}, 'x')`;
    const read = sql<{ id: number }>`select id from notes`;
    assert.ok(await raises(pool, () => pool.execute(insert(1))));
    assert.ok(!await raises(pool, () => pool.query(read, { readOnly: true })));
    assert.ok(await raises(pool, () => pool.transaction((tx) => tx.execute(insert(2)))));
    assert.ok(
      await raises(pool, () => pool.transaction((tx) => tx.transaction((inner) => inner.execute(insert(3))))),
    );
    assert.ok(!await raises(pool, () => pool.transaction((tx) => tx.query(read, { readOnly: true }))));
    assert.ok(!await raises(pool, () => pool.transaction((tx) => tx.query(read), { readOnly: true })));
    assert.ok(!await raises(pool, () => pool.transaction(() => {})));
    assert.ok(await raises(pool, () => pool.batch([insert(4), insert(5)])));
    assert.ok(await raises(pool, () => pool.batch([insert(6), insert(7)], { atomic: false })));
    assert.ok(!await raises(pool, () => pool.batch([read, read], { readOnly: true })));
    assert.ok(await raises(pool, () => pool.copyFrom(sql`copy notes (id) from stdin`, ["8\n9\n"])));
    assert.ok(
      await raises(
        pool,
        () => pool.transaction((tx) => tx.copyFrom(sql`copy notes (id) from stdin`, ["10\n"])),
      ),
    );
    assert.ok(
      await raises(pool, async () => {
        await using session = await pool.reserve();
        await session.execute(insert(11));
        await session.execute(sql`begin`);
        await session.execute(insert(12));
        await session.execute(sql`commit`);
      }),
    );
    assert.ok(
      await raises(pool, async () => {
        for await (const _ of pool.stream(sql`insert into notes values (13, 'x') returning id`));
        await until(() => !currentSession(pool).isUncertain);
      }),
    );
    assert.ok(await raises(pool, () => pool.execute(sql`select set_config('app.a', 'b', false)`)));
    assert.equal(await pool.value(sql`select count(*)::int from notes`), 13);
    assert.equal(currentSession(pool).isUncertain, false);
    assert.equal(pool.stats().reserved, 0);
  },
);

test("Writes that fail tell their errors and leave no doubt", needs("primary"), async () => {
  await using live = await livePool({ max: 2 });
  const { pool } = live;
  await pool.execute(sql`create table notes (id int primary key deferrable initially deferred)`);
  pool[TOKENS_ON]();
  const insert = sql`insert into notes values (1)`;
  await pool.execute(insert);
  await assert.rejects(pool.execute(insert), /23505/);
  await assert.rejects(pool.transaction((tx) => tx.execute(insert)), /23505/);
  await assert.rejects(pool.transaction((tx) => tx.execute(sql`select 1 / 0`)), /22012/);
  await assert.rejects(pool.batch([insert]), /23505/);
  await assert.rejects(pool.batch([sql`select 1 / 0`]), /22012/);
  const [failed, well] = await pool.batch([insert, sql`select 1 as n`], { atomic: false });
  assert.deepEqual([failed.status, well.status], ["rejected", "fulfilled"]);
  {
    await using session = await pool.reserve();
    await session.execute(sql`begin`);
    await assert.rejects(session.execute(sql`select 1 / 0`), /22012/);
    await assert.rejects(session.execute(insert), /25P02/);
    await session.execute(sql`rollback`);
  }
  await until(() => !currentSession(pool).isUncertain);
  await Promise.all(Array.from({ length: 5 }, () => pool.value(sql`select 1`)));
});

test("Statements pipelined with ticks answer their own callers, also when they are sent again", {
  ...needs("primary"),
}, async () => {
  await using live = await livePool({ max: 2 });
  const { pool } = live;
  await pool.execute(sql`create table wide (id int)`);
  await pool.execute(sql`insert into wide values (1)`);
  pool[TOKENS_ON]();
  let isRunning = true;
  const ddl = (async () => {
    for (let round = 0; isRunning; round++) {
      await pool.execute(
        round % 2 === 0 ? sql`alter table wide add column more text` : sql`alter table wide drop column more`,
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  try {
    for (const end = performance.now() + 1_500; performance.now() < end;) {
      const rows = await Promise.all(
        Array.from({ length: 8 }, (_, n) => pool.one<{ n: number }>(sql`select *, ${n}::int as n from wide`)),
      );
      assert.deepEqual(rows.map(({ n }) => n), [0, 1, 2, 3, 4, 5, 6, 7]);
    }
  } finally {
    isRunning = false;
    await ddl;
  }
  assert.ok(currentSession(pool).token !== undefined);
});

test("A replica that has replayed a token has the write in it", {
  ...needs("primary", "replica"),
  timeout: 60_000,
}, async () => {
  await using database = await freshDatabase();
  await using pool = new Pool({ url: database.url, max: 2 });
  pool[TOKENS_ON]();
  await pool.execute(sql`create table counter as select 0 as n`);
  const { host, port } = server("replica");
  await using replica = new Pool({ url: database.url, host, port, max: 1, configFile: false });
  // The standby is the one of all tests, and may be seconds behind.
  await until(() => replica.query(sql`select from counter`).then(() => true, () => false), 20_000);
  let judged = 0;
  let asked = 0;
  const end = awakeTime() + 15_000;
  for (let n = 1; n <= 300 && awakeTime() < end; n++) {
    asked++;
    await pool.execute(sql`update counter set n = ${n}::int`);
    const { lsn } = currentSession(pool).token!;
    // A tick by itself is not flushed, and what is not flushed is not sent.
    const flushed = pool.query(sql`select pg_logical_emit_message(true, 'test', '')`, { readOnly: true });
    let replayed = 0n;
    // Its version is read first, as a router does it.
    while (replayed < lsn && awakeTime() < end) {
      replayed = parseLsn(await replica.value<string>(sql`select pg_last_wal_replay_lsn()::text`));
    }
    const seen = await replica.value<number>(sql`select n from counter`);
    await flushed;
    if (replayed < lsn) continue;
    judged++;
    assert.equal(seen, n);
  }
  console.log(`  ${judged} of ${asked} reads came from a replica that was new enough`);
  assert.ok(judged >= 3, `${judged} of ${asked}`);
});

test("A write whose outcome is lost leaves its session uncertain until that is known", {
  ...needs("primary"),
}, async () => {
  await using proxy = await openProxy("primary");
  const applicationName = `lost_${crypto.randomUUID()}`;
  await using live = await livePool({
    ...{ through: (url: string) => proxy.url(url), max: 1, connectTimeout: "2s", applicationName },
  });
  const { pool } = live;
  const { outside } = live;
  await pool.execute(sql`create table notes (id int)`);
  await pool.execute(sql`
    create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.5); return null; end $$`);
  await pool.execute(sql`create constraint trigger slow after insert on notes
    deferrable initially deferred for each row execute function slow()`);
  pool[TOKENS_ON]();
  await pool.query(sql`select 1`);
  const session = currentSession(pool);
  const insert = sql`insert into notes values (1)`;
  const writes = {
    transaction: () => pool.transaction((tx) => tx.execute(insert)),
    statement: () => pool.execute(insert),
    batch: () => pool.batch([insert]),
  };
  for (const [what, write] of Object.entries(writes)) {
    const before = session.token!;
    const count = await outside.value<number>(sql`select count(*)::int from notes`);
    const outcome = write().then(() => undefined, (error: unknown) => error);
    await until(async () =>
      await outside.value(sql`select exists(select from pg_stat_activity where wait_event = 'PgSleep'
        and application_name = ${applicationName})`)
    );
    // The server is at the COMMIT, does not notice, and goes on with it.
    await proxy.cut();
    const error = await outcome;
    assert.ok(error instanceof ConnectionError && error.outcomeUnknown, what);
    assert.ok(session.isUncertain, what);
    await until(() => !session.isUncertain, 10_000);
    assert.equal(await outside.value<number>(sql`select count(*)::int from notes`), count + 1, what);
    assert.ok(session.token!.lsn > before.lsn, what);
  }
});
