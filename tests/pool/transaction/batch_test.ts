import assert from "node:assert/strict";
import { ConnectionError, PostgresError, type Sql, sql, ValidationError } from "../../../pool/mod.ts";
import { awakeTime } from "../../awake_time.ts";
import { test } from "../../harness.ts";
import { needs, proxy } from "../../services/client.ts";
import { assertServes, kill, livePool, quickest, rejection, running, stopped } from "../live_pool.ts";

const LIVE = needs("primary");
const PROXIED = needs("primary", "control");

const insert = (n: number) => sql`insert into t values (${n})`;

async function withTable(options: Parameters<typeof livePool>[0] = {}): ReturnType<typeof livePool> {
  const live = await livePool(options);
  await live.outside.execute(sql`create table t (n int)`);
  return live;
}

async function rows({ outside }: Awaited<ReturnType<typeof livePool>>): Promise<number[]> {
  return (await outside.query<{ n: number }>(sql`select n from t order by n`)).map(({ n }) => n);
}

test("Pool.batch() returns the rows of each statement in order", LIVE, async () => {
  await using live = await withTable();
  const { pool } = live;
  for (let round = 0; round < 3; round++) {
    const [none, some, text] = await pool.batch([
      insert(round),
      sql<{ n: number }>`select n from t order by n`,
      sql<{ s: string }>`select ${"x"}::text as s`,
    ]);
    assert.deepEqual(none, []);
    assert.equal(some.length, round + 1);
    assert.deepEqual(text, [{ s: "x" }]);
  }
  assert.deepEqual(await pool.batch([]), []);
  assert.deepEqual(await pool.batch([], { atomic: false }), []);
  const many: Sql<{ n: number }>[] = Array.from(
    { length: 500 },
    (_, n) => sql<{ n: number }>`select ${n}::int as n`,
  );
  assert.deepEqual((await pool.batch(many)).map(([row]) => row.n), many.map((_, n) => n));
  await assertServes(live);
});

test("Pool.batch() of known statements takes one round trip, atomic or not", PROXIED, async () => {
  await using slow = await proxy("primary");
  await using live = await withTable({ through: (url) => slow.url(url), max: 1 });
  const statements = [insert(1), sql`select count(*) from t`, sql`update t set n = ${2}`];
  let runs = 0;
  for (const atomic of [true, false] as const) {
    const once = async () => {
      runs++;
      // @ts-expect-error the overloads are for literals
      await live.pool.batch(statements, { atomic });
    };
    await once();
    await slow.delay(60); // A round trip takes 120 ms at least.
    const took = await quickest(once, 220);
    console.log(`A batch over a line of 120 ms, atomic ${atomic}: ${took.toFixed(0)} ms`);
    await slow.heal();
    assert.ok(took > 115 && took < 220, `atomic ${atomic}: one round trip of 120 ms took ${took} ms`);
  }
  assert.equal((await rows(live)).length, runs);
});

test("Pool.batch() that is atomic takes no effect when a statement fails, new or known", LIVE, async () => {
  await using live = await withTable();
  const { pool } = live;
  for (let round = 0; round < 3; round++) {
    const error = await rejection<PostgresError>(
      pool.batch([insert(1), sql`select 1 / ${0}::int`, insert(2)]),
    );
    assert.ok(error instanceof PostgresError);
    assert.equal(error.sqlState, "22012");
    assert.equal(error.query, "select 1 / $1::int");
    const refused = await rejection(pool.batch([insert(3), sql`insert into t values (${"x"})`, insert(4)]));
    assert.ok(refused instanceof ValidationError, String(refused));
  }
  assert.deepEqual(await rows(live), []);
  await live.outside.execute(sql`alter table t add constraint once unique (n) deferrable initially deferred`);
  for (let round = 0; round < 2; round++) {
    const deferred = await rejection<PostgresError>(pool.batch([insert(1), insert(1)]));
    assert.equal(deferred.sqlState, "23505");
  }
  assert.deepEqual(await rows(live), []);
  await assertServes(live);
});

test(
  "Pool.batch() that is not atomic reports each statement's outcome, each its own transaction",
  LIVE,
  async () => {
    await using live = await withTable();
    const { pool } = live;
    for (let round = 0; round < 2; round++) {
      const outcomes = await pool.batch(
        [insert(1), sql`select 1 / ${0}::int`, sql`insert into t values (${"x"})`, insert(2)],
        { atomic: false },
      );
      assert.deepEqual(outcomes.map(({ status }) => status), [
        "fulfilled",
        "rejected",
        "rejected",
        "fulfilled",
      ]);
      assert.equal(outcomes[1].status === "rejected" && outcomes[1].reason.sqlState, "22012");
      assert.ok(outcomes[2].status === "rejected" && outcomes[2].reason instanceof ValidationError);
    }
    assert.deepEqual(await rows(live), [1, 1, 2, 2]);
    await assertServes(live);
  },
);

test("Pool.batch() with a schema change in it sees it", LIVE, async () => {
  await using live = await livePool();
  const { pool } = live;
  const [, , read] = await pool.batch([
    sql`create table made (n int)`,
    sql`insert into made values (5)`,
    sql<{ n: number }>`select n from made`,
  ]);
  assert.deepEqual(read, [{ n: 5 }]);
  await assertServes(live);
});

