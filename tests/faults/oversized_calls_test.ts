/** Fault 7: a call is more than the protocol can carry. */
import assert from "node:assert/strict";
import process from "node:process";
import { Pool, sql, ValidationError } from "../../mod.ts";
import { connectTo, countWrites, writesOf } from "../pool/wire/session/server_session.ts";
import { rowsOf } from "../pool/wire/session/fake_backend.ts";
import { openPool, rejection } from "../pool/tier/pools.ts";
import { needs, server } from "../services/client.ts";
import { fault } from "./fault.ts";

const MEBIBYTE = 1_048_576;

/** Megabytes in use. */
function memoryInUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MEBIBYTE;
}

/** `select sum(v) from (values ($1::int), …)` with so many parameters, as text. */
function sumOf(count: number): string {
  const places = Array.from({ length: count }, (_, index) => `($${index + 1}::int)`).join();
  return `select sum(v)::int8 as n from (values ${places}) as t(v)`;
}

fault(
  7,
  "a call has 65,535 parameters, and one more → the first works, the second is refused with nothing sent",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    await using connected = await connectTo(server("primary").url);
    const { session } = connected;
    const values = Array.from({ length: 65_536 }, (_, index) => index + 1);
    const most = values.slice(0, 65_535);
    const start = performance.now();
    assert.deepEqual(await rowsOf(session, sumOf(65_535), most), [{ n: 65_535n * 65_536n / 2n }]);
    report.figure("call with 65,535 parameters", performance.now() - start, "ms", { most: 2_000 });
    const text = sumOf(65_536);
    const writes = await countWrites(async () => {
      const error = await rejection(rowsOf(session, text, values), ValidationError);
      assert.match(error.message, /65536 were given, at most 65535/);
    });
    report.figure("writes for a call with 65,536 parameters", writes, "writes", { most: 0 });
    assert.deepEqual(await rowsOf(session, "select 1 as n"), [{ n: 1 }]);
  },
);

/** Values that are over a gigabyte together; each is few bytes, referred to often. */
const TOO_LARGE: Readonly<
  Record<string, () => { readonly type: string; readonly values: readonly unknown[] }>
> = {
  "three of 512 MB": () => {
    const half = new Uint8Array(512 * MEBIBYTE); // Never touched, so that it is no memory either.
    return { type: "bytea", values: [half, half, half] };
  },
  "1,100 of 1 MB, as bytes": () => ({
    type: "bytea",
    values: new Array(1_100).fill(new Uint8Array(MEBIBYTE)),
  }),
  "1,100 of 1 MB, as text": () => ({ type: "text", values: new Array(1_100).fill("x".repeat(MEBIBYTE)) }),
  "an array of 1,100 of 1 MB": () => ({
    type: "text[]",
    values: [new Array(1_100).fill("x".repeat(MEBIBYTE))],
  }),
};

fault(
  7,
  "a call is over 1 GiB → it is refused before it is built, with nothing sent, and the connection goes on",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    await using connected = await connectTo(server("primary").url);
    const { session } = connected;
    let most = 0;
    let grown = 0;
    for (const [what, make] of Object.entries(TOO_LARGE)) {
      const { type, values } = make();
      const places = values.map((_, index) => `($${index + 1}::${type})`).join();
      const text = `select count(*)::int as n from (values ${places}) as t(v)`;
      const small = values.map((value) =>
        Array.isArray(value) ? ["x"] : value instanceof Uint8Array ? new Uint8Array(1) : "x"
      );
      assert.deepEqual(await rowsOf(session, text, small), [{ n: values.length }]);
      const before = memoryInUse();
      const writes = await countWrites(async () => {
        const error = await rejection(rowsOf(session, text, values), ValidationError);
        assert.match(error.message, /at most 1073741823 can be sent/, what);
        const taken = memoryInUse() - before;
        console.log(`${what}: ${taken.toFixed()} MB`);
        grown = Math.max(grown, taken);
      });
      most = Math.max(most, writes);
      assert.deepEqual(await rowsOf(session, text, small), [{ n: values.length }], what);
    }
    report.figure("writes for a call over 1 GiB", most, "writes", { most: 0 });
    report.figure("memory taken for a call over 1 GiB", grown, "MB", { most: 128 });
  },
);

fault(
  7,
  "NUL is in a statement, a value, a channel, a setting or a startup parameter → refused with nothing sent",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    await using pool = openPool({ max: 1, min: 0 });
    assert.equal(await pool.value(sql`select length(${"ab"}::text)`), 2);
    const attempts: Readonly<Record<string, (text: string) => Promise<unknown>>> = {
      "a statement": async (text) => await pool.query(sql`select 1 as ${sql.unsafe(`n${text}`)}`),
      "a text": (text) => pool.query(sql`select length(${text}::text)`),
      "a text in an array": (text) => pool.query(sql`select cardinality(${["a", text]}::text[])`),
      "a name": async (text) => await pool.query(sql`select 1 as ${sql.identifier(`n${text}`)}`),
      "a channel": async (text) => await (await pool.listen(`lifeguard${text}`, () => {})).close(),
      "a payload": (text) => pool.notify("lifeguard", `pay${text}`),
      "a setting": (text) => pool.withSettings({ "app.tenant": text }, (tx) => tx.query(sql`select 1`)),
      COPY: async (text) => {
        if (text !== "") await pool.copyFrom(sql`copy pg_class from stdin ${sql.unsafe(text)}`, ["x"]);
      },
    };
    let refused = 0;
    let sent = 0;
    for (const [what, attempt] of Object.entries(attempts)) {
      await attempt("");
      // Its statement may be described again, in case the type has changed; what is refused never leaves.
      const writes = await writesOf(async () => {
        const outcome = await attempt("canary\0").then(() => "accepted", (error: unknown) => error);
        assert.ok(outcome instanceof ValidationError, `${what}: ${outcome}`);
        assert.ok(!outcome.message.includes("\0"), `${what}: it prints a NUL`);
        refused++;
      });
      sent += writes.filter((bytes) => new TextDecoder().decode(bytes).includes("canary")).length;
    }
    assert.throws(() => new Pool({ url: server("primary").url, applicationName: "a\0b" }), /NUL/);
    assert.throws(() => new Pool({ url: `${server("primary").url}?options=a%00b` }), /NUL/);
    refused += 2;
    report.figure("places in which NUL was refused", refused, "places", { least: 10 });
    report.figure("writes with a part of it", sent, "writes", { most: 0 });
    assert.equal(await pool.value(sql`select length(${"ab"}::text)`), 2);
  },
);
