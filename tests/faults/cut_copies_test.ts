/** COPY in both directions, ended by either side at every stage: the connection serves on or is replaced, soon. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { ConnectionError, Pool, PostgresError, sql } from "../../pool/mod.ts";
import { freshDatabase, needs, proxy } from "../services/client.ts";
import { backend, FakeBackend, join, message, type Script } from "../pool/wire/session/fake_backend.ts";
import { type ScriptedServer, scriptedServer } from "../pool/wire/transport/scripted_server.ts";
import { assertSound, openPool, sleep, until } from "../pool/tier/pools.ts";
import { inTime } from "../awake_time.ts";
import { randomIntegers, rounds, SEED } from "../random.ts";
import { fault } from "./fault.ts";

/** Milliseconds within which a COPY that was cut settles and its connection serves again or is replaced. */
const BOUND = 1_000;

const shape = (type: "G" | "H"): Uint8Array => message(type, new Uint8Array([0, 0, 1, 0, 0]));
const data = (text: string): Uint8Array => message("d", new TextEncoder().encode(text));
const copyDone = message("c");

/** Where a COPY is when something happens, by the name of the stage. */
const IN_STAGES = [
  "before CopyInResponse",
  "with CopyInResponse",
  "amid the data",
  "after CopyDone",
] as const;
const OUT_STAGES = [
  "before CopyOutResponse",
  "with CopyOutResponse",
  "amid the data",
  "after CopyDone",
] as const;

/** What a server does to a COPY. */
const BLOWS = ["FIN", "RST", "FATAL", "ERROR"] as const;
type Blow = typeof BLOWS[number];

/** Strikes a client; returns what is still to be said. */
function strike(blow: Blow, socket: Socket, fake: FakeBackend): Uint8Array[] | "close" {
  switch (blow) {
    case "FIN":
      return "close";
    case "RST":
      socket.resetAndDestroy();
      return [];
    case "FATAL":
      setTimeout(() => socket.end(), 1);
      return [backend.error("57P01", "terminating connection", "FATAL")];
    case "ERROR":
      return fake.fail("22P04", "bad data");
  }
}

/** A backend that knows COPY, and strikes at a stage of the first one. */
async function copyingServer(
  direction: "in" | "out",
  stage: number,
  blow: Blow,
): Promise<ScriptedServer & { strikes(): number }> {
  let strikes = 0;
  const server = await scriptedServer((socket) => {
    let isCopying = false;
    const hit = (at: number, fake: FakeBackend, before: Uint8Array[] = []): Uint8Array[] | "close" => {
      if (at !== stage || strikes > 0) return before;
      strikes++;
      const after = strike(blow, socket, fake);
      if (after !== "close") return [...before, ...after];
      if (before.length > 0) socket.write(join(before));
      return "close";
    };
    const script: Script = ({ type, body }, usual, fake) => {
      if (type === "P") isCopying = new TextDecoder().decode(body).includes("copy");
      if (!isCopying || fake.isSkipping) return usual;
      if (direction === "out" && type === "E") {
        const all = [shape("H"), data("1\n"), copyDone, backend.commandComplete("COPY 1")];
        return strikes > 0 ? all : hit(stage, fake, all.slice(0, stage));
      }
      if (type === "E") {
        const early = hit(0, fake);
        return early === "close" || early.length > 0 ? early : hit(1, fake, [shape("G")]);
      }
      if (type === "d") return hit(2, fake);
      if (type === "c") {
        const late = hit(3, fake);
        return late === "close" || late.length > 0 ? late : [backend.commandComplete("COPY 2")];
      }
      return usual;
    };
    const fake = new FakeBackend(script);
    socket.on("data", (bytes: Uint8Array) => {
      const { answer, ends } = fake.take(new Uint8Array(bytes));
      if (socket.destroyed) return;
      if (answer.length > 0) socket.write(join(answer));
      if (ends) socket.end();
    });
  });
  return Object.assign(server, { strikes: () => strikes });
}

