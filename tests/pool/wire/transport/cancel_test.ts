import assert from "node:assert/strict";
import type net from "node:net";
import { sendCancelRequest } from "../../../../pool/wire/transport/cancel.ts";
import { ConnectionError } from "../../../../pool/wire/errors.ts";
import { openTransport } from "../../../../pool/wire/transport/open_transport.ts";
import type {
  OpenedTransport,
  TransportHost,
  TransportOptions,
} from "../../../../pool/wire/transport/open_transport.ts";
import { test } from "../../../harness.ts";
import { AUTHORITY, SERVER_CERTIFICATE, SERVER_KEY } from "./certificates.ts";
import { scriptedServer, tlsServer } from "./scripted_server.ts";

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
  keepAlive: 0,
};

const never = (): AbortSignal => new AbortController().signal;

function opener(
  host: TransportHost,
  options: Partial<TransportOptions> = {},
): () => Promise<OpenedTransport> {
  return () => openTransport(host, { ...OPTIONS, ...options }, never());
}

/** Keeps what a socket receives and closes it `delay` ms after the `length`th byte. */
function closeAfter(received: number[], { length, delay }: { length: number; delay: number }) {
  return (socket: net.Socket): void => {
    socket.on("data", (chunk: Uint8Array) => {
      received.push(...chunk);
      if (received.length === length) setTimeout(() => socket.end(), delay);
    });
  };
}

test("sendCancelRequest() sends the key and waits until the server closes", async () => {
  const received: number[] = [];
  await using server = await scriptedServer(closeAfter(received, { length: 16, delay: 60 }));
  const start = performance.now();
  await sendCancelRequest(opener(server), 0x01020304, new Uint8Array([5, 6, 7, 8]), never());
  assert.ok(performance.now() - start >= 50, "resolved before the server had closed");
  assert.deepEqual(received, [0, 0, 0, 16, 4, 210, 22, 46, 1, 2, 3, 4, 5, 6, 7, 8]);
  await server.allClosed();
});

test("sendCancelRequest() sends a key of protocol 3.2 whole and refuses a longer one", async () => {
  const received: number[] = [];
  await using server = await scriptedServer(closeAfter(received, { length: 268, delay: 0 }));
  const secretKey = new Uint8Array(256).fill(9);
  await sendCancelRequest(opener(server), 1, secretKey, never());
  assert.deepEqual(received.slice(0, 4), [0, 0, 1, 12]);
  assert.deepEqual(received.slice(12), [...secretKey]);
  await assert.rejects(sendCancelRequest(opener(server), 1, new Uint8Array(257), never()), ConnectionError);
});

test("sendCancelRequest() sends nothing in clear when the session has TLS", async () => {
  const received: number[] = [];
  await using server = await tlsServer({
    cert: SERVER_CERTIFICATE,
    key: SERVER_KEY,
    script: closeAfter(received, { length: 16, delay: 0 }),
  });
  await sendCancelRequest(opener(server, { sslmode: "verify-full" }), 1, new Uint8Array(4), never());
  assert.equal(received.length, 16);
  await using plain = await scriptedServer((socket) => {
    socket.on("data", (chunk: Uint8Array) => {
      received.push(...chunk);
      socket.write("N");
    });
  });
  received.length = 0;
  await assert.rejects(
    sendCancelRequest(opener(plain, { sslmode: "require" }), 1, new Uint8Array(4), never()),
    /does not offer TLS/,
  );
  assert.deepEqual(received, [0, 0, 0, 8, 4, 210, 22, 47]);
});

test("sendCancelRequest() is bounded by its signal and says what is not known", async () => {
  await using server = await scriptedServer((socket) => void socket.on("data", () => {}));
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException("late", "TimeoutError")), 50);
  await assert.rejects(
    sendCancelRequest(opener(server), 1, new Uint8Array(4), controller.signal),
    /Cannot be sure that the cancel request was handled.*did not finish in time; close the session/,
  );
  await server.allClosed();
});

test("sendCancelRequest() survives a server that talks or resets", async () => {
  await using talking = await scriptedServer((socket) => {
    socket.on("data", () => void socket.end("Enot for you"));
  });
  await sendCancelRequest(opener(talking), 1, new Uint8Array(4), never());
  await using resetting = await scriptedServer((socket) => {
    socket.on("data", () => void (socket.resetAndDestroy?.() ?? socket.destroy()));
  });
  await sendCancelRequest(opener(resetting), 1, new Uint8Array(4), never());
  assert.equal(await resetting.allClosed(), 1);
});
