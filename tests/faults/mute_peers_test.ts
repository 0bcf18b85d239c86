/** A server that accepts and falls silent, at every stage of connecting. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { ConnectionError, Pool, type PoolOptions, PoolTimeoutError, sql } from "../../pool/mod.ts";
import { backend, serveBackend } from "../pool/wire/session/fake_backend.ts";
import { type ScriptedServer, scriptedServer, tlsServer } from "../pool/wire/transport/scripted_server.ts";
import { SERVER_CERTIFICATE, SERVER_KEY } from "../pool/wire/transport/certificates.ts";
import { awakeTime } from "../awake_time.ts";
import { rounds } from "../random.ts";
import { settled, sleep, until } from "../pool/tier/pools.ts";
import { fault } from "./fault.ts";

const CONNECT_TIMEOUT = 500;

/** How a server falls silent, and under which `sslmode`. */
interface Stage {
  readonly name: string;
  readonly sslmode: "disable" | "require";
  open(): Promise<ScriptedServer>;
}

/** Says this to the first bytes that come, and nothing more. */
const answering = (bytes: Uint8Array) => (socket: Socket): void => {
  socket.once("data", () => {
    socket.write(bytes);
    socket.resume();
  });
};

const STAGES: readonly Stage[] = [
  { name: "after accept", sslmode: "disable", open: () => scriptedServer((socket) => void socket.resume()) },
  {
    name: "after SSLRequest",
    sslmode: "require",
    open: () => scriptedServer((socket) => void socket.resume()),
  },
  {
    name: "in the TLS handshake",
    sslmode: "require",
    open: () => scriptedServer(answering(new TextEncoder().encode("S"))),
  },
  {
    name: "behind TLS",
    sslmode: "require",
    open: () =>
      tlsServer({ cert: SERVER_CERTIFICATE, key: SERVER_KEY, script: (socket) => void socket.resume() }),
  },
  {
    name: "after AuthenticationOk",
    sslmode: "disable",
    open: () => scriptedServer(answering(backend.authenticationOk())),
  },
];

function optionsFor(server: ScriptedServer, sslmode: Stage["sslmode"]): PoolOptions {
  const { port } = server;
  return {
    ...{ host: "127.0.0.1", port, user: "tester", password: "secret-canary", database: "db", sslmode },
    ...{ connectTimeout: CONNECT_TIMEOUT, max: 1, logger: {} },
  };
}

for (const { name, sslmode, open } of STAGES) {
  const tries = rounds(name === "behind TLS" ? 60 : 120, 1_000);

  fault(3, `the server falls silent ${name} → connect() settles by connectTimeout and leaves no socket`, {
    timeout: 120_000,
  }, async (report) => {
    await using server = await open();
    let longest = 0;
    const attempt = async (): Promise<void> => {
      await using pool = new Pool(optionsFor(server, sslmode));
      const start = awakeTime();
      const error = await pool.connect().then(() => assert.fail("it connected"), (error: unknown) => error);
      longest = Math.max(longest, awakeTime() - start);
      assert.ok(error instanceof ConnectionError, String(error));
      assert.match(error.message, /500 ms|in time/);
      assert.doesNotMatch(`${error.stack}`, /canary/);
    };
    for (let done = 0; done < tries; done += 60) {
      await Promise.all(Array.from({ length: Math.min(60, tries - done) }, attempt));
    }
    report.figure(`silent ${name}, longest of ${tries} tries`, longest, "ms", {
      most: CONNECT_TIMEOUT + 100,
    });
    assert.ok(await server.allClosed() >= tries);
  });
}

fault(3, "the server falls silent for a while → calls settle by acquireTimeout, and are served after", {
  timeout: 60_000,
}, async (report) => {
  let isMute = true;
  await using server = await scriptedServer((socket) => {
    if (isMute) socket.resume();
    else serveBackend()(socket);
  });
  await using pool = new Pool({ ...optionsFor(server, "disable"), max: 4, acquireTimeout: 1_000 });
  const start = awakeTime();
  const outcomes = await settled(Array.from({ length: 50 }, () => pool.query(sql`select 1 as n`)), 20_000);
  report.figure("longest of 50 calls", awakeTime() - start, "ms", { most: 1_100 });
  for (const outcome of outcomes) {
    assert.ok(outcome.status === "rejected" && outcome.reason instanceof PoolTimeoutError);
  }
  isMute = false;
  const healed = awakeTime();
  while (!await pool.value(sql`select 1 as n`).then((n) => n === 1, () => false)) await sleep(10);
  report.figure("first answer after it speaks again", awakeTime() - healed, "ms", { most: 3_000 });
  await until("the pool is whole", () => pool.size === 4, 10_000);
  await pool.close();
  await server.allClosed();
});
