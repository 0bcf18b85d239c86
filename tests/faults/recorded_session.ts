/**
 * Sessions recorded from a real server, to be replayed with the same bytes in other pieces.
 *
 * A recording knows after which of the client's messages each byte came, so that a replay never answers what has not
 * been asked. A conversation must therefore write the same messages every time: what it runs at once it submits at
 * once, and it waits for one thing at a time.
 */
import { setImmediate } from "node:timers";
import { Authenticator } from "../../pool/wire/auth/authenticator.ts";
import { resolveConnectOptions } from "../../pool/wire/configuration/resolve_connect_options.ts";
import type { Session } from "../../pool/wire/session/session.ts";
import { openTransport } from "../../pool/wire/transport/open_transport.ts";
import type { Transport, TransportHandler } from "../../pool/wire/transport/transport.ts";
import { fakeSession, join } from "../pool/wire/session/fake_backend.ts";
import { server } from "../services/client.ts";

/** What is done over a session; returns what came of it, in an order of its own. */
export type Conversation = (session: Session) => Promise<unknown>;

/** What came of a conversation. */
export interface Outcome {
  readonly result: unknown;
  /** Notices, notifications and settings as they were heard. */
  readonly asides: readonly unknown[];
}

/** The server's side of a conversation. */
export interface Recording {
  readonly conversation: Conversation;
  /** Everything the server sent. */
  readonly bytes: Uint8Array;
  /** Up to where it had been sent when the client had written so many messages. */
  readonly steps: readonly { readonly messages: number; readonly end: number }[];
  /** What came of it. */
  readonly outcome: Outcome;
}

/** How many messages a client writes, whatever pieces it writes them in. */
class MessageCount {
  messages = 0;
  #pending: Uint8Array = new Uint8Array(0);
  #isStarted = false;