/** How long something takes to settle, and how it ends. */
async function timed(work: Promise<unknown>): Promise<{ took: number; error: unknown }> {
  const start = performance.now();
  const error = await work.then(() => undefined, (error: unknown) => error);
  return { took: performance.now() - start, error };
}

for (const direction of ["in", "out"] as const) {
  fault(17, `the server cuts a COPY ${direction} at any stage → it settles, and the pool serves on`, {
    timeout: 60_000,
  }, async (report) => {
    let longest = 0;
    let slowest = 0;
    for (const [stage, name] of (direction === "in" ? IN_STAGES : OUT_STAGES).entries()) {
      for (const blow of BLOWS) {
        const what = `${blow} ${name}`;
        await using server = await copyingServer(direction, stage, blow);
        await using pool = new Pool({
          ...{ host: "127.0.0.1", port: server.port, user: "u", password: "p", database: "d" },
          ...{ sslmode: "disable", prepare: "always", max: 1, logger: {} },
        });
        const copy = direction === "in"
          ? pool.copyFrom(sql`copy t from stdin`, rowsThen(4, name === "after CopyDone" ? () => {} : never))
          : new Response(pool.copyTo(sql`copy t to stdout`)).text();
        const { took, error } = await timed(copy);
        longest = Math.max(longest, took);
        assert.equal(server.strikes(), 1, what);
        if (blow === "ERROR") {
          assert.ok(error instanceof PostgresError, `${what}: ${error}`);
          assert.equal(error.sqlState, "22P04");
        } else {
          assert.ok(error instanceof ConnectionError, `${what}: ${error}`);
          if (direction === "in") assert.equal(error.outcomeUnknown, name === "after CopyDone", what);
        }
        const start = performance.now();
        assert.equal(await pool.value(sql`select ${41}::int as n`), 41, what);
        await until(`the pool is whole after ${what}`, () => pool.stats().idle === 1);
        slowest = Math.max(slowest, performance.now() - start);
        assert.equal(server.accepted, blow === "ERROR" ? 1 : 2, what);
      }
    }
    report.figure(`COPY ${direction} cut by the server, longest to settle`, longest, "ms", { most: BOUND });
    report.figure(`COPY ${direction} cut by the server, longest to serve`, slowest, "ms", { most: BOUND });
  });
}

/** Text of about a megabyte, in so many chunks of whole rows; then whatever `end` does. */
async function* rowsThen(chunks: number, end: () => unknown): AsyncGenerator<string> {
  for (let chunk = 0; chunk < chunks; chunk++) {
    yield `${chunk}\n`.repeat(50_000);
    await sleep(0);
  }
  await end();
}

const never = (): Promise<never> => new Promise(() => {});
const throws = (): never => {
  throw new RangeError("the source failed");
};

/** How a caller ends a COPY: what it does, and with what that rejects. */
interface CallerEnd {
  readonly name: string;
  readonly rejects: RegExp;
  /** Runs a COPY that ends so; resolves or rejects as it does. */
  run(pool: Pool, signal: AbortSignal): Promise<unknown>;
  /** Whether `signal` aborts in the midst, rather than the COPY ending by itself. */
  readonly aborts?: boolean;
  /** Whether the table is locked by another. */
  readonly isLocked?: boolean;
}

const IN = sql`copy t from stdin`;
const OUT = sql`copy t to stdout`;
const SLOW_IN = sql`copy slow from stdin`;
const ENDLESS = sql`copy (select generate_series(1, 2000000000)) to stdout`;

const read = (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream).text();

/** Reads some, stands still, and cancels. */
async function readSome(stream: ReadableStream<Uint8Array>): Promise<never> {
  const reader = stream.getReader();
  await reader.read();
  await sleep(150);
  await reader.cancel();
  throw new RangeError("it was cancelled");
}

