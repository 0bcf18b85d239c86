/**
 * Making a session: the hosts in order, the ways `sslmode` allows for each, startup, and whether the server is of the
 * kind that was asked for. One deadline covers each host.
 *
 * @module
 */
import { Authenticator } from "../auth/authenticator.ts";
import { sendCancelRequest } from "../transport/cancel.ts";
import {
  passwordFor,
  type ResolvedConnectOptions,
  type ResolvedHost,
  type TargetSessionAttributes,
} from "../configuration/connect_options.ts";
import type { DatabaseKnowledge } from "./database_knowledge.ts";
import { ConnectionError, LifeguardError } from "../errors.ts";
import { type OpenedTransport, openTransport, transportAttempts } from "../transport/open_transport.ts";
import { QueryExchange } from "./query_exchange.ts";
import { Session } from "./session.ts";

/** Milliseconds a CancelRequest may take. */
const CANCEL_TIMEOUT = 5_000;
/** Milliseconds for which it may go on once its session has ended, so that a mute server keeps no program running. */
const CANCEL_GRACE = 500;

/**
 * Makes a session with the first host that answers and is of the kind asked for.
 *
 * @param connect Where and how.
 * @param shared What the database's connections share.
 * @param signal Ends the attempt at any stage.
 * @returns The session, ready for queries.
 * @throws {ConnectionError} When no host will do; its cause is the last host's error.
 */
