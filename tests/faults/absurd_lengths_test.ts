/** Fault 6: a message announces a length that cannot be. */
import assert from "node:assert/strict";
import process from "node:process";
import { type Pool, sql } from "../../pool/mod.ts";
import { ProtocolError } from "../../pool/wire/errors.ts";
import { GREETING, header, join, type Script, serveBackend } from "../pool/wire/session/fake_backend.ts";
import { scriptedServer } from "../pool/wire/transport/scripted_server.ts";
import { openPool, rejection } from "../pool/tier/pools.ts";
import { needs } from "../services/client.ts";
import { fault } from "./fault.ts";

const MEBIBYTE = 1_048_576;
const LIMIT = 64 * MEBIBYTE;
const LENGTHS = [0, 1, 3, LIMIT + 1, 2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

/** Megabytes in use. */
function memoryInUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MEBIBYTE;
}

/** The violation an error was caused by. */
function violation(error: unknown): ProtocolError {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof ProtocolError) return at;
  throw new assert.AssertionError({ message: `no violation: ${error}` });
}

/** Lies once about a length, in the place of some message of a stage; later connections are honest. */
function liar(stage: string, length: number): Script {
  let hasLied = false;
  return ({ type }, usual) => {
    if (type !== stage || hasLied) return usual;
    hasLied = true;
    return type === "" ? [GREETING[0], header("S", length)] : [header(type === "E" ? "D" : "T", length)];
  };
}

function poolOn(port: number): Pool {
  const url = `postgres://tester@127.0.0.1:${port}/app?sslmode=disable`;
  return openPool({ url, max: 1, min: 0, prepare: "always" });
}

fault(
  6,
  "a message announces an absurd length, at login, in a description, in a row → refused by its header",
  { timeout: 60_000 },
  async (report) => {
    let longest = 0;
    let grown = 0;
    let refused = 0;
    for (const stage of ["", "D", "E"]) {
      for (const length of LENGTHS) {
        await using server = await scriptedServer(serveBackend(liar(stage, length)));
        await using pool = poolOn(server.port);
        const before = memoryInUse();
        const start = performance.now();
        const call = pool.query(sql`select 1`);
        // What was not sent yet is sent over the next connection.
        const error = stage === "E" ? await rejection(call, Error) : undefined;
        assert.deepEqual(error ?? await call, error ?? [{ n: 1 }]);
        longest = Math.max(longest, performance.now() - start);
        grown = Math.max(grown, memoryInUse() - before);
        if (error !== undefined) {
          assert.match(violation(error).message, new RegExp(`its length is ${length}\\b`));
        }
        assert.equal(server.accepted, error === undefined ? 2 : 1);
        refused++;
        assert.deepEqual(await pool.query(sql`select ${5}`), [{ n: 5 }], "the next connection serves");
      }
    }
    report.figure("absurd lengths refused", refused, "lengths", { least: 3 * LENGTHS.length });
    report.figure("longest call that met such a length", longest, "ms", { most: 1_000 });
    report.figure("memory taken for a length", grown, "MB", { most: 32 });
  },
);

fault(
  6,
  "a message announces more than ever comes → memory is taken for what came",
  { timeout: 60_000 },
  async (report) => {
    const { promise: written, resolve } = Promise.withResolvers<void>();
    await using server = await scriptedServer((socket) =>
      serveBackend(({ type }, usual) => {
        if (type !== "E") return usual;
        setTimeout(resolve, 50);
        return [join([header("D", LIMIT), new Uint8Array(1_000)])];
      })(socket)
    );
    const pool = poolOn(server.port);
    const before = memoryInUse();
    const call = rejection(pool.query(sql`select 1`, { timeout: 500 }), Error);
    await written;
    const grown = memoryInUse() - before;
    await call;
    await pool.close({ timeout: 100 });
    report.figure("memory taken for 1 kB of an announced 64 MB", grown, "MB", { most: 32 });
  },
);

fault(
  6,
  "a real row is longer than maxMessageSize → its call fails, the pool serves on",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    await using pool = openPool({ max: 1, min: 0, maxMessageSize: MEBIBYTE });
    // DataRow has its own length, the number of columns and the column's length beside the text.
    const fits = MEBIBYTE - 10;
    assert.equal((await pool.value<string>(sql`select repeat('x', ${fits}::int)`)).length, fits);
    const error = await rejection(pool.value(sql`select repeat('x', ${fits + 1}::int)`), Error);
    assert.match(violation(error).message, /"maxMessageSize"/);
    const start = performance.now();
    assert.equal(await pool.value(sql`select 42`), 42);
    report.figure("first answer after a row that was too long", performance.now() - start, "ms", {
      most: 3_000,
    });
  },
);
