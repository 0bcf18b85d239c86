import assert from "node:assert/strict";
import { type LogWriter, logWriter, type LogWriterOptions } from "../../../reflector/log/log_writer.ts";
import { test } from "../../harness.ts";

const NOW = new Date("2026-11-22T21:00:00.000Z");

function written(
  options: Partial<LogWriterOptions>,
  use: (log: LogWriter) => void,
): string {
  let text = "";
  use(
    logWriter({
      level: "info",
      format: "json",
      write: (line) => void (text += line),
      now: () => NOW,
      ...options,
    }),
  );
  return text;
}

test("logWriter() writes one JSON object a line", () => {
  const text = written({}, (log) => {
    log.info("Leads as 7", { event: "leading", term: 7, lsn: 2n ** 60n, at: NOW, nothing: undefined });
  });
  assert.equal(
    text,
    '{"time":"2026-11-22T21:00:00.000Z","level":"info","event":"leading","message":"Leads as 7","term":7,' +
      '"lsn":"1152921504606846976","at":"2026-11-22T21:00:00.000Z"}\n',
  );
});

test("logWriter() writes text that stays on its line and cannot steer a terminal", () => {
  const text = written({ format: "text" }, (log) => {
    log.warn('Cannot read \u001b[31m"x"\nfoo', { event: "source_lost", slot: "a b", table: "public.users" });
  });
  assert.equal(
    text,
    '2026-11-22T21:00:00.000Z warn  Cannot read  [31m"x" foo slot="a b" table=public.users\n',
  );
});

test("logWriter() leaves out what matters less than its level", () => {
  const text = written({ level: "warn" }, (log) => {
    log.debug("a", { event: "starting" });
    log.info("b", { event: "starting" });
    log.warn("c", { event: "starting" });
    log.error("d", { event: "failed" });
  });
  assert.deepEqual(text.trim().split("\n").map((line) => JSON.parse(line).message), ["c", "d"]);
});

test("logWriter() takes any field: errors with their codes and causes, cycles, names of its own", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const error = Object.assign(new Error("Cannot connect", { cause: new TypeError("no route") }), {
    code: "CONNECTION",
  });
  const record = JSON.parse(written({}, (log) => {
    log.error("Failed", {
      event: "failed",
      error,
      cycle,
      level: "forged",
      call: () => {},
      map: new Map([["a", 1]]),
    });
  }));
  assert.equal(record.level, "error");
  assert.equal(record.level_, "forged");
  assert.deepEqual(record.error, {
    name: "Error",
    message: "Cannot connect",
    code: "CONNECTION",
    cause: { name: "TypeError", message: "no route" },
  });
  assert.deepEqual(record.map, { a: 1 });
  assert(JSON.stringify(record.cycle).includes('"object"'));
});

test("logWriter() survives a log that cannot be written", () => {
  let calls = 0;
  const log = logWriter({
    level: "debug",
    format: "text",
    write: () => {
      calls++;
      throw new Error("EPIPE");
    },
  });
  log.info("a", { event: "starting" });
  assert.equal(calls, 1);
});
