/** Sessions with the real servers, for the tests of what runs over one. */
import assert from "node:assert/strict";
import { awakeTime, inTime } from "../../../awake_time.ts";
import { CodecRegistry } from "../../../../pool/wire/codec/registry.ts";
import { connectSession } from "../../../../pool/wire/session/connect.ts";
import { DatabaseKnowledge, type PrepareMode } from "../../../../pool/wire/session/database_knowledge.ts";
import { QueryExchange } from "../../../../pool/wire/session/query_exchange.ts";
import { resolveConnectOptions } from "../../../../pool/wire/configuration/resolve_connect_options.ts";
import type { Session } from "../../../../pool/wire/session/session.ts";

/** A session that is closed at the end of its scope. */
export interface LiveSession extends AsyncDisposable {
  readonly session: Session;
}

/** Connects to a URL. */
export async function liveSession(url: string, prepare: PrepareMode = "always"): Promise<LiveSession> {
  const shared = new DatabaseKnowledge(new CodecRegistry({ dates: "string" }), {
    prepare,
    statementCacheSize: 100,
    planCacheSize: 1000,
  });
  const session = await connectSession(resolveConnectOptions(url), shared, new AbortController().signal);
  return {
    session,
    async [Symbol.asyncDispose]() {
      await session.close();
    },
  };
}

/** Runs a statement and returns its rows. */
export async function run(
  session: Session,
  text: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const exchange = new QueryExchange(text, values);
  session.submit(exchange);
  return (await exchange.promise).rows;
}

/** Proves that a session still answers, at once, and that nothing is left on it. */
export async function assertUsable(session: Session): Promise<void> {
  const start = awakeTime();
  assert.deepEqual(await run(session, "select 42 as answer"), [{ answer: 42 }]);
  assert.ok(awakeTime() - start < 2_000, "the session answers late");
  assert.equal(session.state, "ready");
  assert.equal(session.transactionStatus, "I");
  assert.equal(session.depth, 0);
}

/** Asserts that a promise rejects within so many milliseconds of awake time; returns what with. */
export async function rejection(promise: Promise<unknown>, within = 2_000): Promise<unknown> {
  return await inTime(
    promise.then((value) => assert.fail(`it resolved with ${String(value)}`), (error: unknown) => error),
    within,
    () => `it did not reject within ${within} ms`,
  );
}