test("Pool.batch() leaves nothing of its session state behind", LIVE, async () => {
  await using live = await withTable({ max: 1 });
  const { pool } = live;
  await pool.batch([sql`set statement_timeout = '7s'`, sql`create temp table mine (n int)`]);
  assert.equal(await pool.value(sql`show statement_timeout`), "0");
  assert.equal(await pool.value(sql`select to_regclass('pg_temp.mine')::text`), null);
  await rejection(pool.batch([sql`select set_config('app.x', 'y', false)`, sql`select 1 / 0`]));
  assert.equal(await pool.value(sql`select coalesce(current_setting('app.x', true), '')`), "");
});

test("Pool.batch() given up by signal or timeout is cancelled and takes no effect", LIVE, async () => {
  await using live = await withTable();
  const { pool, outside } = live;
  const slow = [insert(1), sql`select pg_sleep(20) /* mark 81 */`, insert(2)];
  for (let round = 0; round < 2; round++) {
    const abort = new AbortController();
    const gone = rejection<Error>(pool.batch(slow, { signal: abort.signal }));
    await running(outside, "mark 81");
    const start = awakeTime();
    abort.abort(new RangeError("enough"));
    const error = await gone;
    // A busy server may be late with its confirmation; then nobody knows.
    const reason = error instanceof ConnectionError && error.outcomeUnknown ? error.cause : error;
    assert.equal((reason as Error).message, "enough");
    assert.ok(awakeTime() - start < 1_500, `it took ${awakeTime() - start} ms`);
    await stopped(outside, "mark 81");
    const timed = await rejection<{ code: string }>(pool.batch(slow, { timeout: 100 }), 2_000);
    assert.equal(timed.code, "QUERY_TIMEOUT");
    await stopped(outside, "mark 81");
  }
  assert.deepEqual(await rows(live), []);
  const each = await pool.batch(slow, { timeout: 200, atomic: false });
  assert.equal(each[0].status, "fulfilled");
  assert.equal(each[1].status, "rejected");
  await stopped(outside, "mark 81");
  assert.ok((await rows(live)).includes(1));
  await assertServes(live);
});

test("Pool.batch() settles by its signal though the server says nothing any more", PROXIED, async () => {
  await using hole = await proxy("primary");
  await using live = await withTable({ through: (url) => hole.url(url), connectTimeout: 2_000 });
  const { pool } = live;
  const statements = [insert(1), sql`select 1`];
  await pool.batch(statements);
  await hole.blackHole();
  const start = awakeTime();
  const error = await rejection<Error>(pool.batch(statements, { signal: AbortSignal.timeout(200) }));
  const took = awakeTime() - start;
  assert.ok(took < 1_700, `it took ${took} ms`);
  // It was sent with its COMMIT, so nobody knows.
  assert.ok(error instanceof ConnectionError && error.outcomeUnknown, String(error));
  assert.equal((error.cause as Error).name, "TimeoutError");
  await hole.heal();
  await assertServes(live);
});

test(
  "Pool.batch() whose connection is killed rejects, and its outcome is known without its COMMIT",
  LIVE,
  async () => {
    await using live = await withTable();
    const { pool, outside } = live;
    const slow = [insert(1), sql`select pg_sleep(20) /* mark 82 */`, insert(2)];
    const gone = rejection<ConnectionError>(pool.batch(slow));
    await kill(outside, await running(outside, "mark 82"));
    assert.ok(await gone instanceof ConnectionError);
    assert.equal((await gone).sqlState, "57P01");
    const each = pool.batch(slow, { atomic: false });
    await kill(outside, await running(outside, "mark 82"));
    const outcomes = await each;
    assert.deepEqual(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "rejected"]);
    await assertServes(live);
    assert.deepEqual(await rows(live), [1]);
  },
);

test(
  "Writes whose connections are cut at random are there, gone, or said to be unknown",
  PROXIED,
  async () => {
    await using line = await proxy("primary");
    await using live = await withTable({ through: (url) => line.url(url), connectTimeout: 1_000 });
    const { pool } = live;
    const count = { acknowledged: 0, unknown: 0, lost: 0 };
    let isDone = false;
    const cutting = (async () => {
      while (!isDone) {
        await new Promise((resolve) => setTimeout(resolve, 15 + Math.random() * 25));
        // On a busy machine no connection would ever be made otherwise.
        if (pool.size > 0) await line.cut();
      }
    })();
    const writes = [
      () => pool.batch([insert(1), sql`select 1`]),
      () => pool.transaction((tx) => tx.execute(insert(1))),
      () => pool.execute(insert(1)),
    ];
    const end = awakeTime() + 10_000;
    await Promise.all(Array.from({ length: 8 }, async () => {
      for (let round = 0; round < 45 && awakeTime() < end; round++) {
        try {
          await writes[round % 3]();
          count.acknowledged++;
        } catch (error) {
          assert.ok(error instanceof ConnectionError, String(error));
          count[error.outcomeUnknown ? "unknown" : "lost"]++;
        }
      }
    }));
    isDone = true;
    await cutting;
    const there = (await rows(live)).length;
    const { acknowledged, unknown } = count;
    assert.ok(
      there >= acknowledged && there <= acknowledged + unknown,
      `${there} of ${JSON.stringify(count)}`,
    );
    await assertServes(live);
  },
);
