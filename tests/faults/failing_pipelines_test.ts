/** Fault 14: one of many pipelined calls fails, and both sides send a great deal at once. */
import assert from "node:assert/strict";
import { sql } from "../../pool/mod.ts";
import { LifeguardError } from "../../pool/wire/errors.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";
import type { Session } from "../../pool/wire/session/session.ts";
import { livePool } from "../pool/live_pool.ts";
import { rowsOf } from "../pool/wire/session/fake_backend.ts";
import { connectTo, countWrites, freshSchema } from "../pool/wire/session/server_session.ts";
import { settled } from "../pool/tier/pools.ts";
import { rounds } from "../random.ts";
import { needs, server } from "../services/client.ts";
import { fault } from "./fault.ts";

const CALLS = 100;
const MEBIBYTE = 1_048_576;

/** A pipeline of calls, of which one fails; each call's tag must come back with it. */
interface Pipeline {
  /** Whether its calls share Syncs. */
  readonly readOnly: boolean;
  /** Runs the call of a tag, so that it fails or not. */
  run(session: Session, tag: number, fails: boolean): Promise<unknown>;
  /** What the failure is. */
  readonly sqlState: string | undefined;
}

const READ = { readOnly: true };
const PIPELINES: Readonly<Record<string, Pipeline>> = {
  "reads that divide by zero": {
    readOnly: true,
    run: (session, tag, fails) =>
      rowsOf(session, "select $1::int as tag, 1 / $2::int as q", [tag, fails ? 0 : 1], READ),
    sqlState: "22012",
  },
  "reads of texts that do not parse": {
    readOnly: true,
    run: (session, tag, fails) =>
      rowsOf(session, fails ? "selec" : "select $1::int as tag", fails ? [] : [tag], READ),
    sqlState: "42601",
  },
  "reads with a value that is refused": {
    readOnly: true,
    run: (session, tag, fails) => rowsOf(session, "select $1::int as tag", [fails ? "no" : tag], READ),
    sqlState: undefined,
  },
  "writes that violate a constraint": {
    readOnly: false,
    run: (session, tag, fails) =>
      rowsOf(session, "insert into calls (tag, ok) values ($1, $2) returning tag", [tag, !fails]),
    sqlState: "23514",
  },
};

fault(
  14,
  "one of 100 pipelined calls fails, at each position → it alone fails, the others have their own answers",
  { ...needs("primary"), timeout: 120_000 },
  async (report) => {
    await using schema = await freshSchema("primary");
    await using connected = await connectTo(schema.url);
    const { session } = connected;
    await rowsOf(session, "create table calls (round serial, tag int, ok boolean check (ok))");
    let answers = 0;
    let errors = 0;
    for (const [what, { run, sqlState, readOnly }] of Object.entries(PIPELINES)) {
      await rowsOf(session, "truncate calls");
      for (let position = 0; position < CALLS; position++) {
        const calls = Array.from({ length: CALLS }, (_, tag) => run(session, tag, tag === position));
        const outcomes = await settled(calls, 10_000);
        for (const [tag, outcome] of outcomes.entries()) {
          const where = `${what}, call ${tag}, failing at ${position}`;
          if (tag !== position) {
            assert.equal(
              outcome.status,
              "fulfilled",
              `${where}: ${(outcome as PromiseRejectedResult).reason}`,
            );
            assert.equal((outcome.value as { tag: number }[])[0].tag, tag, where);
            answers++;
          } else {
            assert.equal(outcome.status, "rejected", where);
            assert.ok(outcome.reason instanceof LifeguardError, where);
            if (sqlState !== undefined) {
              assert.equal((outcome.reason as PostgresError).sqlState, sqlState, where);
            }
            errors++;
          }
        }
      }
      const [{ count }] = await rowsOf(session, "select count(*)::int as count from calls");
      assert.equal(count, readOnly ? 0 : CALLS * (CALLS - 1), `${what}: rows written`);
    }
    const kinds = Object.keys(PIPELINES).length;
    report.figure("calls around a failing one answered", answers, "calls", {
      least: kinds * CALLS * (CALLS - 1),
    });
    report.figure("errors of failing calls", errors, "errors", { least: kinds * CALLS, most: kinds * CALLS });
  },
);

fault(
  14,
  "calls of a pool fail at random among others → each caller has its own answer or error",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    await using live = await livePool({ max: 2 });
    const { pool } = live;
    const count = rounds(3_000, 100_000);
    const calls = Array.from({ length: count }, async (_, tag) => {
      const divisor = tag % 7 === 3 ? 0 : 1;
      const statement = sql<{ tag: number }>`select ${tag}::int as tag, 1 / ${divisor}::int as q`;
      const call = pool.one(statement, { readOnly: tag % 2 === 0 });
      if (divisor === 1) return (await call).tag === tag;
      return await call.then(
        () => false,
        (error) => error instanceof PostgresError && error.sqlState === "22012",
      );
    });
    const own = (await Promise.all(calls)).filter(Boolean).length;
    report.figure("calls with their own answer or error", own, "calls", { least: count, most: count });
  },
);

fault(
  14,
  "64 MB are sent each way at once → everything arrives, neither side waits for the other for ever",
  { ...needs("primary"), timeout: 120_000 },
  async (report) => {
    const values = Array.from({ length: 64 }, (_, index) => new Uint8Array(MEBIBYTE).fill(index));
    for (const sslmode of ["disable", "require"] as const) {
      await using connected = await connectTo(server("primary").url, { sslmode });
      const { session } = connected;
      await rowsOf(session, "select $1::bytea as b", [new Uint8Array(1)]);
      const start = performance.now();
      const answers: Promise<Record<string, unknown>[]>[] = [];
      const writes = await countWrites(() => {
        for (const value of values) answers.push(rowsOf(session, "select $1::bytea as b", [value]));
        answers.push(rowsOf(session, "select 42 as b"));
        return Promise.all(answers);
      });
      for (const [index, answer] of answers.entries()) {
        const [{ b }] = await answer;
        if (index === values.length) assert.equal(b, 42);
        else {assert.ok(
            (b as Uint8Array).length === MEBIBYTE && (b as Uint8Array).every((byte) => byte === index),
          );}
      }
      const how = sslmode === "disable" ? "in clear" : "over TLS";
      console.log(`${writes} writes ${how}`);
      report.figure(`64 MB each way ${how}`, performance.now() - start, "ms", { most: 10_000 });
    }
  },
);
