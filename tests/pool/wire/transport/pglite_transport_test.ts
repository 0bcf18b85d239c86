import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ByteWriter } from "../../../../pool/wire/byte_writer.ts";
import { ConnectionError } from "../../../../pool/wire/errors.ts";
import { copyKind } from "../../../../pool/wire/transport/pglite_copy.ts";
import {
  emptyMemory,
  namedMemories,
  type NamedMemory,
  type PgliteEngine,
} from "../../../../pool/wire/transport/pglite_engine.ts";
import { openPgliteTransport, PgliteTransport } from "../../../../pool/wire/transport/pglite_transport.ts";
import type { Transport } from "../../../../pool/wire/transport/transport.ts";
import { test } from "../../../harness.ts";

const decoder = new TextDecoder();
const OPEN = { timeout: 60_000, sanitize: false };
// Here every database begins by initdb, as a program's.
emptyMemory.snapshot = undefined;

/** Writes one message; a type of "" is one without a type byte. */
function message(type: string, ...parts: (string | number | Uint8Array)[]): Uint8Array {
  const writer = new ByteWriter(64);
  if (type !== "") writer.u8(type.charCodeAt(0));
  const start = writer.length;
  writer.i32(0);
  for (const part of parts) {
    if (typeof part === "string") writer.cstring(part);
    else if (typeof part === "number") writer.i32(part);
    else writer.raw(part);
  }
  writer.setI32(start, writer.length - start);
  return writer.take();
}

const zero = new Uint8Array(2);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const startup = (...settings: string[]): Uint8Array =>
  message("", 196_608, "user", "postgres", "database", "postgres", ...settings, new Uint8Array(1));
const query = (sql: string): Uint8Array => message("Q", sql);
const parse = (sql: string, name = ""): Uint8Array => message("P", name, sql, zero);
const bind = (name = ""): Uint8Array => message("B", "", name, zero, zero, zero);
const execute = (limit = 0): Uint8Array => message("E", "", limit);
const sync = message("S");
const concat = (...messages: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(messages));

/** A hand-made client: collects answers, cut into messages. */
class Client {
  readonly transport: Transport;
  closings: (Error | undefined)[] = [];
  drains = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #wake: (() => void) | undefined;

  constructor(transport: Transport) {
    this.transport = transport;
    transport.attach({
      data: (chunk) => {
        this.#bytes = concat(this.#bytes, chunk);
        this.#wake?.();
      },
      drain: () => {
        this.drains++;
        this.#wake?.();
      },
      closed: (error) => {
        this.closings.push(error);
        this.#wake?.();
      },
    });
  }

