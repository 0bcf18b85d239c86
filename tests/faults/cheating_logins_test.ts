/** Fault 10: who poses as the server cheats at the login, or the server does not believe us. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type net from "node:net";
import { inspect } from "node:util";
import { CodecRegistry } from "../../pool/wire/codec/registry.ts";
import { connectSession } from "../../pool/wire/session/connect.ts";
import type { ConnectOptions } from "../../pool/wire/configuration/connect_options.ts";
import { DatabaseKnowledge } from "../../pool/wire/session/database_knowledge.ts";
import { sql } from "../../pool/mod.ts";
import { LifeguardError } from "../../pool/wire/errors.ts";
import { resolveConnectOptions } from "../../pool/wire/configuration/resolve_connect_options.ts";
import { SERVER_CERTIFICATE, SERVER_KEY } from "../pool/wire/transport/certificates.ts";
import { scriptedServer, tlsServer } from "../pool/wire/transport/scripted_server.ts";
import { openPool, rejection } from "../pool/tier/pools.ts";
import { needs, server } from "../services/client.ts";
import { fault } from "./fault.ts";

const SECRET = "canary-hG52";

/** An Authentication message. */
function authentication(code: number, rest = ""): Buffer {
  const message = Buffer.alloc(9 + rest.length);
  message.write("R");
  message.writeInt32BE(8 + rest.length, 1);
  message.writeInt32BE(code, 5);
  message.write(rest, 9, "latin1");
  return message;
}

const READY = Buffer.from("Z\0\0\0\x05I", "latin1");
const SCRAM = authentication(10, "SCRAM-SHA-256\0\0");

/** Answers the startup message with `first`, and the SCRAM that follows by `answers`, made from our nonce. */
function cheat(first: Buffer, answers: readonly ((nonce: string) => Buffer)[] = []) {
  return (socket: net.Socket): void => {
    let turn = -1;
    let nonce = "";
    socket.on("data", (chunk: Uint8Array) => {
      nonce = /,r=([^,]+)$/.exec(Buffer.from(chunk).toString("latin1"))?.[1] ?? nonce;
      const answer = turn < 0 ? first : answers[turn]?.(nonce);
      turn++;
      if (answer !== undefined) socket.write(answer);
    });
  };
}

/** What a server got, and how we refused it. */
async function refusal(script: (socket: net.Socket) => void, options: ConnectOptions = {}) {
  const received: Buffer[] = [];
  const record = (socket: net.Socket): void => {
    socket.on("data", (chunk: Uint8Array) => received.push(Buffer.from(chunk)));
    script(socket);
  };
  await using server = options.sslmode === "require"
    ? await tlsServer({ cert: SERVER_CERTIFICATE, key: SERVER_KEY, script: record })
    : await scriptedServer(record);
  const shared = new DatabaseKnowledge(new CodecRegistry(), {
    prepare: "never",
    statementCacheSize: 1,
    planCacheSize: 1,
  });
  const resolved = resolveConnectOptions({
    host: "127.0.0.1",
    port: server.port,
    user: "app",
    database: "app",
    password: SECRET,
    sslmode: "disable",
    connectTimeout: 15_000,
    ...options,
  });
  const start = performance.now();
  const error = await connectSession(resolved, shared, new AbortController().signal).then(
    () => assert.fail("a cheating server was accepted"),
    (error: unknown) => error,
  );
  const elapsed = performance.now() - start;
  await server.allClosed();
  assert.ok(error instanceof LifeguardError, inspect(error));
  assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes(SECRET));
  assert.ok(!Buffer.concat(received).includes(SECRET), "the password was sent in clear");
  return { error, elapsed };
}

const extended = (nonce: string): string => `r=${nonce}server,s=c2FsdHNhbHQ=,i=4096`;

type Cheat = readonly [
  problem: string,
  script: (socket: net.Socket) => void,
  text: RegExp,
  options?: ConnectOptions,
];

