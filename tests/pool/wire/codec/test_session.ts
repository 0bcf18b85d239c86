import { Authenticator } from "../../../../pool/wire/auth/authenticator.ts";
import { connectSession } from "../../../../pool/wire/session/connect.ts";
import { CodecRegistry, type CodecRegistryOptions } from "../../../../pool/wire/codec/mod.ts";
import { DatabaseKnowledge } from "../../../../pool/wire/session/database_knowledge.ts";
import { openPgliteTransport } from "../../../../pool/wire/transport/pglite_transport.ts";
import { QueryExchange } from "../../../../pool/wire/session/query_exchange.ts";
import { resolveConnectOptions } from "../../../../pool/wire/configuration/resolve_connect_options.ts";
import { Session } from "../../../../pool/wire/session/session.ts";

/** A session of one codec test. */
export interface TestSession extends AsyncDisposable {
  readonly registry: CodecRegistry;
  /** The server's major version. */
  readonly version: number;
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

/** Connects with a registry of its own. */
export async function testSession(url: string, options: CodecRegistryOptions = {}): Promise<TestSession> {
  const shared = knowledge(options);
  const session = await connectSession(
    resolveConnectOptions(url),
    shared,
    AbortSignal.timeout(10_000),
  );
  return wrap(session);
}

/** Starts an in-process PostgreSQL and connects to it. */
export async function embeddedSession(): Promise<TestSession> {
  const session = new Session({
    transport: await openPgliteTransport(undefined),
    shared: knowledge({}),
    maxMessageSize: 67_108_864,
    cancel: () => Promise.resolve(),
    address: "embedded",
  });
  const parameters = [["user", "postgres"], ["database", "postgres"], ["DateStyle", "ISO"]] as const;
  await session.start(parameters, new Authenticator({ user: "postgres", password: undefined, secure: true }));
  return wrap(session);
}

function knowledge(options: CodecRegistryOptions): DatabaseKnowledge {
  return new DatabaseKnowledge(new CodecRegistry(options), {
    prepare: "always",
    statementCacheSize: 500,
    planCacheSize: 500,
  });
}

function wrap(session: Session): TestSession {
  return {
    registry: session.shared.registry,
    version: parseInt(session.parameters.get("server_version")!),
    async query(text, values = []) {
      const exchange = new QueryExchange(text, values);
      session.submit(exchange);
      return (await exchange.promise).rows;
    },
    [Symbol.asyncDispose]() {
      session.destroy();
      return Promise.resolve();
    },
  };
}
