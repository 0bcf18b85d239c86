/**
 * A backend held by a test: it answers as PostgreSQL would, unless the test's script says otherwise. It stands
 * behind a transport in memory, or behind a socket.
 */

import type net from "node:net";
import { Authenticator } from "../../../../pool/wire/auth/authenticator.ts";
import { ByteWriter } from "../../../../pool/wire/byte_writer.ts";
import { CodecRegistry } from "../../../../pool/wire/codec/registry.ts";
import { DatabaseKnowledge, type PrepareMode } from "../../../../pool/wire/session/database_knowledge.ts";
import type { BackendKey } from "../../../../pool/wire/message/backend.ts";
import { QueryExchange, type QueryExchangeOptions } from "../../../../pool/wire/session/query_exchange.ts";
import { Session } from "../../../../pool/wire/session/session.ts";
import type { Transport, TransportHandler } from "../../../../pool/wire/transport/transport.ts";

/** One message of the client; `type` is empty for the startup message. */
export interface FrontendMessage {
  readonly type: string;
  readonly body: Uint8Array;
}

/** What a script does with a message, given what PostgreSQL would answer: other answers, or the end of the stream. */
export type Script = (
  message: FrontendMessage,
  usual: Uint8Array[],
  backend: FakeBackend,
) => Uint8Array[] | "close";

/** One message of a server. */
export function message(type: string, ...parts: (Uint8Array | string | number)[]): Uint8Array {
  const writer = new ByteWriter(64);
  writer.u8(type.charCodeAt(0));
  writer.i32(0);
  for (const part of parts) {
    if (typeof part === "string") writer.cstring(part);
    else if (typeof part === "number") writer.i32(part);
    else writer.raw(part);
  }
  writer.setI32(1, writer.length - 1);
  return writer.take();
}

const shorts = (...values: number[]): Uint8Array =>
  new Uint8Array(values.flatMap((value) => [value >> 8 & 255, value & 255]));

/** A header that lies about its length. */
export function header(type: string, length: number): Uint8Array {
  const writer = new ByteWriter(8);
  writer.u8(type.charCodeAt(0));
  writer.i32(length | 0);
  return writer.take();
}

