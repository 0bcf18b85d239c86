/**
 * A PostgreSQL client of the supervisor's own, of one simple query at a time where it is trusted without a password. It
 * shares nothing with the library, so that a fault of the library cannot bring down the services that test it.
 */
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

/** One row: the text of each column, or null. */
export type TextRow = (string | null)[];

/** Where a session goes and how. */
export interface SessionOptions {
  /** Default `postgres`. */
  readonly database?: string;
  /** A role that `pg_hba.conf` trusts there. Default `postgres`, which it trusts over the Unix socket only. */
  readonly user?: string;
  /** Milliseconds to wait for each answer. Default 30,000. */
  readonly timeout?: number;
}

/** A socket's path, or an address. */
export type SessionTarget = string | { readonly host: string; readonly port: number };

/** A session that runs one statement after another. */
export class SimpleSession implements Disposable {
  readonly #socket: Socket;
  #buffered: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};
  #failure: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#buffered = Buffer.concat([this.#buffered, chunk as Buffer]);
      this.#wake();
    });
    const fail = (error?: Error): void => {
      this.#failure ??= error ?? new Error("The server closed the connection");
      this.#wake();
    };
    socket.on("error", fail);
    socket.on("close", () => fail());
  }

  /**
   * Opens a session.
   *
   * @param target The socket, such as `/run/postgresql/.s.PGSQL.5432`, or an address.
   * @param options How; see {@linkcode SessionOptions}.
   */
  static async open(target: SessionTarget, options: SessionOptions = {}): Promise<SimpleSession> {
    const { database = "postgres", user = "postgres", timeout = 30_000 } = options;
    const socket = typeof target === "string" ? connect(target) : connect(target.port, target.host);
    const session = new SimpleSession(socket);
    socket.setTimeout(timeout, () => socket.destroy(new Error(`No answer in ${timeout} ms`)));
    const body = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
    const header = Buffer.alloc(8);
    header.writeInt32BE(body.length + 8, 0);
    header.writeInt32BE(196608, 4);
    session.#socket.write(Buffer.concat([header, body]));
    try {
      await session.#untilReady();
    } catch (error) {
      session[Symbol.dispose]();
      throw error;
    }
    return session;
  }

  /** Runs one or more statements and returns the rows of all of them. */
  async query(text: string): Promise<TextRow[]> {
    const body = Buffer.from(`${text}\0`);
    const header = Buffer.alloc(5);
    header.write("Q", 0);
    header.writeInt32BE(body.length + 4, 1);
    this.#socket.write(Buffer.concat([header, body]));
    return await this.#untilReady();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #untilReady(): Promise<TextRow[]> {
    const rows: TextRow[] = [];
    let failure: Error | undefined;
    while (true) {
      const { type, body } = await this.#message();
      if (type === "E") {
        failure = new Error(field(body, "M") ?? "unknown error");
        if (field(body, "S") !== "ERROR") throw failure;
      } else if (type === "D") rows.push(row(body));
      else if (type === "R" && body.readInt32BE(0) !== 0) throw new Error("The server wants a password");
      else if (type === "Z") {
        if (failure !== undefined) throw failure;
        return rows;
      }
    }
  }

  async #message(): Promise<{ type: string; body: Buffer }> {
    while (this.#buffered.length < 5 || this.#buffered.length < this.#buffered.readInt32BE(1) + 1) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const end = this.#buffered.readInt32BE(1) + 1;
    const message = {
      type: String.fromCharCode(this.#buffered[0]),
      body: Buffer.from(this.#buffered.subarray(5, end)),
    };
    this.#buffered = this.#buffered.subarray(end);
    return message;
  }
}

/** Opens a session, runs one text and closes the session. */
export async function simpleQuery(
  target: SessionTarget,
  text: string,
  options: SessionOptions = {},
): Promise<TextRow[]> {
  using session = await SimpleSession.open(target, options);
  return await session.query(text);
}

function row(body: Buffer): TextRow {
  const columns: TextRow = [];
  for (let index = 0, offset = 2; index < body.readInt16BE(0); index++) {
    const length = body.readInt32BE(offset);
    offset += 4;
    columns.push(length === -1 ? null : body.toString("utf8", offset, offset + length));
    offset += Math.max(length, 0);
  }
  return columns;
}

function field(body: Buffer, code: string): string | undefined {
  return body.toString().split("\0").find((part) => part.startsWith(code))?.slice(1);
}
