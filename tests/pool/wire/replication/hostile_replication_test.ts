import assert from "node:assert/strict";
import { ConnectionError } from "../../../../pool/wire/errors.ts";
import { ByteWriter } from "../../../../pool/wire/byte_writer.ts";
import { writeStandbyStatus } from "../../../../pool/wire/replication/stream_message.ts";
import { test } from "../../../harness.ts";
import { randomIntegers, rounds, SEED } from "../../../random.ts";
import { rejection } from "../session/live_session.ts";
import { backend, message, type Script, serveBackend } from "../session/fake_backend.ts";
import { scriptedServer } from "../transport/scripted_server.ts";
import { connectReplication, replicate, until } from "./live_replication.ts";

const copyBoth = message("W", new Uint8Array(3));
const keepalive = (...bytes: number[]): Uint8Array => message("d", new Uint8Array([0x6b, ...bytes]));
const asked = keepalive(...new Array(16).fill(0), 1);

/** A server that answers START_REPLICATION with these messages, and tells what it is sent. */
async function serving(answer: Uint8Array[], seen: string[] = []) {
  const script: Script = ({ type, body }, usual) => {
    seen.push(type === "d" ? `d${String.fromCharCode(body[0])}` : type);
    if (type === "Q") return answer;
    if (type === "c") {
      return [
        message("c"),
        backend.commandComplete("COPY 0"),
        backend.commandComplete("START_REPLICATION"),
        backend.readyForQuery(),
      ];
    }
    return type === "d" ? [] : usual;
  };
  const server = await scriptedServer(serveBackend(script));
  return {
    url: `postgres://tester:secret@127.0.0.1:${server.port}/db?sslmode=disable`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

test("ReplicationStream answers a keepalive that asks, and is stopped in order", async () => {
  const seen: string[] = [];
  await using server = await serving([copyBoth, asked], seen);
  await using connection = await connectReplication(server.url);
  const { stream } = await replicate(connection, "one", { silence: 60_000 });
  await until("the answer", () => seen.includes("dr"));
  await stream.stop();
  await stream.ended;
  assert.ok(seen.indexOf("c") > seen.indexOf("dr"));
});

const data = (...bytes: number[]): Uint8Array =>
  message("d", new Uint8Array([0x77, ...new Array(24).fill(0), ...bytes]));

for (
  const [what, answer] of [
    ["an empty CopyData", message("d")],
    ["a CopyData of another kind", message("d", new Uint8Array([0x7a, 0, 0]))],
    ["a keepalive cut short", keepalive(0, 0, 0)],
    ["a keepalive too long", keepalive(...new Array(20).fill(0))],
    ["XLogData cut short", message("d", new Uint8Array([0x77, 0, 0]))],
    ["XLogData with nothing in it", data()],
    ["a row that announces more than it has", data(0x49, 0, 0, 0, 1, 0x4e, 0xff, 0xff)],
    ["another CopyBothResponse", copyBoth],
    ["a row of a result", backend.dataRow(null)],
    ["CopyData after CopyDone", message("c")],
  ] as const
) {
  test(`ReplicationStream ends with a ProtocolError for ${what}`, async () => {
    const isLate = what === "CopyData after CopyDone";
    await using server = await serving([copyBoth, answer, ...(isLate ? [data(0x42)] : [])]);
    const connection = await connectReplication(server.url);
    const error = await rejection(replicate(connection, "one").then(({ stream }) => stream.ended), 10_000);
    assert.ok(error instanceof ConnectionError, String(error));
    assert.equal((error.cause as Error).name, "ProtocolError");
    await connection.closed;
  });
}

test("ReplicationStream settles whatever a server sends", async () => {
  const below = randomIntegers(SEED);
  for (let round = 0; round < rounds(30, 1_000); round++) {
    const messages = Array.from({ length: 1 + below(6) }, () => {
      const bytes = new Uint8Array(below(40)).map(() => below(256));
      return message("dddcCEZH"[below(8)], bytes);
    });
    await using server = await serving([copyBoth, ...messages]);
    const connection = await connectReplication(server.url);
    const starting = replicate(connection, "one", { silence: 400 });
    // A server that falls silent after what looked like an end is found by the silence.
    await Promise.race([
      starting.then(({ stream }) => stream.ended).catch((error) => assert.ok(error instanceof Error)),
      connection.closed,
    ]);
    connection.destroy();
    await connection.closed;
  }
});

test("writeStandbyStatus() writes what the protocol asks for", () => {
  const writer = new ByteWriter();
  writeStandbyStatus(writer, { written: 3n, flushed: 2n, applied: 1n, wantsReply: true });
  const bytes = writer.take();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  assert.deepEqual([bytes[0], view.getInt32(1), bytes[5]], [0x64, 38, 0x72]);
  assert.deepEqual([6, 14, 22].map((at) => view.getBigInt64(at)), [3n, 2n, 1n]);
  assert.ok(view.getBigInt64(30) > 0n);
  assert.deepEqual([bytes[38], bytes.length], [1, 39]);
});
