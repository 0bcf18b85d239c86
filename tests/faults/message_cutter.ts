/**
 * A link to PostgreSQL that ends as a killed process would end it: before, behind or in the middle of the answer to the n-th
 * thing that was asked for, on whichever of its connections.
 */
import { Buffer } from "node:buffer";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** When a link ends: before the server hears of it, while it works, or when it is done and nobody has heard of that. */
export const CUTS = ["unsent", "underway", "unanswered"] as const;
/** See {@link CUTS}. */
export type Cut = typeof CUTS[number];

/** What asks for an answer: Query and Sync. https://www.postgresql.org/docs/18/protocol-message-formats.html */
const ASKS: readonly number[] = [..."QS"].map((letter) => letter.charCodeAt(0));
const READY_LENGTH = 6;
const READY = "Z".charCodeAt(0);

/** A link that can be cut. */
export class MessageCutter implements AsyncDisposable {
  /** How often something was asked for. */
  asked = 0;
  /** Whether it has been cut. */
  isCut = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #at: number;
  readonly #cut: Cut;

  private constructor(target: URL, at: number, cut: Cut) {
    this.#at = at;
    this.#cut = cut;
    this.#server = createServer((client) => this.#link(client, target));
  }

  /** Opens one to a server, to be cut at the n-th question. Without a number it never is. */
  static async open(url: string, at: number = Infinity, cut: Cut = "unsent"): Promise<MessageCutter> {
    const cutter = new MessageCutter(new URL(url), at, cut);
    await new Promise<void>((resolve) => cutter.#server.listen(0, "127.0.0.1", resolve));
    return cutter;
  }

  /** An address of the server's by way of it. */
  url(address: string): string {
    const url = new URL(address);
    url.hostname = "127.0.0.1";
    url.port = String((this.#server.address() as AddressInfo).port);
    url.searchParams.set("sslmode", "disable");
    return url.href;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #link(client: Socket, target: URL): void {
    if (this.isCut) {
      client.destroy();
      return;
    }
    const server = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [[client, server], [server, client]]) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    let isLast = false;
    const split = messageSplitter((message, type) => {
      if (this.isCut) return;
      if (type === undefined || !ASKS.includes(type) || ++this.asked < this.#at || isLast) {
        server.write(message);
        return;
      }
      if (this.#cut === "unsent") return this.#end();
      isLast = true;
      server.write(message, () => this.#cut === "underway" && this.#end());
    });
    client.on("data", split);
    server.on("data", (data) => {
      if (!isLast) client.write(data);
      else if (data.at(-READY_LENGTH) === READY) this.#end();
    });
  }

  #end(): void {
    this.isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Cuts what a client sends into messages; the first has no type. */
function messageSplitter(onMessage: (message: Buffer, type: number | undefined) => void) {
  let rest: Buffer = Buffer.alloc(0);
  let hasBegun = false;
  return (data: Uint8Array): void => {
    rest = Buffer.concat([rest, data]);
    for (;;) {
      const head = hasBegun ? 1 : 0;
      if (rest.length < head + 4) return;
      const length = head + rest.readUInt32BE(head);
      if (rest.length < length) return;
      const type = hasBegun ? rest[0] : undefined;
      hasBegun = true;
      const message = rest.subarray(0, length);
      rest = rest.subarray(length);
      onMessage(message, type);
    }
  };
}
