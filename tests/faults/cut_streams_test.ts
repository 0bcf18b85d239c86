/** Fault 5: the server's bytes come in any pieces. */
import assert from "node:assert/strict";
import process from "node:process";
import { backend, fakeSession, FakeTransport, rowsOf, startFake } from "../pool/wire/session/fake_backend.ts";
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

/** Milliseconds of CPU that a query for one row takes when its bytes come in chunks of a size. */
async function cpuOfRow(row: Uint8Array, size: number): Promise<number> {
  const transport = new FakeTransport(({ type }, usual) => {
    if (type === "D") return [usual[0], backend.rowDescription(["t", 25])];
    return type === "E" ? [row, backend.commandComplete()] : usual;
  });
  transport.cut = function* (bytes: Uint8Array) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  };
  const session = fakeSession(transport, { maxMessageSize: 64 * 1_048_576 });
  await startFake(session);
  await rowsOf(session, "select 1", []);
  const start = process.cpuUsage();
  const [{ t }] = await rowsOf(session, "select 1");
  const { user, system } = process.cpuUsage(start);
  assert.equal((t as string).length, ROW_SIZE);
  await session.close();
  return (user + system) / 1_000;
}

fault(
  5,
  "a row of 16 MB comes packet by packet → it costs little more than in one read",
  { timeout: 60_000 },
  async (report) => {
    const row = backend.dataRow(new Uint8Array(ROW_SIZE).fill(65));
    let whole = Infinity;
    let dribbled = Infinity;
    // What else the machine does only ever adds to a measurement.
    for (let tries = 0; tries < 3 || (dribbled > 2 * whole && tries < 12); tries++) {
      whole = Math.min(whole, await cpuOfRow(row, Infinity));
      dribbled = Math.min(dribbled, await cpuOfRow(row, PACKET));
    }
    report.figure("16 MB row in one read, CPU", whole, "ms");
    report.figure("16 MB row packet by packet, CPU", dribbled, "ms");
    report.figure("packet by packet against one read, CPU", dribbled / whole, "×", { most: 3 });
  },
);