  add(bytes: Uint8Array): void {
    this.#pending = this.#pending.length === 0 ? bytes.slice() : join([this.#pending, bytes]);
    for (;;) {
      const head = this.#isStarted ? 1 : 0;
      if (this.#pending.length < head + 4) return;
      const length = new DataView(this.#pending.buffer, this.#pending.byteOffset).getInt32(head);
      if (this.#pending.length < head + length) return;
      this.#pending = this.#pending.subarray(head + length);
      this.#isStarted = true;
      this.messages++;
    }
  }
}

/** Runs a conversation with the shared primary, and keeps what the server says. */
export async function record(conversation: Conversation): Promise<Recording> {
  const primary = server("primary");
  const opened = await openTransport(
    { host: primary.host, port: primary.port },
    resolveConnectOptions({ url: primary.url, sslmode: "disable" }),
    AbortSignal.timeout(10_000),
  );
  const inner = opened.transport;
  const count = new MessageCount();
  const chunks: Uint8Array[] = [];
  const steps: { messages: number; end: number }[] = [];
  let end = 0;
  const transport: Transport = {
    attach: (handler) =>
      inner.attach({
        data(chunk) {
          chunks.push(chunk.slice());
          steps.push({ messages: count.messages, end: end += chunk.length });
          handler.data(chunk);
        },
        drain: () => handler.drain(),
        closed: (error) => handler.closed(error),
      }),
    write(bytes) {
      count.add(bytes);
      return inner.write(bytes);
    },
    pause: () => inner.pause(),
    resume: () => inner.resume(),
    close: () => inner.close(),
    destroy: (error) => inner.destroy(error),
  };
  const outcome = await converse(transport, conversation);
  return { conversation, bytes: join(chunks), steps, outcome };
}

/** One message of a server, and how many messages the client had written when it came. */
export interface RecordedMessage {
  readonly bytes: Uint8Array;
  readonly after: number;
}

/** The messages of a recording. */
export function messagesOf({ bytes, steps }: Recording): RecordedMessage[] {
  const messages: RecordedMessage[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + view.getInt32(at + 1);
    messages.push({
      bytes: bytes.subarray(at, end),
      after: steps.find((step) => step.end >= end)!.messages,
    });
    at = end;
  }
  return messages;
}

/** A recording with other messages, of which there may be more or fewer. */
export function withMessages(recording: Recording, messages: readonly RecordedMessage[]): Recording {
  let end = 0;
  return {
    ...recording,
    bytes: join(messages.map(({ bytes }) => bytes)),
    steps: messages.map(({ bytes, after }) => ({ messages: after, end: end += bytes.length })),
  };
}

/** How the server's bytes come in a replay. */
export interface Pieces {
  /** Where what could come at once is cut: at one offset of the whole, or into pieces of so many bytes. */
  readonly at?: number;
  readonly size?: number;
  /** Whether each piece comes in a turn of the event loop of its own. Default: all in one. */
  readonly apart?: boolean;
  /** Milliseconds of silence after which the server closes the connection. Default: never. */
  readonly patience?: number;
}

/** Runs a recorded conversation again; returns what came of it. */
export function replay(recording: Recording, pieces: Pieces): Promise<Outcome> {
  return converse(new ReplayTransport(recording, pieces), recording.conversation);
}

async function converse(transport: Transport, conversation: Conversation): Promise<Outcome> {
  const asides: unknown[] = [];
  const session = fakeSession(transport);
  session.listener = {
    progress() {},
    closed(_, error, unsettled) {
      for (const exchange of unsettled) exchange.reject(error);
    },
    notice: (fields) => asides.push(["notice", ...fields]),
    notification: ({ channel, payload, processId }) =>
      asides.push(["notification", channel, payload, processId]),
    parameter: (name, value) => asides.push(["parameter", name, value]),
  };
  const user = "trust_user";
  await session.start(
    [["user", user], ["database", server("primary").database], ["client_encoding", "UTF8"]],
    new Authenticator({ user, password: undefined, secure: false }),
  );
  const result = await conversation(session);
  await session.close();
  return { result, asides };
}

class ReplayTransport implements Transport {
  readonly #recording: Recording;
  readonly #pieces: Pieces;
  readonly #count = new MessageCount();
  readonly #queue: Uint8Array[] = [];
  #handler: TransportHandler | undefined;
  #released = 0;
  #step = 0;
  #isScheduled = false;
  #isPaused = false;
  #isClosed = false;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(recording: Recording, pieces: Pieces) {
    this.#recording = recording;
    this.#pieces = pieces;
  }

  attach(handler: TransportHandler): void {
    this.#handler = handler;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isClosed) return true;
    this.#count.add(bytes);
    this.#schedule();
    return true;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  close(): void {
    queueMicrotask(() => this.#end());
  }

  destroy(error?: Error): void {
    queueMicrotask(() => this.#end(error));
  }

  #end(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#silence);
    this.#handler?.closed(error);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (this.#pieces.apart === true) setImmediate(() => this.#deliver());
    else queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    this.#isScheduled = false;
    if (this.#isClosed) return;
    if (this.#pieces.patience !== undefined) {
      clearTimeout(this.#silence);
      this.#silence = setTimeout(() => this.#end(), this.#pieces.patience);
    }
    if (this.#isPaused) return;
    this.#release();
    for (let piece = this.#queue.shift(); piece !== undefined; piece = this.#queue.shift()) {
      const reused = piece.slice();
      this.#handler?.data(reused);
      reused.fill(0xee); // A chunk is the transport's again after the call.
      if (this.#isPaused || this.#isClosed) return;
      if (this.#pieces.apart === true && this.#queue.length > 0) return this.#schedule();
    }
  }

  /** Queues what the server may say by now, in pieces. */
  #release(): void {
    const { steps, bytes } = this.#recording;
    const start = this.#released;
    while (this.#step < steps.length && steps[this.#step].messages <= this.#count.messages) {
      this.#released = steps[this.#step++].end;
    }
    const { at = -1, size = Infinity } = this.#pieces;
    for (let from = start; from < this.#released;) {
      const to = Math.min(this.#released, from + size, at > from ? at : Infinity);
      this.#queue.push(bytes.subarray(from, to));
      from = to;
    }
  }
}
