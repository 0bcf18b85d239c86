/**
 * Forwards every connection to one place to another: TCP or Unix sockets, both ways, as they come.
 *
 * As a program it is the far end of a {@linkcode DroppingLink}: it runs in a network namespace of its own, prints a
 * line when it listens, and ends, with RST to all its connections, when its input does.
 *
 *     unshare --net deno run -A tests/services/forwarder.ts PORT /path/of/a/unix/socket
 */
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from "node:net";

/** Forwards connections until it is closed. */
export class Forwarder {
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();

  private constructor(target: () => NetConnectOpts) {
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      const server = connect({ ...target(), allowHalfOpen: true });
      this.#join(client, server);
      this.#join(server, client);
      client.resume();
    });
  }

  /**
   * Begins to forward.
   *
   * @param place Where to listen: a port of all interfaces, or the path of a Unix socket.
   * @param target Where to connect to; asked at each connection.
   */
  static async open(place: number | string, target: () => NetConnectOpts): Promise<Forwarder> {
    const forwarder = new Forwarder(target);
    await new Promise<void>((resolve, reject) => {
      forwarder.#server.once("error", reject);
      if (typeof place === "string") forwarder.#server.listen(place, resolve);
      else forwarder.#server.listen(place, "0.0.0.0", resolve);
    });
    return forwarder;
  }

  /** Ends every connection at once, with RST over TCP. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) reset(socket);
    await closed;
  }

  #join(source: Socket, sink: Socket): void {
    this.#sockets.add(source);
    source.pipe(sink);
    source.on("error", () => reset(sink));
    source.on("close", () => {
      this.#sockets.delete(source);
      // After an orderly end the other side has still to take what was written to it.
      if (!source.readableEnded) reset(sink);
    });
  }
}

function reset(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.remotePort === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

if (import.meta.main) {
  const [port, path] = Deno.args;
  const forwarder = await Forwarder.open(Number(port), () => ({ path }));
  console.log("listening");
  for await (const _chunk of Deno.stdin.readable);
  await forwarder.close();
  Deno.exit(0);
}
