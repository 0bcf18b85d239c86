/** Servers that cheat while we log in: each is refused at once, gets nothing it could use, and loses its socket. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type net from "node:net";
import { inspect } from "node:util";
import { CodecRegistry } from "../../../../pool/wire/codec/registry.ts";
import { connectSession } from "../../../../pool/wire/session/connect.ts";
import type { ConnectOptions } from "../../../../pool/wire/configuration/connect_options.ts";
import { DatabaseKnowledge } from "../../../../pool/wire/session/database_knowledge.ts";
import { LifeguardError } from "../../../../pool/wire/errors.ts";
import { resolveConnectOptions } from "../../../../pool/wire/configuration/resolve_connect_options.ts";
import { test } from "../../../harness.ts";
import { SERVER_CERTIFICATE, SERVER_KEY } from "../transport/certificates.ts";
import { scriptedServer, tlsServer } from "../transport/scripted_server.ts";

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
    connectTimeout: 2_000,
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

for (
  const [problem, script, text, options] of [
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
  ] as const satisfies readonly (readonly [
    string,
    (socket: net.Socket) => void,
    RegExp,
    ConnectOptions?,
  ])[]
) {
  test(`connectSession() refuses a server that ${problem}, at once`, async () => {
    const { error, elapsed } = await refusal(script, options);
    assert.match(error.message, text);
    // 100 ms on an idle machine; the bound allows for a loaded one.
    assert.ok(elapsed < 1_000, `it took ${elapsed} ms`);
  });
}

for (
  const [stage, script] of [
    ["after the startup message", cheat(Buffer.alloc(0))],
    ["after offering SCRAM", cheat(SCRAM)],
    ["after Ok", cheat(authentication(0))],
  ] as const
) {
  test(`connectSession() settles by the connect timeout when a server is mute ${stage}`, async () => {
    const { error, elapsed } = await refusal(script, { connectTimeout: 300 });
    assert.match(error.message, /300 ms/);
    assert.ok(elapsed < 1_300, `it took ${elapsed} ms`);
  });
}
