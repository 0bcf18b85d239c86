/** A replication that runs against a real server, and what came out of it. */
import { resolveConnectOptions } from "../../../../pool/wire/configuration/resolve_connect_options.ts";
import { PgOutputDecoder } from "../../../../pool/wire/replication/pgoutput/decode.ts";
import type { PgOutputMessage } from "../../../../pool/wire/replication/pgoutput/message.ts";
import { ReplicationConnection } from "../../../../pool/wire/replication/replication_connection.ts";
import type {
  ReplicationStream,
  ReplicationStreamOptions,
} from "../../../../pool/wire/replication/replication_stream.ts";
import { awakeTime } from "../../../awake_time.ts";
import { run } from "../session/live_session.ts";
import type { Session } from "../../../../pool/wire/session/session.ts";

export const PUBLICATION = "changes";

/** Connects to a URL. */
export function connectReplication(url: string): Promise<ReplicationConnection> {
  return ReplicationConnection.connect(resolveConnectOptions(url), AbortSignal.timeout(10_000));
}

/** A stream, and everything it has brought. */
export interface LiveReplication {
  readonly stream: ReplicationStream;
  readonly messages: PgOutputMessage[];
}

/** Starts to read a slot. */
export async function replicate(
  connection: ReplicationConnection,
  slot: string,
  options: ReplicationStreamOptions & {
    readonly startLsn?: string;
    readonly plugin?: Readonly<Record<string, string>>;
    readonly seen?: (message: PgOutputMessage) => void;
  } = {},
): Promise<LiveReplication> {
  const decoder = new PgOutputDecoder();
  const messages: PgOutputMessage[] = [];
  const stream = await connection.start({
    ...options,
    slot,
    plugin: {
      proto_version: "2",
      publication_names: PUBLICATION,
      messages: "true",
      ...options.plugin,
    },
    handler: {
      data(source, offset, end) {
        const message = decoder.decode(source, offset, end);
        messages.push(message);
        options.seen?.(message);
      },
    },
  });
  return { stream, messages };
}

/** Waits until something is true. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  within = 15_000,
): Promise<void> {
  const start = awakeTime();
  while (!await isTrue()) {
    if (awakeTime() - start > within) throw new Error(`Waiting for ${what} took more than ${within} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Waits until a mark that is written now has come out of a stream, and so everything before it. */
export async function caughtUp(session: Session, { messages }: LiveReplication): Promise<void> {
  const mark = crypto.randomUUID();
  await run(session, "select pg_logical_emit_message(true, 'mark', $1)::text", [mark]);
  const text = new TextDecoder();
  await until(
    "the mark",
    () =>
      messages.some((message) =>
        message.kind === "message" && message.prefix === "mark" && text.decode(message.content) === mark
      ),
  );
}

/** Runs statements one after the other. */
export async function runAll(session: Session, ...texts: string[]): Promise<void> {
  for (const text of texts) await run(session, text);
}