  get pending(): number {
    return this.#bytes.length;
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wake = resolve);
  }

  /** Takes messages up to `count` of type `last`, as "type:body" with printable text only. */
  async take(last: string, count = 1): Promise<string[]> {
    const found: string[] = [];
    for (let seen = 0; seen < count;) {
      await this.until(() => this.#bytes.length >= 5 || this.closings.length > 0);
      if (this.#bytes.length < 5) {
        throw new Error(`closed after ${found.join(" ")}`, { cause: this.closings[0] });
      }
      const end = 1 + new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getInt32(1);
      await this.until(() => this.#bytes.length >= end);
      const type = String.fromCharCode(this.#bytes[0]);
      // deno-lint-ignore no-control-regex
      const body = decoder.decode(this.#bytes.subarray(5, end)).replace(/[\u0000-\u001f\ufffd]+/g, " ")
        .trim();
      this.#bytes = this.#bytes.slice(end);
      if (type === last) seen++;
      found.push(`${type}:${body}`);
    }
    return found;
  }

  /** Writes messages and takes the answers up to `count` ReadyForQuery. */
  async ask(messages: Uint8Array, count = 1): Promise<string[]> {
    this.transport.write(messages);
    return (await this.take("Z", count)).filter((answer) => !answer.startsWith("S:"));
  }

  /** Like `ask`, with the types of the answers only. */
  async types(messages: Uint8Array, count = 1): Promise<string> {
    return (await this.ask(messages, count)).map((answer) => answer[0]).join("");
  }

  async close(): Promise<void> {
    this.transport.close();
    await this.until(() => this.closings.length > 0);
  }
}

async function connect(path?: string, ...settings: string[]): Promise<Client> {
  const client = new Client(await openPgliteTransport(path));
  await client.ask(startup(...settings));
  return client;
}

test("openPgliteTransport() answers a startup message and makes its settings", OPEN, async () => {
  const client = new Client(await openPgliteTransport(undefined));
  const options = "-c work_mem=5MB --search-path=a,\\ b";
  client.transport.write(
    startup("application_name", "o'tool\\e", "TimeZone", "Asia/Tokyo", "options", options),
  );
  const answers = await client.take("Z");
  assert.equal(answers[0], "R:");
  assert.ok(answers.includes("S:TimeZone Asia/Tokyo"), answers.join(" | "));
  assert.ok(answers.some((answer) => answer.startsWith("S:server_version 1")));
  assert.ok(answers.includes("S:server_encoding UTF8"));
  assert.ok(answers.some((answer) => answer.startsWith("K:")));
  assert.equal(answers.at(-1), "Z:I");
  const settings =
    "current_setting('application_name'), current_setting('work_mem'), current_setting('search_path')";
  const shown = await client.ask(query(`SELECT concat_ws('|', ${settings})`));
  assert.ok(shown.some((answer) => answer.endsWith("o'tool\\e|5MB|a, b")), shown.join(" "));
  await client.close();
  assert.deepEqual(client.closings, [undefined]);
});

test("openPgliteTransport() begins with a copy of what is named as an empty database", OPEN, async () => {
  const memory: NamedMemory = {};
  namedMemories.set("template", memory);
  const template = await connect("template");
  namedMemories.delete("template");
  await template.ask(query("create table made (here int)"));
  const snapshot = await memory.takeSnapshot!();
  emptyMemory.snapshot = () => Promise.resolve(snapshot);
  const copy = await connect();
  emptyMemory.snapshot = undefined;
  assert.equal((await copy.ask(query("select * from made"))).at(-2), "C:SELECT 0");
  await Promise.all([template.close(), copy.close()]);
});

test("openPgliteTransport() refuses encryption and a bad setting", OPEN, async () => {
  const client = new Client(await openPgliteTransport(undefined));
  client.transport.write(message("", 80877103));
  await client.until(() => client.pending > 0);
  assert.equal(client.pending, 1);
  client.transport.write(startup("work_mem", "plenty"));
  await client.until(() => client.closings.length > 0);
  assert.ok(client.pending > 20, "no ErrorResponse before the end");
  assert.deepEqual(client.closings, [undefined]);
});

test("PgliteTransport speaks the protocol as a server does", OPEN, async () => {
  const client = await connect();
  const types = (messages: Uint8Array, count?: number) => client.types(messages, count);
  // Simple and extended protocol, in one write, answered in order.
  const rows = await client.ask(
    concat(query("SELECT 1"), parse("SELECT 2"), bind(), message("D", text("P\0")), execute(), sync),
    2,
  );
  assert.equal(rows.map((answer) => answer[0]).join(""), "TDCZ12TDCZ");
  // After an error everything up to Sync is skipped, also across writes.
  assert.equal(
    await types(concat(parse("SELECT 1 / 0"), bind(), execute(), parse("SELECT 3"), bind(), execute(), sync)),
    "1EZ",
  );
  client.transport.write(concat(parse("SELEC"), bind(), execute()));
  assert.match((await client.take("E"))[0], /42601/);
  client.transport.write(concat(parse("SELECT 3"), bind(), execute()));
  assert.equal(await types(concat(sync, query("SELECT 4"))), "Z");
  assert.equal((await client.take("Z")).map((answer) => answer[0]).join(""), "TDCZ");
  // Flush makes answers come without Sync; a message cut in two is put together.
  const cut = concat(parse("SELECT 5", "five"), message("H"));
  client.transport.write(cut.subarray(0, 9));
  await new Promise((resolve) => setTimeout(resolve, 20));
  client.transport.write(cut.subarray(9));
  assert.deepEqual(await client.take("1"), ["1:"]);
  assert.equal(await types(concat(bind("five"), execute(), sync)), "2DCZ");
  // A portal is run in parts inside a transaction.
  assert.equal(await types(query("BEGIN")), "CZ");
  const portal = await client.ask(
    concat(parse("SELECT generate_series(1, 3)"), bind(), execute(2), execute(2), sync),
  );
  assert.equal(portal.map((answer) => answer[0]).join(""), "12DDsDCZ");
  assert.equal(portal.at(-1), "Z:T");
  // A failed transaction says so until it is rolled back.
  assert.equal((await client.ask(query("SELECT 1 / 0"))).at(-1), "Z:E");
  assert.equal((await client.ask(query("ROLLBACK"))).at(-1), "Z:I");
  // Notifications and notices arrive.
  assert.equal(await types(query("LISTEN news")), "CZ");
  const notified = await client.ask(concat(parse("NOTIFY news, 'hello'"), bind(), execute(), sync));
  assert.ok(notified.some((answer) => /^A:.*news hello$/.test(answer)), notified.join(" "));
  assert.equal(await types(query("DO $$ BEGIN RAISE NOTICE 'look'; END $$")), "NCZ");
  await client.close();
});

test("PgliteTransport runs COPY both ways", OPEN, async () => {
  const client = await connect();
  const data = (value: string): Uint8Array => message("d", text(value));
  const done = message("c");
  await client.ask(query('CREATE TABLE "from stdin (x" (a int PRIMARY KEY, b text)'));
  const copy = '/* c */ COPY "from stdin (x" (a, b) FROM STDIN (FORMAT csv)';
  // The extended protocol: the Sync sent before the data is ignored.
  client.transport.write(concat(parse(copy), bind(), execute(), sync));
  assert.deepEqual((await client.take("G")).map((answer) => answer[0]).join(""), "12G");
  client.transport.write(data("1,one\n2,t"));
  client.transport.write(data("wo\n"));
  assert.equal((await client.ask(concat(done, sync))).join(" "), "C:COPY 2 Z:I");
  // The simple protocol.
  client.transport.write(query(copy));
  await client.take("G");
  assert.equal((await client.ask(concat(data("3,three\n"), done))).join(" "), "C:COPY 1 Z:I");
  // The client gives up; a bad row; a duplicate key: each an error, and the session lives.
  for (
    const [end, code] of [[message("f", "no"), "57014"], [concat(data("x,y\n"), done), "22P02"], [
      concat(data("1,\n"), done),
      "23505",
    ]] as const
  ) {
    client.transport.write(concat(parse(copy), bind(), execute(), sync));
    await client.take("G");
    const answers = await client.ask(concat(end, sync));
    assert.match(answers[0], new RegExp(`^E:.*${code}`));
    assert.deepEqual([answers.length, answers[1]], [2, "Z:I"]);
  }
  // Skipped after an error; a COPY that was not recognised fails instead of waiting.
  assert.equal(
    await client.types(
      concat(parse("SELECT 1 / 0"), bind(), execute(), parse(copy), bind(), execute(), sync),
    ),
    "1EZ",
  );
  assert.match((await client.ask(query(`SELECT 1; ${copy}`))).join(" "), /G: E:.*not recognised/);
  assert.equal(await client.types(query("SELECT 'stdin'")), "TDCZ");
  const out = await client.ask(query('COPY "from stdin (x" TO STDOUT'));
  assert.deepEqual(out.filter((answer) => answer[0] === "d"), ["d:1 one", "d:2 two", "d:3 three"]);
  await client.close();
});

test(
  "PgliteTransport.pause() holds answers back, large results arrive whole, write() drains",
  OPEN,
  async () => {
    const client = await connect();
    client.transport.pause();
    client.transport.write(query("SELECT 1"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(client.pending, 0);
    client.transport.resume();
    await client.take("Z");
    const large = await client.ask(query("SELECT repeat('x', 8000000)"));
    assert.equal(large.find((answer) => answer[0] === "D")!.length, 8_000_000 + "D:@".length + 1);
    const wide = query(`SELECT length('${"y".repeat(3_000_000)}')`);
    assert.equal(client.transport.write(wide), false);
    await client.until(() => client.drains > 0);
    assert.ok((await client.take("Z")).some((answer) => answer.endsWith("3000000")));
    await client.close();
  },
);

test("PgliteTransport tells its handler once that it is closed, whoever closes", OPEN, async () => {
  const client = await connect();
  const failure = new Error("from the handler");
  client.transport.write(concat(query("SELECT 1"), message("X"), query("SELECT 2")));
  assert.equal((await client.take("Z")).map((answer) => answer[0]).join("").replaceAll("S", ""), "TDCZ");
  await client.until(() => client.closings.length > 0);
  client.transport.destroy(new Error("late"));
  client.transport.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual([client.closings, client.pending], [[undefined], 0]);

  const unheard = await openPgliteTransport(undefined);
  unheard.destroy(failure);
  const late = new Client(unheard);
  await late.until(() => late.closings.length > 0);
  assert.deepEqual(late.closings, [failure]);

  const transport = await openPgliteTransport(undefined);
  const closed = await new Promise<Error | undefined>((resolve) => {
    transport.attach({
      data: () => {
        throw failure;
      },
      drain: () => {},
      closed: resolve,
    });
    transport.write(startup());
  });
  assert.equal(closed, failure);
});

/** An engine that answers with what it was given and can be told to fail; no startup is needed to see it closed. */
class FakeEngine implements PgliteEngine {
  runs: number[] = [];
  closes = 0;
  failure: Error | undefined;

  // deno-lint-ignore require-await
  async execProtocolRawStream(
    message: Uint8Array,
    { onRawData }: { onRawData: (data: Uint8Array) => void },
  ): Promise<void> {
    this.runs.push(message.length);
    if (this.failure !== undefined) throw this.failure;
    onRawData(message);
  }

  // deno-lint-ignore require-await
  async close(): Promise<void> {
    this.closes++;
  }
}

test("PgliteTransport runs nothing in write(), batches in order, and nothing before it is attached", async () => {
  const engine = new FakeEngine();
  const transport = new PgliteTransport(engine);
  transport.write(startup());
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(engine.runs, []);
  const client = new Client(transport);
  await client.until(() => client.pending > 0);
  transport.write(sync);
  transport.write(sync);
  assert.equal(engine.runs.length, 1);
  await client.until(() => engine.runs.length === 2);
  assert.deepEqual(engine.runs, [startup().length, 2 * sync.length]);
  await client.close();
  assert.equal(engine.closes, 1);
});

test("PgliteTransport closes with a ConnectionError when the engine dies", async () => {
  const engine = new FakeEngine();
  const client = new Client(new PgliteTransport(engine));
  client.transport.write(startup());
  await client.until(() => client.pending > 0);
  engine.failure = new Error("unreachable");
  client.transport.write(sync);
  await client.until(() => client.closings.length > 0);
  const error = client.closings[0] as ConnectionError;
  assert.ok(error instanceof ConnectionError);
  assert.deepEqual([error.outcomeUnknown, error.cause, engine.closes], [true, engine.failure, 1]);
});

test("PgliteTransport closes when a message of an impossible length is written", async () => {
  for (const length of [0, 3, -1, 0x7fffffff]) {
    const client = new Client(new PgliteTransport(new FakeEngine()));
    const bad = new ByteWriter(8);
    bad.i32(length);
    client.transport.write(bad.take());
    await client.until(() => client.closings.length > 0);
    assert.match(String(client.closings[0]), /BUG: a message of length/);
  }
});

test("openPgliteTransport() gives up when its signal does", OPEN, async () => {
  const controller = new AbortController();
  const opening = openPgliteTransport(undefined, controller.signal);
  controller.abort(new Error("changed my mind"));
  await assert.rejects(opening, /changed my mind/);
  await assert.rejects(openPgliteTransport(undefined, AbortSignal.abort(new Error("at once"))), /at once/);
});

async function findDirectory(): Promise<{ directory?: string; ignore?: string }> {
  const permissions = (globalThis as {
    Deno?: { permissions: { query(of: { name: string }): Promise<{ state: string }> } };
  }).Deno?.permissions;
  for (const name of ["read", "write"]) {
    if (permissions !== undefined && (await permissions.query({ name })).state !== "granted") {
      return { ignore: `it needs "--allow-${name}"` };
    }
  }
  return { directory: await mkdtemp(join(tmpdir(), "lifeguard-")) };
}

const { directory, ignore } = await findDirectory();

test("openPgliteTransport() keeps data in a directory", { ...OPEN, ignore }, async () => {
  const path = join(directory!, "deep", "data");
  try {
    const first = await connect(path);
    await assert.rejects(openPgliteTransport(path), { name: "ConfigError", message: /already open/ });
    await first.ask(query("CREATE TABLE kept AS SELECT 42 AS answer"));
    await first.close();
    const second = await connect(path);
    assert.ok((await second.ask(query("SELECT answer FROM kept"))).includes("D:42"));
    await second.close();
  } finally {
    await rm(directory!, { recursive: true, force: true });
  }
});

test("openPgliteTransport() names the permissions a directory needs", {
  ...OPEN,
  ignore: ignore === undefined ? "every permission is granted" : undefined,
}, async () => {
  await assert.rejects(openPgliteTransport("./somewhere"), {
    name: "ConfigError",
    message: /--allow-read --allow-write/,
  });
});

test("copyKind() tells a COPY FROM STDIN from everything else", () => {
  const kinds = {
    text: [
      "copy t from stdin",
      ' -- c\n/* a * b */ COPY\ts."T" (a, "b)") FROM STDIN WITH (FORMAT text)',
      "COPY été FROM stdin;",
    ],
    binary: [
      "COPY t FROM STDIN (FORMAT binary)",
      "COPY BINARY t FROM STDIN",
      "COPY t FROM STDIN WITH BINARY",
    ],
    suspect: [
      "COPY (SELECT * FROM stdin) TO STDOUT",
      "SELECT 1; COPY t FROM STDIN",
      "COPY t FROM STDIN2",
      "SELECT 'stdin'",
    ],
    none: ["COPY t TO STDOUT", "SELECT 1"],
  };
  for (const [kind, texts] of Object.entries(kinds)) {
    for (const each of texts) assert.equal(copyKind(each), kind, each);
  }
});
