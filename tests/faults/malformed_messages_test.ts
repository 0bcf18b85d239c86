/** Fault 8: what the server sends is malformed, at random, in every kind of conversation. */
import assert from "node:assert/strict";
import process from "node:process";
import { LifeguardError } from "../../pool/wire/errors.ts";
import {
  backend,
  connectFake,
  fakeSession,
  FakeTransport,
  header,
  int4,
  join,
  rowsOf,
  startFake,
  submit,
} from "../pool/wire/session/fake_backend.ts";
import { settled, sleep } from "../pool/tier/pools.ts";
import { randomIntegers, rounds, SEED } from "../random.ts";
import { needs } from "../services/client.ts";
import { CONVERSATIONS } from "./conversations.ts";
import { fault } from "./fault.ts";
import { messagesOf, record, type RecordedMessage, replay, withMessages } from "./recorded_session.ts";

const MEBIBYTE = 1_048_576;

/** An integer at least 0 and below a bound. */
type Below = (bound: number) => number;

/** Counts what nobody caught while `body` runs. */
async function unhandled(body: () => Promise<void>): Promise<number> {
  let count = 0;
  const onUnhandled = (): void => void count++;
  process.on("unhandledRejection", onUnhandled);
  try {
    await body();
    await sleep(0);
  } finally {
    process.off("unhandledRejection", onUnhandled);
  }
  return count;
}

/** Spoils bytes: flips, drops, repeats, or inserts some, or cuts the rest off. */
function spoil(bytes: Uint8Array, below: Below): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = below(bytes.length);
  const size = 1 + below(8);
  const head = bytes.subarray(0, at);
  switch (below(6)) {
    case 0: {
      const copy = bytes.slice();
      copy[at] ^= 1 << below(8);
      return copy;
    }
    case 1: {
      const copy = bytes.slice();
      copy[at] = [0, 0x7f, 0x80, 0xff][below(4)];
      return copy;
    }
    case 2:
      return join([head, bytes.subarray(at + size)]);
    case 3:
      return join([head, bytes.subarray(at, at + size), bytes.subarray(at)]);
    case 4:
      return join([head, new Uint8Array(Array.from({ length: size }, () => below(256))), bytes.subarray(at)]);
    default:
      return head;
  }
}

const TYPES = "RSKZTDCENAVIGHWcdnst123v!\0";
const EDGES = [0, 1, -1, -2, 0x7fff, 0x8000, 0xffff, 2 ** 31 - 1, -(2 ** 31), 65_536, 1_000_000_007];

/** Spoils a message within its frame: a number in it, its texts' ends and bytes, its size or its type. */
function spoilMessage(message: Uint8Array, below: Below): Uint8Array {
  const body = message.slice(5);
  const view = new DataView(body.buffer);
  let type = message[0];
  let spoiled: Uint8Array = body;
  switch (below(8)) {
    case 0:
      if (body.length >= 2) view.setInt16(below(body.length - 1), EDGES[below(EDGES.length)]);
      break;
    case 1:
      if (body.length >= 4) view.setInt32(below(body.length - 3), EDGES[below(EDGES.length)]);
      break;
    case 2: {
      const ends = [...body.keys()].filter((index) => body[index] === 0);
      if (ends.length > 0) body[ends[below(ends.length)]] = 0x41;
      break;
    }
    case 3:
      if (body.length > 0) {
        body.set([0xff, 0xc0, 0xed, 0xf8].slice(0, body.length), below(Math.max(1, body.length - 4)));
      }
      break;
    case 4:
      spoiled = body.slice(0, below(body.length + 1));
      break;
    case 5:
      spoiled = join([body, body.subarray(0, below(body.length + 1)), new Uint8Array(below(8))]);
      break;
    case 6:
      type = TYPES.charCodeAt(below(TYPES.length));
      break;
    default:
      spoiled = spoil(body, below);
  }
  return join([header(String.fromCharCode(type), spoiled.length + 4), spoiled]);
}

/** Spoils one message of a conversation, or their order. */
function spoilConversation(messages: readonly RecordedMessage[], below: Below): RecordedMessage[] {
  const copy = [...messages];
  // The login is a conversation of its own, and its messages are many.
  const at = below(3) === 0 ? below(copy.length) : below(copy.length - 1) + 1;
  const { bytes, after } = copy[at];
  const kind = below(10);
  if (kind === 0) copy.splice(at, 1);
  else if (kind === 1) copy.splice(at, 0, { bytes: messages[below(messages.length)].bytes, after });
  else if (kind === 2) copy[at] = { bytes: spoil(bytes, below), after };
  else copy[at] = { bytes: spoilMessage(bytes, below), after };
  return copy;
}

