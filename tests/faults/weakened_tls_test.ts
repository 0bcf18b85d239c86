/** Fault 11: TLS is refused, weakened or forged by somebody on the way. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import net from "node:net";
import type tls from "node:tls";
import { inspect } from "node:util";
import { type PoolOptions, sql } from "../../pool/mod.ts";
import { LifeguardError, QueryTimeoutError } from "../../pool/wire/errors.ts";
import {
  AUTHORITY,
  EXPIRED_CERTIFICATE,
  EXPIRED_KEY,
  OTHER_AUTHORITY,
  SERVER_CERTIFICATE,
  SERVER_KEY,
  WRONG_HOST_CERTIFICATE,
  WRONG_HOST_KEY,
} from "../pool/wire/transport/certificates.ts";
import { scriptedServer, tlsServer } from "../pool/wire/transport/scripted_server.ts";
import { openPool, rejection } from "../pool/tier/pools.ts";
import { needs, server } from "../services/client.ts";
import { fault } from "./fault.ts";

const USER = "canary-user";
const SECRET = "canary-secret";
/** What only an encrypted connection may carry. */
const CONFIDENTIAL = [USER, SECRET, "canary-db", "\0user\0", "SCRAM-SHA-256"];
const CANCEL_REQUEST = Buffer.from([0x04, 0xd2, 0x16, 0x2e]);

/** Somebody on the way who hears every byte that clients send. */
interface Eavesdropper extends AsyncDisposable {
  readonly port: number;
  /** Everything that was heard. */
  heard(): Buffer;
}

/** Listens between clients and a port. */
async function eavesdrop(port: number): Promise<Eavesdropper> {
  const heard: Uint8Array[] = [];
  const between = await scriptedServer((socket) => {
    const uplink = net.connect({ host: "127.0.0.1", port });
    uplink.on("error", () => socket.destroy());
    uplink.on("close", () => socket.destroy());
    socket.on("close", () => uplink.destroy());
    socket.on("data", (chunk: Uint8Array) => heard.push(chunk.slice()));
    socket.pipe(uplink).pipe(socket);
  });
  return {
    port: between.port,
    heard: () => Buffer.concat(heard),
    [Symbol.asyncDispose]: () => between[Symbol.asyncDispose](),
  };
}

/** Asserts that nothing confidential was heard. */
function assertEncrypted(heard: Buffer, what: string): void {
  for (const text of CONFIDENTIAL) assert.ok(!heard.includes(text), `${what}: "${text}" was sent in clear`);
}

type Refused = PoolOptions & { readonly text: RegExp };

/** How long a refusal takes; what else the machine does only adds to it. */
async function refusalTime(port: number, what: string, options: Refused): Promise<number> {
  let best = Infinity;
  for (let tries = 0; tries < 4 && best > 400; tries++) {
    best = Math.min(best, await refuse(port, what, options));
  }
  return best;
}

/** Asks a server that is not to be trusted for something; returns how long the refusal took. */
async function refuse(port: number, what: string, { text, ...options }: Refused): Promise<number> {
  await using ear = await eavesdrop(port);
  await using pool = openPool({
    url: `postgres://${USER}:${SECRET}@localhost:${ear.port}/canary-db`,
    connectTimeout: 3_000,
    acquireTimeout: 3_500,
    max: 1,
    min: 0,
    ...options,
  });
  const start = performance.now();
  const error = await rejection(pool.query(sql`select 1`), LifeguardError);
  const elapsed = performance.now() - start;
  assert.match(error.message, text, what);
  assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes(SECRET), what);
  const heard = ear.heard();
  assert.ok(heard.length >= 8, `${what}: it did not even ask for TLS`);
  assertEncrypted(heard, what);
  return elapsed;
}

const VERIFIED = { sslmode: "verify-full", sslRootCert: AUTHORITY } as const satisfies PoolOptions;
const GOOD = { cert: SERVER_CERTIFICATE, key: SERVER_KEY };
const EXPIRED = { cert: EXPIRED_CERTIFICATE, key: EXPIRED_KEY };
const WRONG_HOST = { cert: WRONG_HOST_CERTIFICATE, key: WRONG_HOST_KEY };

/** Answers the SSLRequest with some bytes, and holds the connection open. */
const answering = (bytes: string) => (socket: net.Socket): void => {
  socket.once("data", () => socket.write(Buffer.from(bytes, "latin1")));
};

