/** Cursors and COPY over poor networks, other servers, and connections that break anywhere. */
import assert from "node:assert/strict";
import { copyIn } from "../../../../pool/wire/stream/copy_in.ts";
import { copyOut } from "../../../../pool/wire/stream/copy_out.ts";
import { ConnectionError, QueryTimeoutError } from "../../../../pool/wire/errors.ts";
import { PostgresError } from "../../../../pool/wire/postgres_error.ts";
import { openRowStream } from "../../../../pool/wire/stream/row_stream.ts";
import type { Session } from "../../../../pool/wire/session/session.ts";
import { awakeTime } from "../../../awake_time.ts";
import { test } from "../../../harness.ts";
import { freshDatabase, needs, proxy, server } from "../../../services/client.ts";
import { assertUsable, type LiveSession, liveSession, rejection, run } from "../session/live_session.ts";

const SERIES = "select n, repeat('x', n % 50) as s from generate_series(1, $1::int) n";
const COPY_SERIES = "copy (select n, repeat('x', n % 50) from generate_series(1, 3000) n) to stdout";

const WORK: Readonly<Record<string, (session: Session) => Promise<void>>> = {
  "a cursor": async (session) => {
    let rows = 0;
    for await (const _ of openRowStream(session, SERIES, [3_000], { batchSize: 200 })) rows++;
    assert.equal(rows, 3_000);
  },
  "a COPY in": async (session) => {
    const lines = Array.from({ length: 3_000 }, (_, n) => `${n}\t${"x".repeat(n % 50)}\n`);
    assert.equal(await copyIn(session, "copy t from stdin", lines), 3_000);
  },
  "a COPY out": async (session) => {
    const text = await new Response(copyOut(session, COPY_SERIES)).text();
    assert.equal(text.split("\n").length, 3_001);
  },
};

for (const name of ["primary", "pg15", "pgbouncer"] as const) {
  test(`Session runs cursors and COPY with ${name}`, needs(name), async () => {
    await using live = await liveSession(server(name).url, name === "pgbouncer" ? "never" : "always");
    const { session } = live;
    // One transaction, so that all of it is on one server connection behind a pooler too.
    await run(session, "begin");
    await run(session, "create temp table t (a int, b text) on commit drop");
    for (const work of Object.values(WORK)) await work(session);
    await run(session, "commit");
    await WORK["a cursor"](session);
    await WORK["a COPY out"](session);
    await assertUsable(session);
  });
}

test("Session runs cursors and COPY when bytes come one by one", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using faulty = await proxy("primary");
  await using live = await liveSession(faulty.url(database.url));
  await run(live.session, "create table t (a int, b text)");
  await faulty.dribble(7);
  let rows = 0;
  for await (const _ of openRowStream(live.session, SERIES, [100], { batchSize: 30 })) rows++;
  assert.equal(rows, 100);
  assert.equal(await copyIn(live.session, "copy t from stdin", "1\tx\n".repeat(100)), 100);
  assert.equal(await new Response(copyOut(live.session, "copy t to stdout")).text(), "1\tx\n".repeat(100));
  await faulty.heal();
  await assertUsable(live.session);
});

for (const [name, work] of Object.entries(WORK)) {
  for (const direction of ["toServer", "toClient"] as const) {
    test(
      `${name} cut after any number of bytes ${direction} ends the session within a second`,
      { ...needs("primary"), timeout: 60_000 },
      async () => {
        await using database = await freshDatabase();
        await using direct = await liveSession(database.url);
        await run(direct.session, "create table t (a int, b text)");
        await using faulty = await proxy("primary");
        const url = new URL(faulty.url(database.url));
        // Without TLS, so that bytes are messages.
        url.searchParams.set("sslmode", "disable");
        await using first = await liveSession(url.href);
        const counter = direction === "toServer" ? "bytesToServer" : "bytesToClient";
        const login = (await faulty.describe())[counter];
        await work(first.session);
        const whole = (await faulty.describe())[counter] - login;
        let cuts = 0;
        for (const share of [0, 0.001, 0.01, 0.2, 0.5, 0.9, 0.999]) {
          await faulty.cutAfter(login + 1 + Math.floor((whole - 1) * share), direction);
          let live: LiveSession;
          try {
            live = await liveSession(url.href);
          } catch (error) {
            // The length of a login varies by a few bytes.
            assert.ok(error instanceof ConnectionError);
            continue;
          }
          const start = awakeTime();
          const outcome = await work(live.session).then(() => undefined, (error: unknown) => error);
          // As ever, the last bytes may be lost after what counts has come.
          if (outcome === undefined) assert.ok(share > 0.99, `it succeeded although cut at ${share}`);
          else {
            assert.ok(outcome instanceof ConnectionError, `${share}: ${outcome}`);
            assert.ok(awakeTime() - start < 1_500, `${share}: late`);
            cuts++;
          }
          await live.session.close();
          await faulty.heal();
        }
        assert.ok(cuts >= 4, `only ${cuts} cuts were seen`);
        await assertUsable(direct.session);
      },
    );
  }
}

