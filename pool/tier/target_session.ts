/**
 * Connecting to what a tier connects to: a server, or a PostgreSQL inside this process.
 *
 * @module
 */
import type { PoolTarget } from "../configuration/pool_options.ts";
import { watchAbort } from "../wire/stream/abort.ts";
import { Authenticator } from "../wire/auth/authenticator.ts";
import { connectSession, startupParameters } from "../wire/session/connect.ts";
import type { DatabaseKnowledge } from "../wire/session/database_knowledge.ts";
import type { Field } from "../wire/message/backend.ts";
import { Plan } from "../wire/session/plan.ts";
import { QueryExchange } from "../wire/session/query_exchange.ts";
import { Session } from "../wire/session/session.ts";

/** Milliseconds the question whether a pooler stands between may take. */
const DETECTION_TIMEOUT = 5_000;

/** What tells the server process's id, and its only column, an int4. */
const PROCESS_ID = "select pg_backend_pid() as pid";
const PROCESS_ID_FIELD: Field = { name: "pid", table: 0, column: 0, type: 23, modifier: -1 };

/**
 * Makes a session with a tier's target.
 *
 * @param target What to connect to.
 * @param shared What its connections share; learns whether statements can be named.
 * @param signal Ends the attempt.
 * @returns The session, ready for queries.
 */
export async function openTargetSession(
  target: PoolTarget,
  shared: DatabaseKnowledge,
  signal: AbortSignal,
): Promise<Session> {
  if (target.kind === "pglite") return await openEmbedded(target, shared, signal);
  const session = await connectSession(target.connect, shared, signal);
  if (shared.undecided) await decidePrepare(session, shared, signal);
  return session;
}

/** A pooler tells us a process id of its own making, which is not that of the server process behind it. */
async function decidePrepare(
  session: Session,
  shared: DatabaseKnowledge,
  signal: AbortSignal,
): Promise<void> {
  // Its columns are certain, so it is one round trip.
  const plan = new Plan(PROCESS_ID, [], [PROCESS_ID_FIELD], shared.registry);
  const query = new QueryExchange(PROCESS_ID, [], { readOnly: true, plan });
  query.timeout = DETECTION_TIMEOUT;
  const unwatch = watchAbort(signal, () => session.destroy());
  session.submit(query);
  try {
    const { rows } = await query.promise;
    shared.decide(rows[0]?.pid !== session.processId);
  } catch (error) {
    session.destroy();
    throw error;
  } finally {
    unwatch();
  }
}

async function openEmbedded(
  target: Extract<PoolTarget, { kind: "pglite" }>,
  shared: DatabaseKnowledge,
  signal: AbortSignal,
): Promise<Session> {
  // Loaded only where it is used: those with a server need not have it.
  const { openPgliteTransport } = await import("../wire/transport/pglite_transport.ts");
  const { connect } = target;
  const session = new Session({
    transport: await openPgliteTransport(target.path, signal),
    shared,
    maxMessageSize: connect.maxMessageSize,
    address: target.path === undefined ? "pglite:" : `pglite:${target.path}`,
    // It runs in this thread: while it runs nothing can be asked of it, and when it does not there is nothing to cancel.
    cancel: () => Promise.resolve(),
  });
  await session.start(
    startupParameters(connect),
    new Authenticator({ user: connect.user, password: undefined, secure: true }),
  );
  shared.decide(false);
  return session;
}