/** Offers a login without channel binding, over TLS. */
function withoutBinding(socket: tls.TLSSocket): void {
  socket.once("data", () => {
    const mechanisms = Buffer.from("SCRAM-SHA-256\0\0", "latin1");
    const head = Buffer.from([0x52, 0, 0, 0, 8 + mechanisms.length, 0, 0, 0, 10]);
    socket.write(Buffer.concat([head, mechanisms]));
  });
}

fault(
  11,
  "TLS is refused, forged, glued to other bytes or not bound → the pool refuses, and nothing is sent in clear",
  { timeout: 60_000 },
  async (report) => {
    let longest = 0;
    let refused = 0;
    const count = (elapsed: number): void => {
      refused++;
      longest = Math.max(longest, elapsed);
    };
    const answers: readonly (readonly [what: string, answer: string, text: RegExp])[] = [
      ["no", "N", /does not offer TLS/],
      ["nothing known", "X", /not of the protocol/],
      ["a yes with bytes glued to it", "SR\0\0\0", /unencrypted bytes/],
    ];
    for (const [what, answer, text] of answers) {
      for (const sslmode of ["require", "verify-ca", "verify-full"] as const) {
        await using server = await scriptedServer(answering(answer));
        count(await refusalTime(server.port, `${what} under ${sslmode}`, { ...VERIFIED, sslmode, text }));
      }
    }
    const { sslRootCert } = VERIFIED;
    const forged = [
      [/ALTNAME|match|name/i, WRONG_HOST, VERIFIED],
      [/EXPIRED|expired/, EXPIRED, VERIFIED],
      [/EXPIRED|expired/, EXPIRED, { sslmode: "verify-ca", sslRootCert }],
      [/sslRootCert/, GOOD, { ...VERIFIED, sslRootCert: OTHER_AUTHORITY }],
      [/sslRootCert/, GOOD, { sslmode: "verify-ca", sslRootCert: OTHER_AUTHORITY }],
    ] as const;
    for (const [text, identity, options] of forged) {
      await using server = await tlsServer({ ...identity, script: () => {} });
      count(await refusalTime(server.port, `${text} under ${options.sslmode}`, { ...options, text }));
    }
    for (const options of [VERIFIED, { sslmode: "require" } as const]) {
      await using server = await tlsServer({ ...GOOD, script: withoutBinding });
      const bound = { ...options, channelBinding: "require", text: /channel binding/ } as const;
      count(await refusalTime(server.port, "no channel binding", bound));
    }
    // A server that answers with an error may be out of processes, so it is asked again while there is time.
    await using failing = await scriptedServer(answering("E"));
    const retried = { ...VERIFIED, acquireTimeout: 300, text: /answered the SSLRequest/ };
    const waited = await refusalTime(failing.port, "an error", retried);
    refused++;
    report.figure("call with an acquire timeout of 300 ms, TLS answered by an error", waited, "ms", {
      most: 400,
    });
    report.figure("weakened connections refused", refused, "connections", { least: 17 });
    report.figure("of them with something confidential in clear", 0, "connections", { most: 0 });
    report.figure("longest refusal of weakened TLS", longest, "ms", { most: 1_000 });
  },
);

fault(
  11,
  "a call over TLS is cancelled → the cancel goes over TLS as well, and hits",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    const { url, port, user, password } = server("primary");
    await using ear = await eavesdrop(port);
    const through = new URL(url);
    through.host = `127.0.0.1:${ear.port}`;
    await using pool = openPool({ url: through.href, sslmode: "require", max: 1, min: 0 });
    assert.equal(await pool.value(sql`select 'canary-secret'::text`), SECRET);
    const cancels = 10;
    for (let index = 0; index < cancels; index++) {
      const error = await rejection(
        pool.query(sql`select pg_sleep(20), 'canary-secret'`, { timeout: 50 }),
        QueryTimeoutError,
      );
      assert.match(error.message, /50 ms/);
    }
    assert.equal(await pool.value(sql`select 42`), 42);
    const heard = ear.heard();
    assertEncrypted(heard, "a cancelled call");
    for (const text of [user, password, "pg_sleep"]) assert.ok(!heard.includes(text), `"${text}" in clear`);
    report.figure("cancels over TLS", cancels, "cancels");
    report.figure("cancels in clear", heard.includes(CANCEL_REQUEST) ? 1 : 0, "cancels", { most: 0 });
  },
);