test("Cursors and COPY time out when the network holds everything back", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using direct = await liveSession(database.url);
  await run(direct.session, "create table t (a int, b text)");
  const lines = (function* () {
    while (true) yield "1\tx\n".repeat(1_000);
  })();
  const works: ((session: Session) => Promise<unknown>)[] = [
    (session) => openRowStream(session, SERIES, [10], { timeout: 150 }).next(),
    (session) => copyIn(session, "copy t from stdin", lines, { timeout: 150 }),
    (session) => new Response(copyOut(session, COPY_SERIES, { timeout: 150 })).text(),
  ];
  for (const work of works) {
    await using faulty = await proxy("primary");
    const { session } = await liveSession(faulty.url(database.url));
    await faulty.blackHole();
    assert.ok(await rejection(work(session)) instanceof QueryTimeoutError);
    session.destroy();
    await session.closed;
  }
  await assertUsable(direct.session);
});

test("copyOut() errors when its connection was cut while nobody read", needs("primary"), async () => {
  await using faulty = await proxy("primary");
  await using live = await liveSession(faulty.url(server("primary").url));
  const stream = copyOut(
    live.session,
    "copy (select repeat('x', 1000), generate_series(1, 100000)) to stdout",
  );
  const reader = stream.getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await faulty.cut();
  const error = await rejection((async () => {
    while (!(await reader.read()).done);
  })());
  assert.ok(error instanceof ConnectionError, String(error));
});

test("Session.destroy() ends cursors and COPY at once", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using direct = await liveSession(database.url);
  await run(direct.session, "create table t (a int, b text)");
  const silent = (async function* () {
    yield "1\tx\n";
    await new Promise((resolve) => setTimeout(resolve, 300));
  })();
  const works: ((session: Session) => Promise<unknown>)[] = [
    (session) => openRowStream(session, "select pg_sleep(20)::text", []).next(),
    (session) => copyIn(session, "copy t from stdin", silent),
    (session) => new Response(copyOut(session, "copy (select pg_sleep(20)) to stdout")).text(),
  ];
  for (const work of works) {
    const { session } = await liveSession(database.url);
    setTimeout(() => session.destroy(), 50);
    assert.ok(await rejection(work(session)) instanceof ConnectionError);
    assert.ok(await rejection(work(session)) instanceof ConnectionError);
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  await assertUsable(direct.session);
});

test(
  "RowStream that outlives its transaction rejects and leaves the connection usable",
  needs("primary"),
  async () => {
    await using live = await liveSession(server("primary").url);
    const { session } = live;
    for (const end of ["commit", "rollback"]) {
      await run(session, "begin");
      const stream = openRowStream(session, SERIES, [1_000], { batchSize: 10 });
      await stream.next();
      await run(session, end);
      const error = await rejection((async () => {
        for await (const _ of stream);
      })());
      assert.ok(error instanceof PostgresError && error.sqlState === "34000", String(error));
      await assertUsable(session);
    }
  },
);

test("RowStreams of one transaction run side by side", needs("primary"), async () => {
  await using live = await liveSession(server("primary").url);
  const { session } = live;
  await run(session, "begin");
  const streams = [30, 45, 1].map((count) =>
    openRowStream<{ n: number }>(session, SERIES, [count], { batchSize: 4 })
  );
  const counts = await Promise.all(streams.map(async (stream) => {
    let rows = 0;
    for await (const { n } of stream) assert.equal(n, ++rows);
    return rows;
  }));
  assert.deepEqual(counts, [30, 45, 1]);
  await run(session, "commit");
  await assertUsable(session);
});

test(
  "RowStreams and COPY of one session outside a transaction wait for each other",
  needs("primary"),
  async () => {
    await using live = await liveSession(server("primary").url);
    const { session } = live;
    const [, , rows] = await Promise.all([
      WORK["a cursor"](session),
      WORK["a COPY out"](session),
      run(session, "select 1 as n"),
      WORK["a cursor"](session),
    ]);
    assert.deepEqual(rows, [{ n: 1 }]);
    await assertUsable(session);
  },
);
