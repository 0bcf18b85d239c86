/**
 * Stands between clients and a server, lets CancelRequests come late, and watches whether a session says anything while
 * one of its own is on its way.
 */
import { connect, createServer, type Server, type Socket } from "node:net";

/** The code in the place of a protocol version: https://www.postgresql.org/docs/18/protocol-message-formats.html */
const CANCEL_REQUEST = 80_877_102;
const BACKEND_KEY_DATA = 0x4b;

/** A session that passes. */
interface Passing {
  /** CancelRequests for it that have come and are not done. */
  cancels: number;
}

/** A gate before a server. */
export class CancelGate implements AsyncDisposable {
  /** CancelRequests that have come. */
  cancels = 0;
  /** Bytes that came from a session while a CancelRequest for it was on its way. */
  early = 0;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #lateness: () => number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Sessions by the process id of their backend. */
  readonly #passing = new Map<number, Passing>();

  private constructor(target: { readonly host: string; readonly port: number }, lateness: () => number) {
    this.#target = target;
    this.#lateness = lateness;
    this.#server = createServer((client) => this.#receive(client));
  }

  /**
   * Opens a gate.
   *
   * @param target Where the server is.
   * @param lateness Milliseconds that the next CancelRequest is kept back.
   */
  static async open(
    target: { readonly host: string; readonly port: number },
    lateness: () => number,
  ): Promise<CancelGate> {
    const gate = new CancelGate(target, lateness);
    await new Promise<void>((resolve) => gate.#server.listen(0, "127.0.0.1", resolve));
    return gate;
  }

  /** The URL of a database of the server, through the gate and without TLS. */
  url(direct: string): string {
    const url = new URL(direct);
    url.host = `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
    url.searchParams.set("sslmode", "disable");
    return url.href;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #connect(): Socket {
    const socket = connect(this.#target);
    this.#keep(socket);
    return socket;
  }

  #receive(client: Socket): void {
    this.#keep(client);
    client.once("data", (first) => {
      const bytes = first as Uint8Array;
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      if (view.getInt32(4) === CANCEL_REQUEST) this.#cancel(client, bytes, view.getInt32(8));
      else this.#pass(client, bytes);
    });
  }

  /** Passes a CancelRequest on, late; its client sees the end of the connection when the server has ended it. */
  #cancel(client: Socket, request: Uint8Array, processId: number): void {
    this.cancels++;
    const passing = this.#passing.get(processId) ?? { cancels: 0 };
    passing.cancels++;
    const done = (): void => {
      passing.cancels--;
      client.destroy();
    };
    setTimeout(() => {
      const server = this.#connect();
      server.on("close", done);
      server.resume();
      server.write(request);
    }, this.#lateness());
  }

  #pass(client: Socket, first: Uint8Array): void {
    const passing: Passing = { cancels: 0 };
    const server = this.#connect();
    server.write(first);
    client.on("data", (chunk) => {
      if (passing.cancels > 0) this.early += chunk.length;
      server.write(chunk);
    });
    let greeting: Uint8Array | undefined = new Uint8Array();
    server.on("data", (chunk) => {
      if (greeting !== undefined) {
        greeting = joined(greeting, chunk as Uint8Array);
        const processId = keyIn(greeting);
        if (processId !== undefined) {
          this.#passing.set(processId, passing);
          greeting = undefined;
        }
      }
      client.write(chunk);
    });
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** The process id in BackendKeyData, once it has come whole. */
function keyIn(messages: Uint8Array): number | undefined {
  const view = new DataView(messages.buffer);
  for (let offset = 0; offset + 9 <= messages.length; offset += 1 + view.getInt32(offset + 1)) {
    if (messages[offset] === BACKEND_KEY_DATA) return view.getInt32(offset + 5);
  }
  return undefined;
}
