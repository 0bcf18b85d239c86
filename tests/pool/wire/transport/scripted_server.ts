/** Servers for tests that do on request what a real server would not. */

import net from "node:net";
import tls from "node:tls";
import type { TransportHost } from "../../../../pool/wire/transport/open_transport.ts";

/** A server that listens on a free port of the loopback interface. */
export interface ScriptedServer extends TransportHost {
  /** How many connections were accepted. */
  readonly accepted: number;
  /** Resolves when every connection has been closed, and says how many there were. */
  allClosed(): Promise<number>;
  /** Stops or continues handing on what clients send, where something stands between (TLS). */
  setForwarding?(isForwarding: boolean): void;
  /** Closes everything. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a server that runs a script for each connection.
 *
 * @param script What to do with an accepted socket.
 */
export async function scriptedServer(script: (socket: net.Socket) => void): Promise<ScriptedServer> {
  const open = new Set<net.Socket>();
  let accepted = 0;
  let wake: (() => void)[] = [];
  const server = net.createServer((socket) => {
    accepted++;
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      open.delete(socket);
      if (open.size === 0) {
        for (const resolve of wake) resolve();
        wake = [];
      }
    });
    script(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const allClosed = async (): Promise<number> => {
    if (open.size > 0) await new Promise<void>((resolve) => wake.push(resolve));
    return accepted;
  };
  return {
    host: "localhost",
    address: "127.0.0.1",
    port: (server.address() as net.AddressInfo).port,
    get accepted() {
      return accepted;
    },
    allClosed,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await allClosed();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** How a TLS server is set up. */
export interface TlsServerOptions {
  /** Its certificate. */
  readonly cert: string;
  /** The certificate's key. */
  readonly key: string;
  /** Whether TLS begins at once, without an SSLRequest. Default false. */
  readonly direct?: boolean;
  /** The protocols it agrees to by ALPN. Default `["postgresql"]`. */
  readonly protocols?: readonly string[];
  /** The authority of client certificates; when set, a client must have one. */
  readonly clientAuthority?: string;
  /** What to do with a secured connection. Default: say "secured" and the client's common name. */
  readonly script?: (socket: tls.TLSSocket) => void;
}

/**
 * Starts a TLS server that answers an SSLRequest with yes, as PostgreSQL does.
 *
 * @param options How; see {@link TlsServerOptions}.
 */
export async function tlsServer(options: TlsServerOptions): Promise<ScriptedServer> {
  const { cert, key, clientAuthority, protocols = ["postgresql"] } = options;
  const greet = (socket: tls.TLSSocket): void => {
    socket.write(`secured ${socket.getPeerCertificate()?.subject?.CN ?? ""}`);
  };
  const script = options.script ?? greet;
  const inner = tls.createServer({
    cert,
    key,
    ...(protocols.length > 0 ? { ALPNProtocols: [...protocols] } : {}),
    ...(clientAuthority === undefined
      ? {}
      : { requestCert: true, rejectUnauthorized: true, ca: clientAuthority }),
  }, (socket) => {
    socket.on("error", () => {});
    script(socket);
  });
  inner.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => inner.listen(0, "127.0.0.1", resolve));
  const innerPort = (inner.address() as net.AddressInfo).port;
  const uplinks = new Map<net.Socket, net.Socket>();
  const forward = (socket: net.Socket, first?: Uint8Array): void => {
    const uplink = net.connect({ host: "127.0.0.1", port: innerPort });
    uplinks.set(uplink, socket);
    uplink.on("error", () => {});
    uplink.on("close", () => {
      uplinks.delete(uplink);
      socket.destroy();
    });
    socket.on("close", () => uplink.destroy());
    if (first !== undefined) uplink.write(first);
    socket.pipe(uplink).pipe(socket);
  };
  const outer = await scriptedServer((socket) => {
    if (options.direct === true) return forward(socket);
    socket.once("data", (request: Uint8Array) => {
      if (request.length !== 8) return socket.destroy();
      socket.write("S");
      forward(socket);
    });
  });
  return {
    host: outer.host,
    port: outer.port,
    address: "127.0.0.1",
    get accepted() {
      return outer.accepted;
    },
    allClosed: () => outer.allClosed(),
    setForwarding(isForwarding) {
      for (const [uplink, socket] of uplinks) {
        if (isForwarding) socket.pipe(uplink);
        else socket.unpipe(uplink);
      }
    },
    async [Symbol.asyncDispose]() {
      await outer[Symbol.asyncDispose]();
      const closing = [...uplinks.keys()].map((uplink) =>
        new Promise<void>((resolve) => {
          if (uplink.destroyed) return resolve();
          uplink.once("close", () => resolve());
          uplink.destroy();
        })
      );
      await Promise.all(closing);
      await new Promise<void>((resolve) => inner.close(() => resolve()));
    },
  };
}