const CALLER_ENDS: readonly CallerEnd[] = [
  {
    name: "in: signal before CopyInResponse",
    isLocked: true,
    aborts: true,
    rejects: /enough/,
    run: (pool, signal) => pool.copyFrom(IN, "1\n", { signal }),
  },
  {
    name: "in: timeout before CopyInResponse",
    isLocked: true,
    rejects: /100 ms/,
    run: (pool) => pool.copyFrom(IN, "1\n", { timeout: 100 }),
  },
  {
    name: "in: source throws at once",
    rejects: /the source failed/,
    run: (pool) => pool.copyFrom(IN, rowsThen(0, throws)),
  },
  {
    name: "in: source throws amid the data",
    rejects: /the source failed/,
    run: (pool) => pool.copyFrom(IN, rowsThen(10, throws)),
  },
  {
    name: "in: source stalls, signal",
    aborts: true,
    rejects: /enough/,
    run: (pool, signal) => pool.copyFrom(IN, rowsThen(10, never), { signal }),
  },
  {
    name: "in: data the server refuses, source stalls",
    rejects: /invalid input syntax/,
    run: (pool) =>
      pool.copyFrom(
        IN,
        (async function* () {
          yield `x\n${"1\n".repeat(200_000)}`;
          await never();
        })(),
      ),
  },
  {
    name: "in: signal after CopyDone",
    aborts: true,
    rejects: /enough/,
    run: (pool, signal) => pool.copyFrom(SLOW_IN, "1\n", { signal }),
  },
  {
    name: "in: timeout after CopyDone",
    rejects: /100 ms/,
    run: (pool) => pool.copyFrom(SLOW_IN, "1\n", { timeout: 100 }),
  },
  {
    name: "out: signal before CopyOutResponse",
    isLocked: true,
    aborts: true,
    rejects: /enough/,
    run: (pool, signal) => read(pool.copyTo(OUT, { signal })),
  },
  {
    name: "out: timeout before CopyOutResponse",
    isLocked: true,
    rejects: /100 ms/,
    run: (pool) => read(pool.copyTo(OUT, { timeout: 100 })),
  },
  {
    name: "out: signal amid the data",
    aborts: true,
    rejects: /enough/,
    run: async (pool, signal) => {
      for await (const chunk of pool.copyTo(ENDLESS, { signal })) assert.ok(chunk.length > 0);
    },
  },
  {
    name: "out: signal while the caller does not read",
    aborts: true,
    rejects: /enough/,
    run: async (pool, signal) => {
      const reader = pool.copyTo(ENDLESS, { signal }).getReader();
      await reader.read();
      await sleep(250);
      while (!(await reader.read()).done);
    },
  },
  {
    name: "out: the caller stops reading",
    rejects: /cancelled/,
    run: (pool) => readSome(pool.copyTo(ENDLESS)),
  },
  {
    name: "out: the server fails amid the data",
    rejects: /division by zero/,
    run: (pool) =>
      read(pool.copyTo(sql`copy (select 1 / (90000 - n) from generate_series(1, 100000) n) to stdout`)),
  },
];

fault(
  17,
  "a COPY is ended at any stage by its caller → it settles, copies nothing, and its connection goes on",
  {
    ...needs("primary"),
    timeout: 60_000,
  },
  async (report) => {
    await using database = await freshDatabase();
    await using outside = openPool({ url: database.url, max: 2 });
    await using pool = openPool({ url: database.url, max: 1 });
    await outside.execute(sql`create table t (n int)`);
    await outside.execute(sql`create table slow (n int)`);
    await outside.execute(
      sql`create function doze() returns trigger language plpgsql as 'begin perform pg_sleep(30); return null; end'`,
    );
    await outside.execute(sql`create trigger doze after insert on slow for each row execute function doze()`);
    const pid = await pool.value<number>(sql`select pg_backend_pid()`);
    let longest = 0;
    let slowest = 0;
    for (const { name, rejects, run, aborts = false, isLocked = false } of CALLER_ENDS) {
      const lock = isLocked ? await outside.reserve() : undefined;
      await lock?.query(sql`begin`);
      await lock?.query(sql`lock table t in access exclusive mode`);
      const abort = new AbortController();
      const start = performance.now();
      const ended = run(pool, abort.signal).then(() => undefined, (error: Error) => error);
      let waited = 0;
      if (aborts) {
        await sleep(120);
        waited = performance.now() - start;
        abort.abort(new RangeError("enough"));
      }
      const error = await inTime(ended, 20_000, () => `${name}: it did not settle`);
      longest = Math.max(longest, performance.now() - start - waited);
      assert.match(String(error?.message), rejects, name);
      const after = performance.now();
      assert.equal(
        await pool.value(sql`select pg_backend_pid()`),
        pid,
        `${name}: the connection was given up`,
      );
      slowest = Math.max(slowest, performance.now() - after);
      await lock?.release();
      const left = await outside.value(sql`select (select count(*) from t) + (select count(*) from slow)`);
      assert.equal(Number(left), 0, `${name}: something was copied`);
    }
    report.figure(`COPY ended in ${CALLER_ENDS.length} ways by its caller, longest`, longest, "ms", {
      most: BOUND,
    });
    report.figure("COPY ended by its caller, longest to serve", slowest, "ms", { most: BOUND });
    await assertSound(pool, 1);
  },
);

