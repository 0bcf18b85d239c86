/** Sessions with the real servers, with a view of what they write. */

import { connectSession } from "../../../pool/wire/connect.ts";
import type { ConnectOptions } from "../../../pool/wire/connect_options.ts";
import type { DatabaseKnowledge } from "../../../pool/wire/database_knowledge.ts";
import { resolveConnectOptions } from "../../../pool/wire/resolve_connect_options.ts";
import type { Session } from "../../../pool/wire/session.ts";
import { SocketTransport } from "../../../pool/wire/socket_transport.ts";
import { knowledge } from "./fake_backend.ts";

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

/** Counts the writes of every socket while `body` runs. */
export async function countWrites(body: () => Promise<unknown>): Promise<number> {
  const write = SocketTransport.prototype.write;
  let writes = 0;
  SocketTransport.prototype.write = function (bytes) {
    writes++;
    return write.call(this, bytes);
  };
  try {
    await body();
  } finally {
    SocketTransport.prototype.write = write;
  }
  return writes;
}