/** Bytes one after another. */
export function join(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

const fields = (type: string, of: Readonly<Record<string, string>>): Uint8Array =>
  message(
    type,
    ...Object.entries(of).flatMap(([code, text]) => [new Uint8Array([code.charCodeAt(0)]), text]),
    new Uint8Array(1),
  );

/** The messages of a server. */
export const backend = {
  authenticationOk: (): Uint8Array => message("R", 0),
  parameterStatus: (name: string, value: string): Uint8Array => message("S", name, value),
  backendKeyData: (processId = 1, key = 2): Uint8Array => message("K", processId, key),
  readyForQuery: (status = "I"): Uint8Array => message("Z", new Uint8Array([status.charCodeAt(0)])),
  parseComplete: (): Uint8Array => message("1"),
  bindComplete: (): Uint8Array => message("2"),
  closeComplete: (): Uint8Array => message("3"),
  parameterDescription: (...oids: number[]): Uint8Array => message("t", shorts(oids.length), ...oids),
  rowDescription: (...columns: (readonly [name: string, oid: number])[]): Uint8Array =>
    message(
      "T",
      shorts(columns.length),
      ...columns.flatMap(([name, oid]) => [name, 0, shorts(0), oid, shorts(4), -1, shorts(0)]),
    ),
  noData: (): Uint8Array => message("n"),
  dataRow: (...values: (Uint8Array | null)[]): Uint8Array =>
    message(
      "D",
      shorts(values.length),
      ...values.flatMap((value) => value === null ? [-1] : [value.length, value]),
    ),
  commandComplete: (tag = "SELECT 1"): Uint8Array => message("C", tag),
  emptyQueryResponse: (): Uint8Array => message("I"),
  error: (sqlState: string, text = "a failure", severity = "ERROR", routine = "Routine"): Uint8Array =>
    fields("E", { S: severity, V: severity, C: sqlState, M: text, R: routine }),
  notice: (text = "a notice"): Uint8Array => fields("N", { S: "NOTICE", V: "NOTICE", C: "00000", M: text }),
  notification: (channel = "ch", payload = "pay"): Uint8Array => message("A", 7, channel, payload),
};

/** The four bytes of an `int4`. */
export const int4 = (value: number): Uint8Array =>
  new Uint8Array([value >> 24, value >> 16, value >> 8, value]);

/** What a server says after startup. */
export const GREETING: readonly Uint8Array[] = [
  backend.authenticationOk(),
  backend.parameterStatus("server_version", "18.4"),
  backend.parameterStatus("client_encoding", "UTF8"),
  backend.backendKeyData(),
  backend.readyForQuery(),
];

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** What a primary says of itself where a pool with replicas asks: each column's type and value, by its name. */
const OF_A_PRIMARY: Readonly<Record<string, readonly [oid: number, value: Uint8Array | null]>> = {
  standby: [16, new Uint8Array(1)],
  refuses: [16, new Uint8Array(1)],
  receives: [16, new Uint8Array(1)],
  lsn: [25, text("0/1000000")],
  replayed: [25, null],
  file: [25, text("000000010000000000000001")],
  followed: [23, null],
  system: [25, text("7000000000000000001")],
};

/** The columns of a pool's own question about the server or its log, and the answer; empty for any other statement. */
function ownQuestion(statement: string): (readonly [name: string, oid: number, value: Uint8Array | null])[] {
  if (!/ as (lsn|refuses)\b/.test(statement)) return [];
  return Array.from(statement.matchAll(/ as (\w+)/g), ([, name]) =>
    // By itself, a place in the log is asked for in its own type.
    name === "lsn" && !statement.includes("::text")
      ? [name, 3220, join([int4(0), int4(0x1000000)])] as const
      : [name, ...OF_A_PRIMARY[name]] as const);
}

/**
 * A server in which every statement has one `int4` parameter, if its text has a `$1`, and returns one row with the
 * column `n`: the parameter, or 1. A text with "fail" fails when it is executed. What a pool
 * asks of the server and its log is answered as by a primary.
 */
export class FakeBackend {
  /** Every message received. */
  readonly messages: FrontendMessage[] = [];
  #pending: Uint8Array = new Uint8Array(0);
  #isStarted = false;
  #isSkipping = false;
  readonly #texts = new Map<string, string>();
  #bound: { text: string; value: Uint8Array } = { text: "", value: int4(1) };
  readonly #script: Script;

  constructor(script: Script = (_, usual) => usual) {
    this.#script = script;
  }

  /** Takes bytes of the client; returns what to send, and whether the stream ends then. */
  take(bytes: Uint8Array): { answer: Uint8Array[]; ends: boolean } {
    this.#pending = join([this.#pending, bytes]);
    const answer: Uint8Array[] = [];
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.messages.push(next);
      const reply = this.#script(next, this.#answer(next), this);
      if (reply === "close" || next.type === "X") return { answer, ends: true };
      answer.push(...reply);
    }
    return { answer, ends: false };
  }

  #next(): FrontendMessage | undefined {
    const head = this.#isStarted ? 1 : 0;
    const bytes = this.#pending;
    if (bytes.length < head + 4) return undefined;
    const length = new DataView(bytes.buffer, bytes.byteOffset).getInt32(head);
    if (bytes.length < head + length) return undefined;
    this.#pending = bytes.subarray(head + length);
    const type = this.#isStarted ? String.fromCharCode(bytes[0]) : "";
    this.#isStarted = true;
    return { type, body: bytes.slice(head + 4, head + length) };
  }

  #answer({ type, body }: FrontendMessage): Uint8Array[] {
    if (this.#isSkipping && type !== "S") return [];
    const texts = new TextDecoder().decode(body).split("\0");
    switch (type) {
      case "":
        return [...GREETING];
      case "P":
        this.#texts.set(texts[0], texts[1]);
        return [backend.parseComplete()];
      case "D": {
        const described = this.#texts.get(texts[0].slice(1)) ?? "";
        const hasParameter = described.includes("$1");
        const own = ownQuestion(described);
        return [
          hasParameter ? backend.parameterDescription(23) : backend.parameterDescription(),
          own.length > 0
            ? backend.rowDescription(...own.map(([name, oid]) => [name, oid] as const))
            : backend.rowDescription(["n", 23]),
        ];
      }
      case "B": {
        const text = this.#texts.get(texts[1]);
        if (text === undefined) return this.fail("26000");
        const hasParameter = text.includes("$1");
        this.#bound = { text, value: hasParameter ? body.slice(-8, -4) : int4(1) };
        return [backend.bindComplete()];
      }
      case "E":
        if (this.#bound.text.includes("fail")) return this.fail("22012", "division by zero");
        return [this.#row(), backend.commandComplete()];
      case "C":
        return [backend.closeComplete()];
      case "S":
        this.#isSkipping = false;
        return [backend.readyForQuery()];
      default:
        return [];
    }
  }

  #row(): Uint8Array {
    const own = ownQuestion(this.#bound.text);
    return own.length > 0
      ? backend.dataRow(...own.map(([, , value]) => value))
      : backend.dataRow(this.#bound.value);
  }

  /** Fails, and skips everything up to the next Sync. */
  fail(sqlState: string, text = "a failure", routine = "Routine"): Uint8Array[] {
    if (this.#isSkipping) return [];
    this.#isSkipping = true;
    return [backend.error(sqlState, text, "ERROR", routine)];
  }

  /** Whether everything up to the next Sync is skipped. */
  get isSkipping(): boolean {
    return this.#isSkipping;
  }

  /** Forgets every prepared statement, as DEALLOCATE ALL does. */
  deallocate(): void {
    this.#texts.clear();
  }
}

/** A transport whose peer is a {@link FakeBackend}, in memory. */
export class FakeTransport implements Transport {
  /** The peer. */
  readonly backend: FakeBackend;
  /** What was written, one entry a call. */
  readonly writes: Uint8Array[] = [];
  /** Whether the transport is closed. */
  isClosed = false;
  /** When what was written reaches the server, and in which pieces. Default: a microtask later, whole. */
  carry: (bytes: Uint8Array, deliver: (piece: Uint8Array) => void) => void = (bytes, deliver) =>
    queueMicrotask(() => deliver(bytes));
  /** How a burst of answers is cut into chunks. Default: all in one. */
  cut: (bytes: Uint8Array) => Iterable<Uint8Array> = (bytes) => [bytes];
  #handler: TransportHandler | undefined;

  constructor(script?: Script) {
    this.backend = new FakeBackend(script);
  }

  attach(handler: TransportHandler): void {
    this.#handler = handler;
  }

  write(bytes: Uint8Array): boolean {
    if (this.isClosed) return false;
    this.writes.push(bytes);
    this.carry(bytes, (piece) => {
      if (this.isClosed) return;
      const { answer, ends } = this.backend.take(piece);
      this.send(...answer);
      if (ends) this.end();
    });
    return true;
  }

  /** Says something to the client. */
  send(...messages: Uint8Array[]): void {
    for (const chunk of this.cut(join(messages))) {
      if (this.isClosed) return;
      const reused = chunk.slice();
      this.#handler?.data(reused);
      reused.fill(0xee); // A chunk is the transport's again after the call.
    }
  }

  /** Ends the stream, as a FIN does. */
  end(error?: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#handler?.closed(error);
  }

  pause(): void {}

  resume(): void {}

  close(): void {
    queueMicrotask(() => this.end());
  }

  destroy(error?: Error): void {
    queueMicrotask(() => this.end(error));
  }
}

/** Lets a backend answer on an accepted socket; for `scriptedServer()`. */
export function serveBackend(script?: Script): (socket: net.Socket) => void {
  return (socket) => {
    const fake = new FakeBackend(script);
    socket.on("data", (bytes: Uint8Array) => {
      const { answer, ends } = fake.take(new Uint8Array(bytes));
      if (answer.length > 0) socket.write(join(answer));
      if (ends) socket.end();
    });
  };
}

/** What a database is that nothing is known of. */
export function knowledge(
  options: { prepare?: PrepareMode; statementCacheSize?: number; planCacheSize?: number } = {},
): DatabaseKnowledge {
  return new DatabaseKnowledge(new CodecRegistry(), {
    prepare: "always",
    statementCacheSize: 100,
    planCacheSize: 1000,
    ...options,
  });
}

/** How a session over a fake backend is made. */
export interface FakeSessionOptions {
  readonly shared?: DatabaseKnowledge;
  readonly maxMessageSize?: number;
  readonly cancel?: (key: BackendKey) => Promise<void>;
}

/** A session that has not been started; `startFake` does it. */
export function fakeSession(transport: Transport, options: FakeSessionOptions = {}): Session {
  return new Session({
    transport,
    shared: options.shared ?? knowledge(),
    maxMessageSize: options.maxMessageSize ?? 1_048_576,
    address: "fake:5432",
    cancel: options.cancel ?? (() => Promise.resolve()),
  });
}

/** Starts a session as a user whom the server trusts. */
export function startFake(session: Session): Promise<void> {
  return session.start(
    [["user", "tester"]],
    new Authenticator({ user: "tester", password: "x", secure: true }),
  );
}

/** A started session over a fake backend. */
export async function connectFake(
  script?: Script,
  options: FakeSessionOptions = {},
): Promise<{ session: Session; transport: FakeTransport }> {
  const transport = new FakeTransport(script);
  const session = fakeSession(transport, options);
  await startFake(session);
  return { session, transport };
}

/** How a query of a test is run. */
export interface RunOptions extends QueryExchangeOptions {
  readonly timeout?: number;
}

/** Puts a query into a session's FIFO. */
export function submit(
  session: Session,
  text: string,
  values: readonly unknown[] = [],
  options: RunOptions = {},
): QueryExchange {
  const query = new QueryExchange(text, values, options);
  query.timeout = options.timeout ?? 0;
  session.submit(query);
  return query;
}

/** The rows of a query. */
export async function rowsOf(
  session: Session,
  text: string,
  values: readonly unknown[] = [],
  options: RunOptions = {},
): Promise<Record<string, unknown>[]> {
  return (await submit(session, text, values, options).promise).rows;
}