const ROUNDS = rounds(30, 2_000);

fault(
  17,
  `the network is cut at ${ROUNDS} random moments of COPY → all of it is there, or nothing, as told`,
  {
    ...needs("primary"),
    timeout: 60_000 + ROUNDS * 1_000,
  },
  async (report) => {
    const below = randomIntegers(SEED);
    console.log(`seed ${SEED}`);
    await using database = await freshDatabase();
    await using outside = openPool({ url: database.url, max: 1 });
    await outside.execute(sql`create table t (round int)`);
    await using gate = await proxy("primary");
    await using pool = openPool({ url: gate.url(database.url), max: 2 });
    const ROWS = 20_000;
    let longest = 0;
    let unknown = 0;
    let cut = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const isIn = below(3) > 0;
      const inTransaction = below(2) === 0;
      const chunk = `${round}\n`.repeat(ROWS / 10);
      const copyOf = (on: Pick<Pool, "copyFrom" | "copyTo">): Promise<unknown> =>
        isIn
          ? on.copyFrom(sql`copy t from stdin`, Array.from({ length: 10 }, () => chunk))
          : read(on.copyTo(sql`copy (select * from generate_series(1, 200000)) to stdout`));
      const copying = (inTransaction ? pool.transaction((tx) => copyOf(tx)) : copyOf(pool))
        .then(() => undefined, (error: ConnectionError) => error);
      await sleep(below(25));
      const how = below(4);
      if (how === 0) await gate.cut();
      else if (how === 1) await gate.reset();
      else await gate.halfClose(how === 2 ? "toServer" : "toClient");
      const start = performance.now();
      const error = await copying;
      longest = Math.max(longest, performance.now() - start);
      if (error !== undefined) cut++;
      assert.ok(error === undefined || error instanceof ConnectionError, `round ${round}: ${error?.stack}`);
      assert.equal(await pool.value(sql`select ${round}::int`, { readOnly: true }), round);
      if (!isIn) continue;
      // What the server still has to hear of, it hears of when the cut reaches it.
      const rows = await outside.transaction(async (tx) => {
        await tx.query(sql`lock table t in share row exclusive mode`);
        return Number(await tx.value(sql`select count(*) from t where round = ${round}`));
      });
      assert.ok(rows === 0 || rows === ROWS, `round ${round}: ${rows} rows`);
      if (error === undefined) assert.equal(rows, ROWS, `round ${round} was acknowledged`);
      else if (error.outcomeUnknown) unknown++;
      else assert.equal(rows, 0, `round ${round} was said not to have taken effect: ${error.stack}`);
    }
    report.figure(`COPYs cut, of ${ROUNDS}`, cut, "COPYs", { least: 1 });
    report.figure("of these of unknown fate", unknown, "COPYs");
    report.figure("longest from the cut to the end", longest, "ms", { most: BOUND });
    await assertSound(pool, 2);
  },
);
