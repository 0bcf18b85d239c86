import assert from "node:assert/strict";
import type { Notification } from "../../../../pool/wire/message/backend.ts";
import { openRowStream } from "../../../../pool/wire/stream/row_stream.ts";
import { copyIn } from "../../../../pool/wire/stream/copy_in.ts";
import { copyOut } from "../../../../pool/wire/stream/copy_out.ts";
import type { Session } from "../../../../pool/wire/session/session.ts";
import { test } from "../../../harness.ts";
import { freshDatabase, needs } from "../../../services/client.ts";
import { backend, connectFake, rowsOf } from "./fake_backend.ts";
import { assertUsable, liveSession, run } from "./live_session.ts";

/** Keeps what a session is notified of. */
function listen(session: Session): Notification[] {
  const heard: Notification[] = [];
  session.listener = {
    progress() {},
    closed(_session, error, unsettled) {
      for (const exchange of unsettled) exchange.reject(error);
    },
    notification(notification) {
      heard.push(notification);
    },
  };
  return heard;
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 5) {
    assert.ok(waited < 5_000, "nothing was heard");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test(
  "Session hears notifications with their channel, payload and sender, in order",
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    await using live = await liveSession(database.url);
    await using other = await liveSession(database.url);
    const heard = listen(live.session);
    await run(live.session, 'listen "Ch äöü"');
    for (const payload of ["", "one", "x".repeat(7_000), "😀\n"]) {
      await run(other.session, "select pg_notify('Ch äöü', $1)", [payload]);
    }
    await until(() => heard.length === 4);
    const processId = other.session.processId;
    assert.deepEqual(
      heard,
      ["", "one", "x".repeat(7_000), "😀\n"].map((payload) => ({ processId, channel: "Ch äöü", payload })),
    );
    await run(live.session, 'unlisten "Ch äöü"');
    await run(other.session, "select pg_notify('Ch äöü', 'unheard')");
    await run(live.session, "select 1");
    assert.equal(heard.length, 4);
    await assertUsable(live.session);
  },
);

test(
  "Session hears its own notifications, at commit and never after a rollback",
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    await using live = await liveSession(database.url);
    const { session } = live;
    const heard = listen(session);
    await run(session, "listen ch");
    await run(session, "begin");
    await run(session, "notify ch, 'rolled back'");
    await run(session, "rollback");
    await run(session, "begin");
    await run(session, "notify ch, 'kept'");
    assert.deepEqual(heard, []);
    await run(session, "commit");
    assert.deepEqual(heard.map(({ payload }) => payload), ["kept"]);
    await assertUsable(session);
  },
);

test("Session hears notifications while queries, streams and COPY go on", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using live = await liveSession(database.url);
  await using other = await liveSession(database.url);
  const { session } = live;
  const heard = listen(session);
  await run(session, "create table t (a int)");
  await run(session, "listen ch");
  let isOver = false;
  let sent = 0;
  const sending = (async () => {
    for (; !isOver; sent++) await run(other.session, "select pg_notify('ch', $1)", [String(sent)]);
  })();
  for (let round = 0; round < 20; round++) {
    const queries = Array.from({ length: 20 }, (_, n) => run(session, "select $1::int as n", [n]));
    for (const [n, rows] of (await Promise.all(queries)).entries()) assert.deepEqual(rows, [{ n }]);
    let rows = 0;
    const stream = openRowStream(session, "select * from generate_series(1, 500)", [], { batchSize: 50 });
    for await (const _ of stream) rows++;
    assert.equal(rows, 500);
    assert.equal(await copyIn(session, "copy t from stdin", "1\n2\n"), 2);
    const copied = await new Response(copyOut(session, "copy t to stdout")).text();
    assert.equal(copied, "1\n2\n".repeat(round + 1));
  }
  isOver = true;
  await sending;
  await until(() => heard.length === sent);
  assert.ok(sent > 20);
  assert.deepEqual(heard.map(({ payload }) => payload), Array.from({ length: sent }, (_, n) => String(n)));
  await assertUsable(session);
});

test("Session hears notifications between any two messages of an answer", async () => {
  // PostgreSQL itself sends them only when idle or at a commit; poolers and later versions need not.
  const { session } = await connectFake(({ type }, usual) =>
    type === "" ? usual : usual.flatMap((answer) => [backend.notification("ch", type), answer])
  );
  const heard = listen(session);
  const answers = await Promise.all([1, 2, 3].map((n) => rowsOf(session, "select $1::int as n", [n])));
  assert.deepEqual(answers, [[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
  assert.deepEqual(heard.slice(0, 4).map(({ payload }) => payload), ["P", "D", "D", "S"]);
  assert.ok(heard.every(({ channel, processId }) => channel === "ch" && processId === 7));
  session.destroy();
});
