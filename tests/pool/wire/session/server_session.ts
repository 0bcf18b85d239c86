/** Sessions with the real servers, with a view of what they write. */

import { connectSession } from "../../../../pool/wire/session/connect.ts";
import type { ConnectOptions } from "../../../../pool/wire/configuration/connect_options.ts";
import type { DatabaseKnowledge } from "../../../../pool/wire/session/database_knowledge.ts";
import { resolveConnectOptions } from "../../../../pool/wire/configuration/resolve_connect_options.ts";
import type { Session } from "../../../../pool/wire/session/session.ts";
import { SocketTransport } from "../../../../pool/wire/transport/socket_transport.ts";
import { server } from "../../../services/client.ts";
import { knowledge, rowsOf } from "./fake_backend.ts";

/** A session that is closed at the end of its scope. */
export interface ServerSession extends AsyncDisposable {
  readonly session: Session;
}

/**
 * Connects to a server.
 *
 * @param url Where.
 * @param options What else, and what is known of the database.
 */
export async function connectTo(
  url: string,
  { shared = knowledge(), signal = AbortSignal.timeout(10_000), ...options }: ConnectOptions & {
    readonly shared?: DatabaseKnowledge;
    readonly signal?: AbortSignal;
  } = {},
): Promise<ServerSession> {
  const session = await connectSession(resolveConnectOptions({ url, ...options }), shared, signal);
  return {
    session,
    async [Symbol.asyncDispose]() {
      await session.close();
    },
  };
}

/** A schema that is dropped at the end of its scope; whoever connects by its URL finds it first in the path. */
export interface FreshSchema extends AsyncDisposable {
  readonly url: string;
}

/** Makes an empty schema in the database of a shared server; much quicker than a database. */
export async function freshSchema(of: "primary" | "pg15"): Promise<FreshSchema> {
  const name = `wire_${crypto.randomUUID().replaceAll("-", "")}`;
  const url = new URL(server(of).url);
  url.searchParams.set("sslmode", "disable");
  const run = async (text: string): Promise<void> => {
    await using connected = await connectTo(url.href);
    await rowsOf(connected.session, text);
  };
  await run(`create schema ${name}`);
  const own = new URL(url);
  own.searchParams.set("options", `-csearch_path=${name}`);
  return {
    url: own.href,
    [Symbol.asyncDispose]: () => run(`drop schema ${name} cascade`),
  };
}

/** Counts the writes of every socket while `body` runs. */
export async function countWrites(body: () => Promise<unknown>): Promise<number> {
  return (await writesOf(body)).length;
}

/** What every socket writes while `body` runs. */
export async function writesOf(body: () => Promise<unknown>): Promise<Uint8Array[]> {
  const write = SocketTransport.prototype.write;
  const writes: Uint8Array[] = [];
  SocketTransport.prototype.write = function (bytes) {
    writes.push(bytes.slice());
    return write.call(this, bytes);
  };
  try {
    await body();
  } finally {
    SocketTransport.prototype.write = write;
  }
  return writes;
}
