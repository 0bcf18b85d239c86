import { connectSession } from "../../../../pool/wire/connect.ts";
import { CodecRegistry, type CodecRegistryOptions } from "../../../../pool/wire/codec/mod.ts";
import { DatabaseKnowledge } from "../../../../pool/wire/database_knowledge.ts";
import { QueryExchange } from "../../../../pool/wire/query_exchange.ts";
import { resolveConnectOptions } from "../../../../pool/wire/resolve_connect_options.ts";
import type { Session } from "../../../../pool/wire/session.ts";

/** A session of one codec test. */
export interface TestSession extends AsyncDisposable {
  readonly registry: CodecRegistry;
  /** The server's major version. */
  readonly version: number;
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

/** Connects with a registry of its own. */
export async function testSession(url: string, options: CodecRegistryOptions = {}): Promise<TestSession> {
  const registry = new CodecRegistry(options);
  const shared = new DatabaseKnowledge(registry, {
    prepare: "always",
    statementCacheSize: 500,
    planCacheSize: 500,
  });
  const session: Session = await connectSession(
    resolveConnectOptions(url),
    shared,
    AbortSignal.timeout(10_000),
  );
  return {
    registry,
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