fault(
  8,
  "messages of real sessions are malformed at random → all calls settle with our errors, nothing hangs or grows",
  { ...needs("primary"), timeout: rounds(120_000, 1_800_000) },
  async (report) => {
    console.log(`seed ${SEED}`);
    const each = rounds(300, 20_000);
    const before = process.memoryUsage().rss;
    let broken = 0;
    let survived = 0;
    let longest = 0;
    const lost = await unhandled(async () => {
      for (const [kind, conversation] of Object.entries(CONVERSATIONS)) {
        const recording = await record(conversation);
        const messages = messagesOf(recording);
        const expected =
          JSON.stringify(withMessages(recording, messages).bytes) === JSON.stringify(recording.bytes);
        assert.ok(expected, "the messages are not those of the recording");
        for (let round = 0; round < each; round++) {
          const below = randomIntegers(SEED + round);
          const spoiled = withMessages(recording, spoilConversation(messages, below));
          const start = performance.now();
          const [outcome] = await settled([replay(spoiled, { patience: 3 })], 5_000).catch((error) => {
            throw new Error(`${kind}, round ${round}, seed ${SEED}: ${error}`);
          });
          longest = Math.max(longest, performance.now() - start);
          if (outcome.status === "fulfilled") {
            survived++;
            continue;
          }
          broken++;
          const { reason } = outcome;
          assert.ok(reason instanceof LifeguardError, `${kind}, round ${round}: ${reason?.stack ?? reason}`);
        }
      }
    });
    const grown = (process.memoryUsage().rss - before) / MEBIBYTE;
    report.figure("malformed sessions", broken + survived, "sessions", { least: 1_500 });
    report.figure("malformed sessions whose login or stream failed", broken, "sessions");
    report.figure("longest malformed session", longest, "ms", { most: 1_000 });
    report.figure("rejections of malformed sessions that nobody caught", lost, "rejections", { most: 0 });
    report.figure("memory that is used more after malformed sessions", grown, "MB", { most: 256 });
  },
);

/** Runs some statements against a server that spoils one of its answers, then hangs up. */
async function runSpoiled(round: number): Promise<boolean> {
  const below = randomIntegers(SEED + round);
  const target = below(30);
  let count = 0;
  const transport = new FakeTransport((_, usual) => {
    if (usual.length === 0) return usual;
    return count++ === target ? [spoil(join(usual), below)] : usual;
  });
  const session = fakeSession(transport);
  const work = (async () => {
    await startFake(session);
    await Promise.allSettled([
      rowsOf(session, "select $1", [1], { readOnly: true }),
      rowsOf(session, "select $1", [2], { readOnly: true }),
      rowsOf(session, "select fail"),
      rowsOf(session, "select $1", [3]),
      rowsOf(session, "select 4", [], { readOnly: true }),
    ]);
  })();
  // A truncation leaves us waiting, rightly: the connection's end must then settle everything.
  const end = setTimeout(() => transport.end(), 4);
  const [outcome] = await settled([work], 5_000);
  clearTimeout(end);
  if (outcome.status === "rejected") {
    assert.ok(outcome.reason instanceof LifeguardError, `round ${round}: ${outcome.reason}`);
  }
  const isBroken = session.state === "closed";
  session.destroy();
  await session.closed;
  return isBroken;
}

fault(
  8,
  "any bytes at all come, frames included → all calls settle, within bounded memory",
  { timeout: rounds(120_000, 1_800_000) },
  async (report) => {
    console.log(`seed ${SEED}`);
    const count = rounds(1_500, 100_000);
    const before = process.memoryUsage().rss;
    let broken = 0;
    const lost = await unhandled(async () => {
      for (let round = 0; round < count; round++) if (await runSpoiled(round)) broken++;
    });
    report.figure("spoiled streams", count, "streams", { least: 1_500 });
    report.figure("spoiled streams that ended the session", broken, "streams", { least: 300 });
    report.figure("rejections of spoiled streams that nobody caught", lost, "rejections", { most: 0 });
    const grown = (process.memoryUsage().rss - before) / MEBIBYTE;
    report.figure("memory that is used more after spoiled streams", grown, "MB", { most: 256 });
  },
);

/** Megabytes in use, after a collection where the runtime lets us ask for one. */
function memoryInUse(): number {
  const { Bun } = globalThis as { Bun?: { gc(isForced: boolean): void } };
  Bun?.gc(true);
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MEBIBYTE;
}

const POURED: Readonly<Record<string, () => Uint8Array>> = {
  "rows nobody asked for": () => backend.dataRow(new Uint8Array(60_000)),
  "rows of a statement that was given up": () => backend.dataRow(int4(1)),
  notices: () => backend.notice("x".repeat(60_000)),
  "messages that begin and do not end": () => new Uint8Array(60_000),
};

fault(
  8,
  "the server pours out messages without end → what is held stays bounded",
  { timeout: 60_000 },
  async (report) => {
    for (const [what, pour] of Object.entries(POURED)) {
      let isArmed = false;
      const { session, transport } = await connectFake(({ type }, usual) =>
        !isArmed || type === "" ? usual : type === "B" ? usual : []
      );
      await rowsOf(session, "select 1");
      isArmed = true;
      const query = submit(session, "select 1");
      const rejected = query.promise.catch((error: unknown) => error);
      await sleep(1);
      session.giveUp(query, () => new Error("given up"));
      await rejected;
      const before = memoryInUse();
      const chunk = pour();
      if (what.startsWith("messages")) transport.send(header("D", MEBIBYTE));
      for (let sent = 0; sent < 400 * MEBIBYTE && session.state !== "closed"; sent += chunk.length) {
        transport.send(chunk);
        if (chunk.length < 100) sent += 100_000;
      }
      // What the collector has not got to yet is not held.
      let grown = memoryInUse() - before;
      for (let tries = 0; grown >= 60 && tries < 40; tries++) {
        await sleep(50);
        grown = memoryInUse() - before;
      }
      report.figure(`held of 400 MB of ${what}`, Math.max(0, grown), "MB", { most: 200 });
      session.destroy();
      await session.closed;
    }
  },
);
