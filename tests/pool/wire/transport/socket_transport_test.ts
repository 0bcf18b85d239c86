import assert from "node:assert/strict";
import type net from "node:net";
import { openTransport } from "../../../../pool/wire/transport/open_transport.ts";
import type { TransportOptions } from "../../../../pool/wire/transport/open_transport.ts";
import { test } from "../../../harness.ts";
import { AUTHORITY, SERVER_CERTIFICATE, SERVER_KEY } from "./certificates.ts";
import { scriptedServer, tlsServer } from "./scripted_server.ts";
import type { ScriptedServer } from "./scripted_server.ts";
import { RecordingHandler, testTransportContract } from "./transport_contract.ts";
import type { TransportPair } from "./transport_contract.ts";

const OPTIONS: TransportOptions = {
  sslmode: "disable",
  sslnegotiation: "postgres",
  sslRootCert: AUTHORITY,
  sslCert: undefined,
  sslKey: undefined,
  sslPassword: undefined,
  sslServerName: undefined,
  sslMinVersion: "TLSv1.2",
  sslMaxVersion: undefined,
  channelBinding: "disable",
  keepAlive: 60_000,
};

type Listen = (script: (socket: net.Socket) => void) => Promise<ScriptedServer>;

const never = (): AbortSignal => new AbortController().signal;
const later = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A transport to a server of the test, and the server's socket as its peer. */
async function connect(
  listen: Listen,
  options: Partial<TransportOptions>,
): Promise<TransportPair> {
  let accept: (socket: net.Socket) => void = () => {};
  const accepted = new Promise<net.Socket>((resolve) => accept = resolve);
  const server = await listen((socket) => accept(socket));
  const { transport } = await openTransport(server, { ...OPTIONS, ...options }, never());
  const peer = await accepted;
  const chunks: Uint8Array[] = [];
  peer.on("data", (chunk: Uint8Array) => chunks.push(new Uint8Array(chunk)));
  peer.on("error", () => {});
  const closed = new Promise<void>((resolve) => peer.once("close", () => resolve()));
  return {
    transport,
    peer: {
      send: (bytes) => void peer.write(bytes),
      received: () => {
        const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
        let offset = 0;
        for (const chunk of chunks) {
          all.set(chunk, offset);
          offset += chunk.length;
        }
        return all;
      },
      // A TLS socket of Deno goes on reading while it is paused, so that is done before it.
      setReading: server.setForwarding ?? ((isReading) => void (isReading ? peer.resume() : peer.pause())),
      end: () => void peer.end(),
      cut: () => void peer.destroy(),
      closed,
    },
    dispose: async () => {
      peer.destroy();
      await closed;
      await server[Symbol.asyncDispose]();
    },
  };
}

const BLOCK: Uint8Array = new Uint8Array(262_144);

/** More than any buffer on the way holds. */
const FLOOD = 256 * BLOCK.length;

/** Sends as fast as the other side takes it. */
async function flood(socket: net.Socket, progress: { sent: number }): Promise<void> {
  while (progress.sent < FLOOD && !socket.destroyed) {
    progress.sent += BLOCK.length;
    if (socket.write(BLOCK)) continue;
    await new Promise<void>((wake) => {
      socket.once("drain", () => {
        socket.off("close", wake);
        wake();
      });
      socket.once("close", wake);
    });
  }
}

/** A server that has no TLS and says so. */
const withoutTls: Listen = (script) =>
  scriptedServer((socket) => {
    socket.once("data", (request: Uint8Array) => {
      assert.equal(request.length, 8);
      socket.write("N");
      // What comes together with the answer is refused.
      setTimeout(() => script(socket), 50);
    });
  });

const CARRIERS: readonly (readonly [name: string, listen: Listen, options: Partial<TransportOptions>])[] = [
  ["TCP", scriptedServer, {}],
  ["TCP after the server refused TLS", withoutTls, { sslmode: "prefer" }],
  [
    "TLS",
    (script) => tlsServer({ cert: SERVER_CERTIFICATE, key: SERVER_KEY, script }),
    { sslmode: "verify-full" },
  ],
];

for (const [carrier, listen, options] of CARRIERS) {
  testTransportContract(`SocketTransport over ${carrier}`, () => connect(listen, options));

  test(`SocketTransport over ${carrier} slows its peer down while it is paused`, async () => {
    const progress = { sent: 0 };
    await using server = await listen((socket) => void flood(socket, progress));
    const { transport } = await openTransport(server, { ...OPTIONS, ...options }, never());
    const handler = new RecordingHandler();
    let received = 0;
    handler.data = (chunk) => void (received += chunk.length);
    transport.attach(handler);
    while (received < BLOCK.length) await later(1);
    transport.pause();
    const receivedAtPause = received;
    await later(500);
    assert.equal(received, receivedAtPause, "data was delivered while paused");
    assert.ok(progress.sent < FLOOD, "the peer could send everything to a paused transport");
    transport.resume();
    while (received < progress.sent || progress.sent < FLOOD) await later(5);
    transport.destroy();
    await server.allClosed();
  });
}
