import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import type net from "node:net";
import { ConfigError, ConnectionError } from "../../../../pool/wire/errors.ts";
import { openTransport, transportAttempts } from "../../../../pool/wire/transport/open_transport.ts";
import type {
  OpenedTransport,
  TransportHost,
  TransportOptions,
} from "../../../../pool/wire/transport/open_transport.ts";
import { awakeTime } from "../../../awake_time.ts";
import { test } from "../../../harness.ts";
import {
  AUTHORITY,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  ED25519_CERTIFICATE,
  ED25519_KEY,
  ENCRYPTED_CLIENT_KEY,
  EXPIRED_CERTIFICATE,
  EXPIRED_KEY,
  OTHER_AUTHORITY,
  SERVER_CERTIFICATE,
  SERVER_KEY,
  SHA384_CERTIFICATE,
  SHA384_KEY,
  WRONG_HOST_CERTIFICATE,
  WRONG_HOST_KEY,
} from "./certificates.ts";
import { scriptedServer, tlsServer } from "./scripted_server.ts";
import type { ScriptedServer } from "./scripted_server.ts";
import { RecordingHandler } from "./transport_contract.ts";

const OPTIONS: TransportOptions = {
  sslmode: "disable",
  sslnegotiation: "postgres",
  sslRootCert: undefined,
  sslCert: undefined,
  sslKey: undefined,
  sslPassword: undefined,
  sslServerName: undefined,
  sslMinVersion: "TLSv1.2",
  sslMaxVersion: undefined,
  channelBinding: "prefer",
  keepAlive: 30_000,
};

const GOOD = { cert: SERVER_CERTIFICATE, key: SERVER_KEY };
const WRONG_HOST = { cert: WRONG_HOST_CERTIFICATE, key: WRONG_HOST_KEY };
const EXPIRED = { cert: EXPIRED_CERTIFICATE, key: EXPIRED_KEY };