export async function connectSession(
  connect: ResolvedConnectOptions,
  shared: DatabaseKnowledge,
  signal: AbortSignal,
): Promise<Session> {
  const hosts = connect.loadBalanceHosts === "random" ? shuffled(connect.hosts) : connect.hosts;
  const wanted = connect.targetSessionAttrs;
  const problems: unknown[] = [];
  // "prefer-standby" first wants a standby anywhere, then takes what there is.
  for (const attribute of wanted === "prefer-standby" ? ["standby", "any"] as const : [wanted]) {
    for (const host of hosts) {
      if (signal.aborted) throw signal.reason;
      try {
        return await connectHost(host, { connect, shared, attribute }, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        problems.push(error);
      }
    }
  }
  const last = problems.at(-1);
  if (problems.length === 1) throw last;
  const isRetryable = problems.some((problem) => problem instanceof LifeguardError && problem.retryable);
  throw new ConnectionError(
    `Cannot connect to any of ${hosts.length} hosts: ${
      problems.map((problem) => problem instanceof Error ? problem.message : String(problem)).join("; ")
    }`,
    { cause: last, neverSent: true, retryable: isRetryable },
  );
}

/** What is wanted of a host. */
interface Wanted {
  readonly connect: ResolvedConnectOptions;
  readonly shared: DatabaseKnowledge;
  readonly attribute: Exclude<TargetSessionAttributes, "prefer-standby">;
}

/** One host within the connect timeout, in each way that its `sslmode` allows. */
async function connectHost(
  host: ResolvedHost,
  { connect, shared, attribute }: Wanted,
  signal: AbortSignal,
): Promise<Session> {
  const address = addressOf(host);
  const abort = new AbortController();
  const onAbort = () => abort.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  const timer = setTimeout(() => {
    abort.abort(
      new ConnectionError(
        `Cannot connect to ${address}: no session within ${connect.connectTimeout} ms; check the address and the network, or raise "connectTimeout"`,
        { neverSent: true },
      ),
    );
  }, connect.connectTimeout);
  try {
    const password = await Promise.race([passwordFor(connect, host), rejection(abort.signal)]);
    const attempts = transportAttempts(connect.sslmode, host);
    let problem: unknown;
    for (const attempt of attempts) {
      try {
        const opened = await openTransport(host, { ...connect, attempt }, abort.signal);
        return await startSession(
          opened,
          { host, connect, shared, password, attempt, address, attribute },
          abort.signal,
        );
      } catch (error) {
        problem = error;
        if (abort.signal.aborted) throw abort.signal.reason;
        // Only "allow" and "prefer" try a second way, and only where the server itself refused the first.
        if (!(error instanceof ConnectionError) || error.sqlState !== "28000") throw error;
      }
    }
    throw problem;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

interface StartContext {
  readonly host: ResolvedHost;
  readonly connect: ResolvedConnectOptions;
  readonly shared: DatabaseKnowledge;
  readonly password: string | undefined;
  readonly attempt: "tls" | "plain";
  readonly address: string;
  readonly attribute: Wanted["attribute"];
}

/** Cancels with a signal that aborts when it takes too long, or soon after the session has ended. */
async function untilEnded(session: Session, cancel: (limit: AbortSignal) => Promise<void>): Promise<void> {
  const ended = new AbortController();
  let isDone = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  session.closed.then(() => {
    if (!isDone) timer = setTimeout(() => ended.abort(), CANCEL_GRACE);
  });
  try {
    await cancel(AbortSignal.any([AbortSignal.timeout(CANCEL_TIMEOUT), ended.signal]));
  } finally {
    isDone = true;
    clearTimeout(timer);
  }
}

/** The startup conversation over an open transport. */
async function startSession(
  opened: OpenedTransport,
  { host, connect, shared, password, attempt, address, attribute }: StartContext,
  signal: AbortSignal,
): Promise<Session> {
  const session: Session = new Session({
    transport: opened.transport,
    shared,
    maxMessageSize: connect.maxMessageSize,
    address,
    cancel: ({ processId, secretKey }) =>
      untilEnded(session, async (limit) => {
        const open = () => openTransport(host, { ...connect, attempt }, limit);
        await sendCancelRequest(open, processId, secretKey, limit);
      }),
  });
  const onAbort = () => session.destroy(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    signal.throwIfAborted();
    await session.start(
      startupParameters(connect),
      new Authenticator({
        user: connect.user,
        password,
        secure: opened.secure || host.socketPath !== undefined,
        channelBinding: connect.channelBinding,
        channelBindingData: opened.channelBinding,
        allowCleartextPassword: connect.allowCleartextPassword,
        requireAuth: connect.requireAuth,
      }),
    );
    if (attribute !== "any" && !await hasAttribute(session, attribute)) {
      throw new ConnectionError(
        `Cannot use ${address}: it is not "${attribute}" (setting "targetSessionAttrs")`,
        { neverSent: true },
      );
    }
    return session;
  } catch (error) {
    session.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** The parameters of StartupMessage. */
export function startupParameters(connect: ResolvedConnectOptions): readonly (readonly [string, string])[] {
  const parameters = new Map<string, string>([
    ["user", connect.user],
    ["database", connect.database],
    ["client_encoding", "UTF8"],
    // Poolers refuse settings they do not know; this one they all do, and the text codecs read it.
    ["DateStyle", "ISO"],
  ]);
  if (connect.applicationName !== undefined) parameters.set("application_name", connect.applicationName);
  if (connect.options !== undefined) parameters.set("options", connect.options);
  if (connect.replication !== false) parameters.set("replication", String(connect.replication));
  for (const [name, value] of Object.entries(connect.runtimeParameters)) parameters.set(name, value);
  return [...parameters];
}

/** Whether the server is of a kind; asks as libpq does where the server does not report it. */
async function hasAttribute(
  session: Session,
  attribute: "read-write" | "read-only" | "primary" | "standby",
): Promise<boolean> {
  const isStandby = await flag(session, "in_hot_standby", "select pg_is_in_recovery() as flag");
  if (attribute === "primary") return !isStandby;
  if (attribute === "standby") return isStandby;
  const isReadOnly = isStandby || await flag(
    session,
    "default_transaction_read_only",
    "select current_setting('default_transaction_read_only')::boolean as flag",
  );
  return attribute === "read-only" ? isReadOnly : !isReadOnly;
}

async function flag(session: Session, parameter: string, text: string): Promise<boolean> {
  const reported = session.parameters.get(parameter);
  if (reported !== undefined) return reported === "on";
  const query = new QueryExchange(text, [], { readOnly: true });
  query.timeout = 5_000;
  session.submit(query);
  const { rows } = await query.promise;
  return rows[0]?.flag === true;
}

/** A host as messages print it. */
export function addressOf(host: ResolvedHost): string {
  return host.socketPath ??
    (host.host.includes(":") ? `[${host.host}]:${host.port}` : `${host.host}:${host.port}`);
}

/** Rejects when the signal aborts. */
function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function shuffled<T>(items: readonly T[]): T[] {
  const copy = [...items];
  for (let index = copy.length - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1));
    [copy[index], copy[other]] = [copy[other], copy[index]];
  }
  return copy;
}
