/** Fault 5: the server's bytes come in any pieces. */
import assert from "node:assert/strict";
import process from "node:process";
import type { Session } from "../../pool/wire/session/session.ts";
import { copyIn } from "../../pool/wire/stream/copy_in.ts";
import { copyOut } from "../../pool/wire/stream/copy_out.ts";
import { openRowStream } from "../../pool/wire/stream/row_stream.ts";
import {
  backend,
  fakeSession,
  FakeTransport,
  rowsOf,
  type RunOptions,
  startFake,
} from "../pool/wire/session/fake_backend.ts";
import { rounds } from "../random.ts";
import { needs } from "../services/client.ts";
import { fault } from "./fault.ts";
import { type Conversation, record, type Recording, replay } from "./recorded_session.ts";

/** What statements that are sent together come to: rows, or the error with all of its fields. */
async function outcomes(
  session: Session,
  ...statements: readonly (readonly [text: string, values?: readonly unknown[], options?: RunOptions])[]
): Promise<unknown[]> {
  const all = statements.map(([text, values, options]) => rowsOf(session, text, values, options));
  const settled = await Promise.allSettled(all);
  return settled.map((one) =>
    one.status === "fulfilled" ? one.value : { ...one.reason, text: String(one.reason) }
  );
}

const READ = { readOnly: true };
const VALUES = `select 7::int4 as i, -9e18::int8 as b, 'äöü€😀' as t, true as o, 1.5::float8 as f,
  12345678901234567890.123::numeric as n, '2024-02-29 12:34:56.789012+02'::timestamptz as z, 'infinity'::date as d,
  '{"a": [1, null]}'::jsonb as j, '\\x00ff0a'::bytea as y, array[[1, null], [3, 4]] as a, null::text as e`;

/** What is recorded, by its name. */
const CONVERSATIONS: Readonly<Record<string, Conversation>> = {
  queries: async (session) => [
    await outcomes(session, [VALUES], [VALUES], ["select $1::int as n, $2::text as t", [5, "five"]]),
    await outcomes(
      session,
      ["select n from generate_series(1, $1::int) as n", [40], READ],
      ["select 1 where false", [], READ],
      ["begin"],
      ["create temp table t (id int primary key, body text) on commit drop"],
      ["insert into t select n, repeat('x', n) from generate_series(1, 5) as n returning id, body"],
      ["commit"],
    ),
  ],
  errors: async (session) => [
    await outcomes(session, ["select 1 / (1 - $1::int) as q", [0]], ["selec"], ["select $1::int as n", [1]]),
    await outcomes(
      session,
      ["select 1 / (1 - $1::int) as q", [0], READ],
      ["select 1 / (1 - $1::int) as q", [1], READ],
      ["select $1::int as n", [2], READ],
      ["create temp table t (id int primary key)"],
      ["insert into t values (1), (1)"],
      ["select missing from t"],
      ["do $$ begin raise exception 'no' using detail = 'd', hint = 'h', errcode = 'LG001'; end $$"],
      ["begin"],
      ["select 1 / 0"],
      ["select 1"],
      ["rollback"],
      ["select 3 as n"],
    ),
  ],
  COPY: async (session) => {
    const lines = Array.from({ length: 30 }, (_, n) => `${n}\tline ${n} ${"y".repeat(n)}\n`).join("");
    const bytes = async (text: string): Promise<string> => await new Response(copyOut(session, text)).text();
    await outcomes(session, ["create temp table t (id int, body text)"]);
    return [
      await copyIn(session, "copy t from stdin", lines),
      await bytes("copy t to stdout"),
      await copyIn(session, "copy t from stdin", "no\trow\n").catch(String),
      await bytes("copy (select 1 / (n - 8) from generate_series(1, 20) as n) to stdout").catch(String),
      await outcomes(session, ["select count(*) as n from t"]),
    ];
  },
  notices: async (session) =>
    await outcomes(
      session,
      ["listen lifeguard_cut"],
      ["set application_name to 'first'"],
      ["do $$ begin for n in 1..5 loop raise notice 'notice %', n using hint = 'h'; end loop; end $$"],
      ["select pg_notify('lifeguard_cut', n::text) from generate_series(1, 5) as n"],
      ["begin"],
      ["set local time zone 'UTC'"],
      ["notify lifeguard_cut, 'last'"],
      ["commit"],
      ["do $$ begin raise warning 'w'; raise exception 'e'; end $$"],
      ["set application_name to 'second'"],
      ["select 1 as n"],
    ),
  "large rows": async (session) => {
    const streamed: unknown[] = [];
    const text = "select n, repeat(chr(64 + n), 200) as t from generate_series(1, 6) as n";
    for await (const row of openRowStream(session, text, [], { batchSize: 2 })) streamed.push(row);
    return [
      await outcomes(session, [
        "select repeat('€', 300) as a, decode(repeat('00ff', 300), 'hex') as b, 1 as n",
      ]),
      streamed,
      await outcomes(session, ["select 2 as n"]),
    ];
  },
};

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
  { ...needs("primary"), timeout: 120_000 },
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