const CHEATS: readonly Cheat[] = [
  ["asks for the password in clear", cheat(authentication(3)), /without TLS/],
  ["asks for MD5 where SCRAM is required", cheat(authentication(5, "salt")), /requireAuth/, {
    requireAuth: "scram-sha-256",
  }],
  ["says Ok where SCRAM is required", cheat(Buffer.concat([authentication(0), READY])), /requireAuth/, {
    requireAuth: "scram-sha-256",
  }],
  [
    "says Ok where channel binding is required",
    cheat(Buffer.concat([authentication(0), READY])),
    /binding/,
    {
      channelBinding: "require",
      sslmode: "require",
    },
  ],
  [
    "does not extend our nonce",
    cheat(SCRAM, [
      () => authentication(11, "r=somebody+else,s=c2FsdHNhbHQ=,i=4096"),
    ]),
    /does not extend ours/,
  ],
  [
    "wants a billion rounds",
    cheat(SCRAM, [
      (nonce) => authentication(11, extended(nonce).replace("4096", "1000000000")),
    ]),
    /1000000000 iterations/,
  ],
  [
    "signs wrongly",
    cheat(SCRAM, [
      (nonce) => authentication(11, extended(nonce)),
      () => authentication(12, "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ]),
    /did not prove/,
  ],
  [
    "says Ok instead of signing",
    cheat(SCRAM, [
      (nonce) => authentication(11, extended(nonce)),
      () => Buffer.concat([authentication(0), READY]),
    ]),
    /Ok before it proved/,
  ],
  [
    "says Ok at once after offering SCRAM",
    cheat(SCRAM, [
      () => Buffer.concat([authentication(0), READY]),
    ]),
    /Ok before it proved/,
  ],
  ["is ready without an Ok", cheat(READY), /ReadyForQuery/],
  ["asks again after Ok", cheat(Buffer.concat([authentication(0), authentication(3)])), /Authentication/],
  [
    "sends our own nonce back",
    cheat(SCRAM, [(nonce) => authentication(11, `r=${nonce},s=c2FsdHNhbHQ=,i=4096`)]),
    /nonce/,
  ],
  [
    "wants no rounds",
    cheat(SCRAM, [(nonce) => authentication(11, extended(nonce).replace("4096", "0"))]),
    /iteration/,
  ],
  ["sends no salt", cheat(SCRAM, [(nonce) => authentication(11, `r=${nonce}server,s=,i=4096`)]), /salt/],
  [
    "wants what it may not extend",
    cheat(SCRAM, [(nonce) => authentication(11, `m=x,${extended(nonce)}`)]),
    /./,
  ],
  [
    "proves nothing",
    cheat(SCRAM, [(nonce) => authentication(11, extended(nonce)), () => authentication(12, "v=")]),
    /prove|signature/,
  ],
  ["starts again", cheat(SCRAM, [() => SCRAM]), /./],
  ["asks for a method that is none", cheat(authentication(99)), /./],
  ["asks for Kerberos", cheat(authentication(7)), /./],
];

/** Milliseconds in which a cheat is refused; what else the machine does only adds to them. */
async function refusalTime([problem, script, text, options]: Cheat): Promise<number> {
  let best = Infinity;
  for (let tries = 0; tries < 4 && best > 50; tries++) {
    const { error, elapsed } = await refusal(script, options);
    assert.match(error.message, text, problem);
    best = Math.min(best, elapsed);
  }
  return best;
}

fault(
  10,
  "a server cheats at the login → refused at once, with nothing it could use, and no secret in the error",
  { timeout: 60_000 },
  async (report) => {
    let longest = 0;
    for (const one of CHEATS) longest = Math.max(longest, await refusalTime(one));
    report.figure("ways to cheat", CHEATS.length, "ways", { least: 19 });
    report.figure("longest refusal of a cheat", longest, "ms", { most: 100 });
  },
);

fault(
  10,
  "the password is wrong → refused with 28P01, and the secret is printed nowhere",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    const wrong = `wrong-${SECRET}`;
    let longest = 0;
    let prints = 0;
    for (const role of ["scram_user", "md5_user", "cleartext_user"]) {
      const printed: unknown[] = [];
      const log = (...what: unknown[]): void => void printed.push(...what);
      const { host, port, database } = server("primary");
      await using pool = openPool({
        url: `postgres://${role}:${wrong}@${host}:${port}/${database}?sslmode=disable`,
        allowCleartextPassword: true,
        logger: { debug: log, info: log, warn: log, error: log },
        max: 1,
        min: 0,
      });
      const start = performance.now();
      const error = await rejection(pool.query(sql`select 1`), LifeguardError);
      longest = Math.max(longest, performance.now() - start);
      assert.match(inspect(error, { depth: 10 }), /28P01/);
      for (const one of [error, error.message, error.stack, error.cause, pool, pool.stats(), ...printed]) {
        prints++;
        assert.ok(
          !inspect(one, { depth: 10, showHidden: true }).includes(SECRET),
          `${role}: ${inspect(one)}`,
        );
        assert.ok(!JSON.stringify(one ?? null).includes(SECRET), role);
      }
    }
    report.figure("longest refusal of a wrong password", longest, "ms", { most: 1_000 });
    report.figure("printed things without the secret", prints, "things", { least: 18 });
  },
);

fault(
  3,
  "the server says no more in the midst of the login → settled by the connect timeout, no socket is left",
  { timeout: 60_000 },
  async (report) => {
    const stages = {
      "after the startup message": cheat(Buffer.alloc(0)),
      "after offering SCRAM": cheat(SCRAM),
      "after Ok": cheat(authentication(0)),
    };
    for (const [stage, script] of Object.entries(stages)) {
      const { error, elapsed } = await refusal(script, { connectTimeout: 300 });
      assert.match(error.message, /300 ms/);
      report.figure(`login with a connect timeout of 300 ms, mute ${stage}`, elapsed, "ms", { most: 400 });
    }
  },
);
