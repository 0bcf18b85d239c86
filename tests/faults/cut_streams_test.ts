/** Fault 5: the server's bytes come in any pieces. */
import assert from "node:assert/strict";
import process from "node:process";
import type { TransportHandler } from "../../pool/wire/transport/transport.ts";
import {
  backend,
  fakeSession,
  FakeTransport,
  join,
  rowsOf,
  startFake,
} from "../pool/wire/session/fake_backend.ts";
import { sleep } from "../pool/tier/pools.ts";
import { rounds } from "../random.ts";
import { needs } from "../services/client.ts";
import { CONVERSATIONS } from "./conversations.ts";
import { fault } from "./fault.ts";
import { record, type Recording, replay } from "./recorded_session.ts";

async function assertSame(
  recording: Recording,
  pieces: Parameters<typeof replay>[1],
  name: string,
): Promise<void> {
  const outcome = await replay(recording, pieces);
  assert.deepEqual(outcome, recording.outcome, `${name} ${JSON.stringify(pieces)}`);
}

fault(
  5,
  "recorded sessions are cut at every byte, dribbled and run together → everything comes out the same",
  { ...needs("primary"), timeout: rounds(120_000, 1_800_000) },
  async (report) => {
    let cuts = 0;
    for (const [name, conversation] of Object.entries(CONVERSATIONS)) {
      const recording = await record(conversation);
      const { bytes } = recording;
      console.log(`${name}: ${bytes.length} bytes`);
      for (const size of [1, 2, 3, 5, 7, 64, Infinity]) {
        for (const apart of [false, true]) await assertSame(recording, { size, apart }, name);
      }
      for (let at = 1; at < bytes.length; at++) await assertSame(recording, { at }, name);
      const stride = rounds(37, 1);
      for (let at = 1; at < bytes.length; at += stride) {
        await assertSame(recording, { at, apart: true }, name);
      }
      cuts += bytes.length - 1;
    }
    report.figure("offsets at which recorded sessions were cut", cuts, "offsets", { least: 10_000 });
    report.figure("outcomes that differed", 0, "outcomes", { most: 0 });
  },
);

const ROW_SIZE = 16 * 1_048_576;
/** What a full packet of an ordinary network carries. */
const PACKET = 1_460;
/** What a socket gives in one read. */
const READ = 65_536;

/** Milliseconds of CPU that a query's answer takes when its bytes come in chunks of a size. */
async function cpuOfAnswer(answer: Uint8Array, size: number): Promise<number> {
  let isMute = false;
  const fake = new FakeTransport(({ type }, usual) => {
    if (isMute) return [];
    return type === "D" ? [usual[0], backend.rowDescription(["t", 25])] : usual;
  });
  const handlers: TransportHandler[] = [];
  const attach = fake.attach.bind(fake);
  fake.attach = (handler) => {
    handlers.push(handler);
    attach(handler);
  };
  const session = fakeSession(fake, { maxMessageSize: 64 * 1_048_576 });
  await startFake(session);
  await rowsOf(session, "select 1");
  isMute = true;
  const rows = rowsOf(session, "select 1");
  await sleep(1);
  // What the double does to each chunk would count as well.
  const start = process.cpuUsage();
  for (let at = 0; at < answer.length; at += size) handlers[0].data(answer.subarray(at, at + size));
  const [{ t }] = await rows;
  const { user, system } = process.cpuUsage(start);
  assert.equal((t as string).length, ROW_SIZE);
  session.destroy();
  return (user + system) / 1_000;
}

fault(
  5,
  "a row of 16 MB comes packet by packet → it costs little more than in large reads",
  { timeout: 60_000 },
  async (report) => {
    const row = backend.dataRow(new Uint8Array(ROW_SIZE).fill(65));
    const answer = join([backend.bindComplete(), row, backend.commandComplete(), backend.readyForQuery()]);
    let whole = Infinity;
    let read = Infinity;
    let dribbled = Infinity;
    // What else the machine does only ever adds to a measurement.
    for (let tries = 0; tries < 4 || (dribbled > 2 * read && tries < 20); tries++) {
      whole = Math.min(whole, await cpuOfAnswer(answer, Infinity));
      read = Math.min(read, await cpuOfAnswer(answer, READ));
      dribbled = Math.min(dribbled, await cpuOfAnswer(answer, PACKET));
    }
    report.figure("16 MB row in one chunk, CPU", whole, "ms");
    report.figure("16 MB row in reads of 64 kB, CPU", read, "ms");
    report.figure("16 MB row packet by packet, CPU", dribbled, "ms");
    report.figure("packet by packet against reads of 64 kB, CPU", dribbled / read, "×", { most: 3 });
  },
);
