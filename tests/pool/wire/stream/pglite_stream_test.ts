/** Cursors and COPY with the in-process PostgreSQL. */
import assert from "node:assert/strict";
import { Authenticator } from "../../../../pool/wire/auth/authenticator.ts";
import { copyIn } from "../../../../pool/wire/stream/copy_in.ts";
import { copyOut } from "../../../../pool/wire/stream/copy_out.ts";
import { openPgliteTransport } from "../../../../pool/wire/transport/pglite_transport.ts";
import { PostgresError } from "../../../../pool/wire/postgres_error.ts";
import { openRowStream } from "../../../../pool/wire/stream/row_stream.ts";
import { test } from "../../../harness.ts";
import { fakeSession } from "../session/fake_backend.ts";
import { assertUsable, rejection, run } from "../session/live_session.ts";

test("Session runs cursors and COPY in process", { sanitize: false, timeout: 60_000 }, async () => {
  const session = fakeSession(await openPgliteTransport(undefined));
  await session.start(
    [["user", "postgres"], ["database", "postgres"]],
    new Authenticator({ user: "postgres", password: "", secure: true }),
  );
  await run(session, "create table t (a int, b text)");
  const lines = Array.from({ length: 500 }, (_, n) => `${n}\tx\n`);
  assert.equal(await copyIn(session, "copy t from stdin", lines), 500);
  await assertUsable(session);
  const problem = new Error("the source failed");
  const failing = (function* () {
    yield "1\tx\n";
    throw problem;
  })();
  assert.equal(await rejection(copyIn(session, "copy t from stdin", failing), 5_000), problem);
  await assertUsable(session);
  assert.ok(await rejection(copyIn(session, "copy t from stdin", "no\n"), 5_000) instanceof PostgresError);
  await assertUsable(session);
  assert.equal(
    await new Response(copyOut(session, "copy (select * from t order by a) to stdout")).text(),
    lines.join(""),
  );
  await assertUsable(session);
  for (const inTransaction of [false, true]) {
    if (inTransaction) await run(session, "begin");
    const seen: number[] = [];
    for await (
      const { a } of openRowStream<{ a: number }>(session, "select a from t order by a", [], {
        batchSize: 40,
      })
    ) {
      seen.push(a);
      if (inTransaction) await run(session, "select 1");
    }
    assert.deepEqual(seen, lines.map((_, n) => n));
    for await (const _ of openRowStream(session, "select a from t", [], { batchSize: 40 })) break;
    if (inTransaction) await run(session, "commit");
    await assertUsable(session);
  }
  await session.close();
});
