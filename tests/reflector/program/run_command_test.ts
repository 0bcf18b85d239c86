import assert from "node:assert/strict";
import { ConfigError } from "../../../pool/wire/errors.ts";
import type { Daemon, DaemonParts } from "../../../reflector/program/run_command.ts";
import { runReflector } from "../../../reflector/program/run_command.ts";
import { runProgram } from "../../../reflector/program/program.ts";
import { test } from "../../harness.ts";
import { sampleStatus } from "../sample_status.ts";
import { type FakeSurroundings, fakeSurroundings } from "./fake_surroundings.ts";

const never = (): Promise<never> => Promise.reject(new Error("not this command"));

interface Told {
  readonly calls: string[];
  parts?: DaemonParts;
}

/** Runs the program with a reflector that only tells what was asked of it. */
function run(surroundings: FakeSurroundings, told: Told, daemon: Partial<Daemon> = {}): Promise<number> {
  const call = (name: string) => (): Promise<void> => {
    told.calls.push(name);
    return Promise.resolve();
  };
  return runProgram(surroundings, {
    install: never,
    sql: never,
    audit: never,
    run: ({ configuration, log }) =>
      runReflector({
        surroundings,
        configuration,
        log,
        make: (parts) => {
          told.parts = parts;
          return Promise.resolve({
            status: () => sampleStatus(),
            start: call("start"),
            stop: call("stop"),
            [Symbol.asyncDispose]: call("dispose"),
            ...daemon,
          });
        },
      }),
  });
}

async function listening(surroundings: FakeSurroundings): Promise<string> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const record = surroundings.records().find(({ event }) => event === "listening");
    if (record !== undefined) return record.url as string;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`It does not listen: ${surroundings.written.err}`);
}

test("runReflector() serves, and hands over and ends with 0 at a signal", async () => {
  const surroundings = fakeSurroundings(["--http-port", "0"]);
  const told: Told = { calls: [] };
  const ended = run(surroundings, told);
  const url = await listening(surroundings);
  assert.equal(await (await fetch(`${url}/readyz`)).text(), "leading\n");
  told.parts!.observer.timed("store", "void", 1);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^reflector_notifications_total 918273$/m);
  assert.match(metrics, /^reflector_redis_latency_seconds_count\{operation="void"\} 1$/m);
  assert.match(metrics, /^process_resident_memory_bytes /m);
  surroundings.signal("SIGTERM");
  assert.equal(await ended, 0);
  assert.deepEqual(told.calls, ["start", "stop", "dispose"]);
  assert.deepEqual(surroundings.records().map(({ event }) => event), [
    "starting",
    "listening",
    "signal",
    "ended",
  ]);
  await assert.rejects(fetch(url));
});

test("runReflector() ends with 1 when handing over takes longer than shutdownTimeout", async () => {
  const surroundings = fakeSurroundings(["--no-http", "--shutdown-timeout", "100ms"]);
  const started = Promise.withResolvers<void>();
  const ended = run(surroundings, { calls: [] }, {
    start: () => Promise.resolve(started.resolve()),
    stop: () => new Promise(() => {}),
  });
  await started.promise;
  surroundings.signal("SIGINT");
  assert.equal(await ended, 1);
  assert.match(surroundings.written.err, /Could not hand over within 100 ms/);
});

test("runReflector() exits at once at a second signal, but not at one that comes twice", async () => {
  const surroundings = fakeSurroundings(["--no-http"]);
  const stopping = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const ended = run(surroundings, { calls: [] }, {
    start: () => Promise.resolve(started.resolve()),
    stop: () => stopping.promise,
  });
  await started.promise;
  surroundings.signal("SIGTERM");
  surroundings.signal("SIGTERM");
  assert.deepEqual(surroundings.exited, []);
  await new Promise((resolve) => setTimeout(resolve, 600));
  surroundings.signal("SIGTERM");
  assert.deepEqual(surroundings.exited, [1]);
  stopping.resolve();
  await ended;
});

test("runReflector() ends when a signal comes before it has started", async () => {
  const surroundings = fakeSurroundings(["--no-http"]);
  const told: Told = { calls: [] };
  const ended = run(surroundings, told, { start: () => new Promise(() => {}) });
  surroundings.signal("SIGTERM");
  assert.equal(await ended, 0);
  assert.deepEqual(told.calls, ["stop", "dispose"]);
});

test("runReflector() ends with 1, and tells why, when it cannot start or listen", async () => {
  const surroundings = fakeSurroundings(["--no-http"]);
  const told: Told = { calls: [] };
  const start = (): Promise<void> => Promise.reject(new Error("Cannot start: no way"));
  assert.equal(await run(surroundings, told, { start }), 1);
  assert.deepEqual(told.calls, ["dispose"]);
  assert.match(surroundings.written.err, /"Cannot run: Cannot start: no way"/);

  const first = fakeSurroundings(["--http-port", "0"]);
  const ended = run(first, { calls: [] });
  const { port } = new URL(await listening(first));
  const second = fakeSurroundings(["--http-port", port]);
  const toldSecond: Told = { calls: [] };
  assert.equal(await run(second, toldSecond), 1);
  assert.match(
    second.written.err,
    new RegExp(`"Cannot run: Cannot serve on 127.0.0.1:${port}: the port is in use; `),
  );
  assert.deepEqual(toldSecond.calls, ["dispose"]);
  first.signal("SIGTERM");
  assert.equal(await ended, 0);
});

test("runProgram() ends with 2 for settings that cannot be used, wherever they are noticed", async () => {
  const flag = fakeSurroundings(["--http-port", "web"]);
  assert.equal(await run(flag, { calls: [] }), 2);
  assert.equal(
    flag.written.err,
    'Cannot use setting "httpPort" from --http-port: "web" is not a whole number; give 1 to 65535, or 0 (any free port)\n',
  );
  const variable = fakeSurroundings([], { variables: { LIFEGUARD__REFLECTOR__LAESE: "1s" } });
  assert.equal(await run(variable, { calls: [] }), 2);
  assert.match(variable.written.err, /did you mean "LEASE"\?/);
  const late = fakeSurroundings(["--no-http"]);
  const start = (): Promise<void> => Promise.reject(new ConfigError("host", "it is not known", "URL"));
  assert.equal(await run(late, { calls: [] }, { start }), 2);
  assert.equal(late.written.err.split("\n").at(-2), 'Cannot use setting "host" from URL: it is not known');
});

test("runProgram() prints what was asked for to the output, and what was refused beside it", async () => {
  const version = fakeSurroundings(["--version"]);
  assert.equal(await run(version, { calls: [] }), 0);
  assert.match(version.written.out, /^\d+\.\d+\.\d+\n$/);
  const misuse = fakeSurroundings(["--nonsense"]);
  assert.equal(await run(misuse, { calls: [] }), 2);
  assert.deepEqual([misuse.written.out, misuse.written.err.includes("unknown option")], ["", true]);
});