/** Opens with a deadline that leaves no timer behind. */
async function open(
  host: TransportHost,
  options: Partial<TransportOptions>,
  timeout = 5_000,
): Promise<OpenedTransport> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new DOMException("too late", "TimeoutError")), timeout);
  try {
    return await openTransport(host, { ...OPTIONS, ...options }, deadline.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads `length` bytes as text, then destroys the transport and waits for the server to see it. */
async function read(opened: OpenedTransport, length: number): Promise<string> {
  const handler = new RecordingHandler();
  opened.transport.attach(handler);
  await handler.until(() => handler.bytes.length >= length || handler.closings.length > 0);
  opened.transport.destroy();
  await handler.until(() => handler.closings.length > 0);
  return String.fromCharCode(...handler.bytes);
}

/** The error of a refused opening, after which no connection may be left. */
async function refusal(
  server: ScriptedServer,
  options: Partial<TransportOptions>,
  timeout?: number,
): Promise<ConnectionError> {
  const outcome = await open(server, options, timeout).catch((error: unknown) => error);
  assert.ok(outcome instanceof ConnectionError, `expected a ConnectionError and got ${outcome}`);
  assert.ok(outcome.message.includes(`"localhost:${server.port}"`), outcome.message);
  assert.ok(outcome.neverSent);
  await server.allClosed();
  return outcome;
}

test("transportAttempts() lists the ways of each sslmode in libpq's order", () => {
  assert.deepEqual(transportAttempts("disable"), ["plain"]);
  assert.deepEqual(transportAttempts("allow"), ["plain", "tls"]);
  assert.deepEqual(transportAttempts("prefer"), ["tls", "plain"]);
  for (const mode of ["require", "verify-ca", "verify-full"] as const) {
    assert.deepEqual(transportAttempts(mode), ["tls"]);
    assert.deepEqual(transportAttempts(mode, { socketPath: "/tmp/.s.PGSQL.5432" }), ["plain"]);
  }
});

test("openTransport() connects in clear, by name and by address", async () => {
  await using server = await scriptedServer((socket) => void socket.write("hello"));
  for (
    const host of [server, { host: "localhost", port: server.port }, { host: "127.0.0.1", port: server.port }]
  ) {
    const opened = await open(host, {});
    assert.deepEqual([opened.secure, opened.channelBinding], [false, undefined]);
    assert.equal(await read(opened, 5), "hello");
  }
  await server.allClosed();
});

test("openTransport() says that nobody listens", async () => {
  const server = await scriptedServer(() => {});
  await server[Symbol.asyncDispose]();
  const error = await refusal(server, {});
  assert.match(error.message, /ECONNREFUSED.*check that the server runs and listens/);
  assert.ok(error.retryable);
});

test("openTransport() says that a host has no address", async () => {
  const outcome = await open({ host: "no-such-host.invalid", port: 5432 }, {}).catch((error: unknown) =>
    error
  );
  assert.ok(outcome instanceof ConnectionError);
  assert.match(outcome.message, /"no-such-host.invalid:5432".*check the host's name/);
});

test("openTransport() verifies chain and name under verify-full", async () => {
  await using server = await tlsServer(GOOD);
  const opened = await open(server, { sslmode: "verify-full", sslRootCert: AUTHORITY });
  assert.equal(opened.secure, true);
  assert.equal(await read(opened, 8), "secured ");
  const byAddress = await open({ host: "127.0.0.1", port: server.port }, {
    sslmode: "verify-full",
    sslRootCert: AUTHORITY,
  });
  assert.equal(await read(byAddress, 8), "secured ");
  await server.allClosed();
});

test("openTransport() starts TLS at once under sslnegotiation direct", async () => {
  await using server = await tlsServer({ ...GOOD, direct: true });
  const opened = await open(server, {
    sslmode: "verify-full",
    sslRootCert: AUTHORITY,
    sslnegotiation: "direct",
  });
  assert.equal(await read(opened, 8), "secured ");
});

test("openTransport() refuses direct TLS with a server that does not agree on the protocol", async () => {
  await using server = await tlsServer({ ...GOOD, direct: true, protocols: [] });
  const error = await refusal(server, { sslmode: "require", sslnegotiation: "direct" });
  assert.match(error.message, /protocol "postgresql".*needs PostgreSQL 17/);
});

test("openTransport() needs no agreement on the protocol after an SSLRequest", async () => {
  await using server = await tlsServer({ ...GOOD, protocols: [] });
  assert.equal(await read(await open(server, { sslmode: "require" }), 8), "secured ");
});

test("openTransport() refuses a certificate of another host under verify-full only", async () => {
  await using server = await tlsServer(WRONG_HOST);
  const error = await refusal(server, { sslmode: "verify-full", sslRootCert: AUTHORITY });
  assert.match(error.message, /db\.example\.com.*set sslServerName/);
  assert.equal(error.retryable, false);
  const byAddress = await open({ host: "127.0.0.1", port: server.port }, {
    sslmode: "verify-full",
    sslRootCert: AUTHORITY,
  }).catch((error: unknown) => error);
  assert.ok(byAddress instanceof ConnectionError);
  for (const sslmode of ["verify-ca", "require", "prefer"] as const) {
    assert.equal(await read(await open(server, { sslmode, sslRootCert: AUTHORITY }), 8), "secured ");
  }
  const named = await open(server, {
    sslmode: "verify-full",
    sslRootCert: AUTHORITY,
    sslServerName: "db.example.com",
  });
  assert.equal(await read(named, 8), "secured ");
});

test("openTransport() refuses an unknown authority wherever the chain is verified", async () => {
  await using server = await tlsServer(GOOD);
  for (const sslmode of ["verify-full", "verify-ca", "require", "prefer"] as const) {
    const error = await refusal(server, { sslmode, sslRootCert: OTHER_AUTHORITY });
    assert.match(error.message, /set sslRootCert to the authority/);
    assert.equal(error.retryable, false);
  }
  for (const sslRootCert of [undefined, "system"]) {
    await refusal(server, { sslmode: "verify-full", sslRootCert });
    await refusal(server, { sslmode: "verify-ca", sslRootCert });
  }
  assert.equal(await read(await open(server, { sslmode: "require" }), 8), "secured ");
});

test("openTransport() refuses an expired certificate wherever the chain is verified", async () => {
  await using server = await tlsServer(EXPIRED);
  for (const sslmode of ["verify-full", "verify-ca", "require"] as const) {
    const error = await refusal(server, { sslmode, sslRootCert: AUTHORITY });
    assert.match(error.message, /expired/);
    assert.equal(error.retryable, false);
  }
  assert.equal(await read(await open(server, { sslmode: "require" }), 8), "secured ");
});

test("openTransport() hashes the server's certificate for channel binding", async () => {
  for (
    const [cert, key, hash] of [
      [SERVER_CERTIFICATE, SERVER_KEY, "sha256"],
      [SHA384_CERTIFICATE, SHA384_KEY, "sha384"],
    ] as const
  ) {
    await using server = await tlsServer({ cert, key });
    const opened = await open(server, { sslmode: "require" });
    const expected = createHash(hash).update(new X509Certificate(cert).raw).digest();
    assert.deepEqual(opened.channelBinding, new Uint8Array(expected));
    await read(opened, 8);
    const without = await open(server, { sslmode: "require", channelBinding: "disable" });
    assert.equal(without.channelBinding, undefined);
    await read(without, 8);
  }
  await using server = await tlsServer({ cert: ED25519_CERTIFICATE, key: ED25519_KEY });
  const opened = await open(server, { sslmode: "require" });
  assert.equal(opened.channelBinding, undefined);
  await read(opened, 8);
});

test("openTransport() presents a client certificate, its key encrypted or not", async () => {
  await using server = await tlsServer({ ...GOOD, clientAuthority: AUTHORITY });
  const options = { sslmode: "verify-full", sslRootCert: AUTHORITY, sslCert: CLIENT_CERTIFICATE } as const;
  const opened = await open(server, { ...options, sslKey: CLIENT_KEY });
  assert.equal(await read(opened, 17), "secured cert_user");
  const decrypted = await open(server, {
    ...options,
    sslKey: ENCRYPTED_CLIENT_KEY,
    sslPassword: "opensesame",
  });
  assert.equal(await read(decrypted, 17), "secured cert_user");
});

test("openTransport() refuses a certificate or key it cannot use, without showing it", async () => {
  await using server = await tlsServer(GOOD);
  for (
    const [key, options] of [
      ["sslKey", { sslCert: CLIENT_CERTIFICATE }],
      ["sslCert", { sslKey: CLIENT_KEY }],
      ["sslKey", { sslCert: CLIENT_CERTIFICATE, sslKey: ENCRYPTED_CLIENT_KEY, sslPassword: "canary" }],
      ["sslKey", { sslCert: CLIENT_CERTIFICATE, sslKey: ENCRYPTED_CLIENT_KEY }],
      ["sslKey", { sslCert: CLIENT_CERTIFICATE, sslKey: "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n" }],
      ["sslCert", { sslCert: "/no/such/file.crt", sslKey: CLIENT_KEY }],
      ["sslRootCert", { sslRootCert: "/no/such/root.crt" }],
    ] as const
  ) {
    const outcome = await open(server, { sslmode: "require", ...options }).catch((error: unknown) => error);
    assert.ok(outcome instanceof ConfigError, `expected a ConfigError and got ${outcome}`);
    assert.equal(outcome.key, key);
    assert.ok(!outcome.message.includes("canary") && !outcome.message.includes("Y2FuYXJ5"));
  }
  await server.allClosed();
});

test("openTransport() refuses a server without TLS, but speaks in clear under prefer", async () => {
  await using server = await scriptedServer((socket) => {
    socket.once("data", () => {
      socket.write("N");
      socket.once("data", () => void socket.write("in clear"));
    });
  });
  for (const sslmode of ["require", "verify-ca", "verify-full"] as const) {
    const error = await refusal(server, { sslmode });
    assert.match(error.message, /does not offer TLS/);
    assert.equal(error.retryable, false);
  }
  const opened = await open(server, { sslmode: "prefer" });
  assert.equal(opened.secure, false);
  opened.transport.write(new Uint8Array([1]));
  assert.equal(await read(opened, 8), "in clear");
});

for (
  const [problem, answer, text] of [
    ["bytes glued to yes", "Sx", /unencrypted bytes came/],
    ["a whole message glued to yes", "SR\0\0\0\x08\0\0\0\0", /unencrypted bytes came/],
    ["bytes glued to no", "Nx", /does not offer TLS/],
    ["an error", "E\0\0\0\x0bMcanary\0", /answered the SSLRequest with an error/],
    ["another protocol", "HTTP/1.1 400 Bad Request\r\n", /not of the protocol/],
  ] as const
) {
  test(`openTransport() refuses ${problem} as the answer to an SSLRequest, having sent nothing else`, async () => {
    const received: number[] = [];
    await using server = await scriptedServer((socket) => {
      socket.on("data", (chunk: Uint8Array) => {
        received.push(...chunk);
        socket.write(answer, "latin1");
      });
    });
    for (const sslmode of ["require", "prefer"] as const) {
      received.length = 0;
      const error = await refusal(server, { sslmode });
      assert.match(error.message, text);
      assert.ok(!error.message.includes("canary"));
      assert.deepEqual(received, [0, 0, 0, 8, 4, 210, 22, 47]);
    }
  });
}

test("openTransport() survives garbage in place of the TLS handshake", async () => {
  await using server = await scriptedServer((socket) => {
    let answer = "S";
    socket.on("data", () => {
      socket.write(answer);
      answer = "this is not TLS at all, whatever you may think of it";
    });
  });
  assert.match(
    (await refusal(server, { sslmode: "require" })).message,
    /Cannot secure.*TLS handshake failed/,
  );
});

for (
  const [stage, script] of [
    ["after accepting", () => {}],
    ["after the SSLRequest", (socket: net.Socket) => void socket.once("data", () => {})],
    ["inside TLS", (socket: net.Socket) => void socket.once("data", () => void socket.write("S"))],
  ] as const
) {
  test(`openTransport() gives up on a server that is mute ${stage}`, async () => {
    await using server = await scriptedServer((socket) => {
      socket.on("data", () => {});
      script(socket);
    });
    const start = awakeTime();
    const error = await refusal(server, { sslmode: "require" }, 100);
    assert.match(error.message, /did not finish in time/);
    assert.ok(error.retryable);
    assert.ok(awakeTime() - start < 1_000);
  });

  test(`openTransport() says that a server closed ${stage}`, async () => {
    await using server = await scriptedServer((socket) => {
      socket.on("data", () => {}); // A socket that nobody reads never sees its end.
      script(socket);
      if (stage === "after accepting") socket.end();
      else if (stage === "after the SSLRequest") socket.once("data", () => socket.end());
      else socket.once("data", () => void socket.once("data", () => socket.end()));
    });
    const error = await refusal(server, { sslmode: "require" });
    assert.match(error.message, /Cannot (start TLS|secure)/);
    assert.ok(error.retryable);
  });
}

test("openTransport() leaves nothing behind when it is aborted at any stage", async () => {
  await using server = await tlsServer(GOOD);
  for (let delay = 0; delay <= 12; delay++) {
    const controller = new AbortController();
    const opening = openTransport(server, { ...OPTIONS, sslmode: "require" }, controller.signal);
    setTimeout(() => controller.abort(), delay);
    const outcome = await opening.catch((error: unknown) => error);
    if (outcome instanceof ConnectionError) assert.match(outcome.message, /was aborted/);
    else (outcome as OpenedTransport).transport.destroy();
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  await server.allClosed();
  const aborted = await openTransport(server, OPTIONS, AbortSignal.abort()).catch((error: unknown) => error);
  assert.ok(aborted instanceof ConnectionError);
});

test("openTransport() leaves no socket behind after 1,000 mute servers", { timeout: 60_000 }, async () => {
  await using server = await scriptedServer((socket) => void socket.on("data", () => {}));
  for (let round = 0; round < 4; round++) {
    await Promise.all(Array.from({ length: 250 }, () => refusal(server, { sslmode: "require" }, 500)));
  }
  assert.equal(await server.allClosed(), 1_000);
});
