import assert from "node:assert/strict";
import { ConnectionError, LifeguardError, ProtocolError } from "../../../../pool/wire/errors.ts";
import type { Session } from "../../../../pool/wire/session/session.ts";
import { awakeTime, inTime } from "../../../awake_time.ts";
import { test } from "../../../harness.ts";
import {
  backend,
  connectFake,
  fakeSession,
  FakeTransport,
  GREETING,
  header,
  int4,
  join,
  knowledge,
  message,
  rowsOf,
  type Script,
  startFake,
  submit,
} from "./fake_backend.ts";

const settled = (promises: readonly Promise<unknown>[]): Promise<PromiseSettledResult<unknown>[]> =>
  inTime(Promise.allSettled(promises), 2_000, () => "something does not settle");

/** The error a promise rejects with, which is of the wire client's own family and prints no bytes. */
async function failure(promise: Promise<unknown>): Promise<LifeguardError> {
  const [outcome] = await settled([promise]);
  assert.equal(outcome.status, "rejected", "it should have been refused");
  const error = (outcome as PromiseRejectedResult).reason;
  assert.ok(error instanceof LifeguardError, `not ours: ${error}`);
  return error;
}

const later = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Says nothing after the greeting. */
const mute: Script = ({ type }, usual) => type === "" ? usual : [];

/** The answer of a statement that is prepared. */
const ANSWER = [
  backend.bindComplete(),
  backend.dataRow(int4(1)),
  backend.commandComplete(),
  backend.readyForQuery(),
];

/** Whether an error is, or was caused by, a violation of the protocol by this message. */
function isViolation(error: unknown, name?: string): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof ProtocolError) return name === undefined || at.messageName === name;
  }
  return false;
}

/** Asserts that everything pending on a session is refused once for one violation, and that it is closed. */
async function assertViolated(session: Session, promises: Promise<unknown>[], name?: string): Promise<void> {
  for (const outcome of await settled(promises)) {
    assert.equal(outcome.status, "rejected");
    const error = (outcome as PromiseRejectedResult).reason;
    assert.ok(error instanceof ConnectionError, String(error));
    assert.ok(isViolation(error, name), String(error));
  }
  assert.equal(session.state, "closed");
  await session.closed;
}

// --- startup ---------------------------------------------------------------------------------------------------------

const DURING_STARTUP: readonly (readonly [problem: string, answer: Uint8Array[], name: string])[] = [
  ["a row before anything", [backend.dataRow(int4(1))], "DataRow"],
  ["ReadyForQuery before AuthenticationOk", [backend.readyForQuery()], "ReadyForQuery"],
  ["BackendKeyData before AuthenticationOk", [backend.backendKeyData()], "BackendKeyData"],
  ["a row after AuthenticationOk", [backend.authenticationOk(), backend.dataRow(null)], "DataRow"],
  [
    "a second AuthenticationOk",
    [backend.authenticationOk(), backend.authenticationOk()],
    "Authentication",
  ],
  ["an Authentication without a code", [message("R", new Uint8Array(2))], "Authentication"],
  ["a flood of Authentication", Array.from({ length: 50 }, () => message("R", 5, 1)), "Authentication"],
  ["an Authentication of 1 MB", [message("R", 10, new Uint8Array(1_000_000))], "Authentication"],
  ["a key of no bytes", [backend.authenticationOk(), message("K", 1)], "BackendKeyData"],
  [
    "a key of 257 bytes",
    [backend.authenticationOk(), message("K", 1, new Uint8Array(257))],
    "BackendKeyData",
  ],
  ["a ParameterStatus without its value", [message("S", "a")], "ParameterStatus"],
  [
    "a ParameterStatus of 100 kB",
    [backend.parameterStatus("search_path", "x".repeat(100_000))],
    "ParameterStatus",
  ],
  [
    "a thousand settings",
    Array.from({ length: 1_000 }, (_, index) => backend.parameterStatus(`s${index}`, "")),
    "ParameterStatus",
  ],
  ["an ErrorResponse without an end", [message("E", new Uint8Array([67, 65]))], "ErrorResponse"],
  ["an unknown message", [message("!")], "a message of unknown type 0x21"],
  ["a length of 3", [header("R", 3)], "Authentication"],
  ["a length of 2^31 - 1", [header("R", 2 ** 31 - 1)], "Authentication"],
  ["a status that is none", [backend.authenticationOk(), backend.readyForQuery("X")], ""],
];

for (const [problem, answer, name] of DURING_STARTUP) {
  test(`Session.start() refuses ${problem}`, async () => {
    const transport = new FakeTransport(({ type }, usual) => type === "" ? answer : usual);
    const session = fakeSession(transport);
    const started = startFake(session);
    if (name === "") {
      // Before the first query no transaction status is believed anyway.
      await started;
      session.destroy();
      return;
    }
    const error = await failure(started);
    assert.ok(isViolation(error, name), `${error} is no violation by ${name}`);
    await session.closed;
    await Promise.resolve();
    assert.equal(transport.isClosed, true);
  });
}

test("Session.start() rejects when the server talks, or closes, before it is asked", async () => {
  for (const speak of [true, false]) {
    const transport = new FakeTransport();
    const session = fakeSession(transport);
    if (speak) transport.send(backend.readyForQuery());
    else transport.end();
    assert.ok(await failure(startFake(session)) instanceof ConnectionError);
    await session.closed;
  }
});

test("Session.start() rejects wherever the greeting ends", async () => {
  const greeting = join(GREETING);
  for (let at = 0; at < greeting.length; at++) {
    const transport = new FakeTransport(({ type }) => type === "" ? [greeting.subarray(0, at)] : []);
    const session = fakeSession(transport);
    const started = startFake(session);
    setTimeout(() => transport.end(), 0);
    const error = await failure(started);
    assert.ok(error instanceof ConnectionError, `at ${at}: ${error}`);
    assert.match(error.message, /the server closed it/);
  }
});

test("Session.start() takes settings, notices and notifications between any two messages", async () => {
  const between = [backend.parameterStatus("x", "y"), backend.notice(), backend.notification()];
  const { session } = await connectFake(({ type }, usual) =>
    type === "" ? [...between, ...usual.flatMap((one) => [one, ...between])] : usual
  );
  assert.equal(session.parameters.get("x"), "y");
  assert.deepEqual(await rowsOf(session, "select $1", [3]), [{ n: 3 }]);
  await session.close();
});

test("Session.start() rejects once when two fatal errors come", async () => {
  const fatal = backend.error("57P03", "the database system is starting up", "FATAL");
  const transport = new FakeTransport(() => [fatal, fatal]);
  const error = await failure(startFake(fakeSession(transport)));
  assert.ok(error instanceof ConnectionError);
  assert.equal(error.sqlState, "57P03");
  assert.equal(error.retryable, true);
});

// --- queries ---------------------------------------------------------------------------------------------------------

/** Every message a server has, well formed. */
const EVERY: Readonly<Record<string, Uint8Array>> = {
  AuthenticationOk: backend.authenticationOk(),
  BackendKeyData: backend.backendKeyData(),
  BindComplete: backend.bindComplete(),
  CloseComplete: backend.closeComplete(),
  CommandComplete: backend.commandComplete(),
  CopyData: message("d", int4(1)),
  CopyDone: message("c"),
  CopyInResponse: message("G", new Uint8Array(3)),
  CopyOutResponse: message("H", new Uint8Array(3)),
  CopyBothResponse: message("W", new Uint8Array(3)),
  DataRow: backend.dataRow(int4(1)),
  EmptyQueryResponse: backend.emptyQueryResponse(),
  NegotiateProtocolVersion: message("v", 0, 0),
  NoData: backend.noData(),
  ParameterDescription: backend.parameterDescription(),
  ParseComplete: backend.parseComplete(),
  PortalSuspended: message("s"),
  ReadyForQuery: backend.readyForQuery(),
  RowDescription: backend.rowDescription(["n", 23]),
};

/** Runs a warm-up and then `count` queries while a script answers. */
async function runAgainst(script: Script, count = 3): Promise<{
  session: Session;
  transport: FakeTransport;
  outcomes: Promise<Record<string, unknown>[]>[];
}> {
  const { session, transport } = await connectFake(script);
  const outcomes = Array.from({ length: count }, (_, index) => rowsOf(session, "select $1", [index]));
  return { session, transport, outcomes };
}

test("Session refuses every message that is not due, at each stage of a statement", async () => {
  let refused = 0;
  const stages = [
    ...["P", "D", "B", "E", "S"].map((stage) => [stage, false] as const),
    ...["B", "E", "S"].map((stage) => [stage, true] as const),
  ];
  for (const [name, stray] of Object.entries(EVERY)) {
    for (const [stage, isPrepared] of stages) {
      let isArmed = !isPrepared;
      const { session } = await connectFake(({ type }, usual) => {
        if (!isArmed || type !== stage) return usual;
        isArmed = false;
        return [stray, ...usual];
      });
      if (isPrepared) await rowsOf(session, "select $1", [9]);
      isArmed = true;
      const results = await settled([0, 1, 2].map((value) => rowsOf(session, "select $1", [value])));
      for (const [index, one] of results.entries()) {
        if (one.status === "rejected") {
          assert.ok(one.reason instanceof ConnectionError, `${name} at ${stage}: ${one.reason}`);
          assert.equal(session.state, "closed");
        } else {
          // What is as good as the due one is taken, and can only add to the statement's own answer.
          const rows = one.value as { n: number }[];
          assert.ok(
            rows.length >= 1 && rows.at(-1)!.n === index,
            `${name} at ${stage}: ${JSON.stringify(rows)}`,
          );
        }
      }
      if (session.state === "closed") refused++;
      session.destroy();
    }
  }
  assert.ok(refused >= 140, `only ${refused} were refused`);
});

for (
  const [name, stray] of Object.entries({ ...EVERY, ErrorResponse: backend.error("XX000") })
) {
  test(`Session refuses ${name} while it is idle`, async () => {
    const { session, transport } = await connectFake();
    await rowsOf(session, "select $1", [1]);
    transport.send(stray);
    assert.equal(session.state, "closed");
    const error = await failure(rowsOf(session, "select $1", [1]));
    assert.ok(error instanceof ConnectionError);
    assert.equal(error.neverSent, true);
  });
}

const MALFORMED: readonly (readonly [problem: string, when: string, bytes: Uint8Array, name: string])[] = [
  ["a row with a column too many", "E", backend.dataRow(int4(1), int4(1)), "DataRow"],
  ["a row without columns", "E", backend.dataRow(), "DataRow"],
  ["a row with no body", "E", message("D"), "DataRow"],
  ["a row whose column has a length of -2", "E", message("D", new Uint8Array([0, 1]), -2), "DataRow"],
  ["a row whose column is longer than it", "E", message("D", new Uint8Array([0, 1]), 5, int4(1)), "DataRow"],
  [
    "a row whose column is 2 GB",
    "E",
    message("D", new Uint8Array([0, 1]), 2 ** 31 - 1, int4(1)),
    "DataRow",
  ],
  ["a row with bytes left over", "E", message("D", new Uint8Array([0, 1]), 4, int4(1), int4(1)), "DataRow"],
  ["a command tag without its end", "E", message("C", new Uint8Array([65])), "CommandComplete"],
  ["a command tag with bytes left over", "E", message("C", "a", "b"), "CommandComplete"],
  ["a ReadyForQuery of two bytes", "S", message("Z", new Uint8Array([73, 73])), "ReadyForQuery"],
  ["a ReadyForQuery with the status X", "S", backend.readyForQuery("X"), "ReadyForQuery"],
  [
    "a RowDescription of fewer columns than it says",
    "D",
    message("T", new Uint8Array([9, 9])),
    "RowDescription",
  ],
  [
    "a RowDescription with a name that is not UTF-8",
    "D",
    message(
      "T",
      new Uint8Array([0, 1, 0xff, 0xfe, 0]),
      0,
      new Uint8Array(2),
      23,
      new Uint8Array(2),
      -1,
      new Uint8Array(2),
    ),
    "RowDescription",
  ],
  [
    "a ParameterDescription of 65,535 types in no bytes",
    "D",
    message("t", new Uint8Array([255, 255])),
    "ParameterDescription",
  ],
  ["an ErrorResponse without its end", "E", message("E", new Uint8Array([67])), "ErrorResponse"],
  ["an ErrorResponse that is empty", "E", message("E"), "ErrorResponse"],
  ["a notice without its end", "E", message("N", new Uint8Array([77, 65])), "NoticeResponse"],
  ["a notification without a payload", "E", message("A", 1, "channel"), "NotificationResponse"],
];

for (const [problem, when, bytes, name] of MALFORMED) {
  test(`Session refuses ${problem}`, async () => {
    const { session, outcomes } = await runAgainst(({ type }, usual) => {
      if (type !== when) return usual;
      // Behind what is due before it.
      if (name === "RowDescription") return [usual[0], bytes];
      return type === "S" || type === "D" ? [bytes] : [bytes, ...usual];
    });
    await assertViolated(session, outcomes, name);
  });
}

test("Session names a value that is malformed as its column's, and goes on", async () => {
  let isOdd = true;
  const { session } = await connectFake(({ type }, usual) => {
    if (type !== "E" || !isOdd) return usual;
    isOdd = false;
    return [backend.dataRow(new Uint8Array(3)), backend.commandComplete()];
  });
  const [broken, whole] = await settled([rowsOf(session, "select 1"), rowsOf(session, "select $1", [2])]);
  assert.equal(broken.status, "rejected");
  assert.match(
    String((broken as PromiseRejectedResult).reason),
    /DecodeError: Cannot decode column "n" of type int4/,
  );
  assert.deepEqual(whole, { status: "fulfilled", value: [{ n: 2 }] });
  await session.close();
});

test("Session takes an ErrorResponse without a SQLSTATE as one of an internal error", async () => {
  const { session } = await connectFake(({ type }, usual) =>
    type === "E" ? [message("E", new Uint8Array(1))] : usual
  );
  const error = await failure(rowsOf(session, "select 1"));
  assert.equal((error as { sqlState?: string }).sqlState, "XX000");
  assert.equal(session.state, "ready");
  await session.close();
});

test("Session refuses a ReadyForQuery that nobody asked for and one that is missing its statement", async () => {
  const twice = await runAgainst(
    ({ type }, usual) => type === "S" ? [...usual, ...usual, ...usual, ...usual] : usual,
    1,
  );
  await settled(twice.outcomes);
  assert.equal(twice.session.state, "closed");
  const early = await runAgainst(({ type }, usual) => type === "E" ? [] : usual, 2);
  await assertViolated(early.session, early.outcomes, "ReadyForQuery");
});

test("Session refuses an error that comes twice for one statement", async () => {
  const failing: Script = ({ type }, usual) =>
    type === "E" ? [backend.error("22012"), backend.error("22012")] : usual;
  const { session, outcomes } = await runAgainst(failing, 2);
  await assertViolated(session, outcomes, "ErrorResponse");
});

test("Session gives the answers of statements to their callers however they are interleaved with asides", async () => {
  const notices: string[] = [];
  const notifications: string[] = [];
  const parameters: string[] = [];
  let count = 0;
  const asides = (): Uint8Array[] => {
    count++;
    return [
      backend.notice(`notice ${count}`),
      backend.notification("c", String(count)),
      backend.parameterStatus("application_name", String(count)),
    ];
  };
  const { session } = await connectFake((_, usual) =>
    _.type === "" ? usual : [...asides(), ...usual.flatMap((one) => [one, ...asides()])]
  );
  session.listener = {
    progress() {},
    closed() {},
    notice: (fields) => notices.push(fields.get("M")!),
    notification: ({ payload }) => notifications.push(payload),
    parameter: (_, value) => parameters.push(value),
  };
  const rows = await Promise.all(
    Array.from(
      { length: 50 },
      (_, index) => rowsOf(session, "select $1", [index], { readOnly: index % 3 > 0 }),
    ),
  );
  assert.deepEqual(rows, Array.from({ length: 50 }, (_, index) => [{ n: index }]));
  const expected = Array.from({ length: count }, (_, index) => String(index + 1));
  assert.deepEqual(notifications, expected);
  assert.deepEqual(parameters, expected);
  assert.deepEqual(notices, expected.map((one) => `notice ${one}`));
  await session.close();
});

test("Session rejects everything once when two fatal errors come in the midst of a pipeline", async () => {
  const fatal = backend.error("57P01", "terminating connection due to administrator command", "FATAL");
  let executes = 0;
  const { session, outcomes } = await runAgainst(({ type }, usual) => {
    if (type === "E" && ++executes === 3) return [fatal, fatal];
    return executes >= 3 ? [] : usual;
  }, 6);
  const results = await settled(outcomes);
  assert.deepEqual(results.map((one) => one.status), [
    "fulfilled",
    "fulfilled",
    ...Array.from({ length: 4 }, () => "rejected"),
  ]);
  for (const one of results.slice(2)) {
    const { reason } = one as PromiseRejectedResult;
    assert.ok(reason instanceof ConnectionError);
    assert.equal(reason.sqlState, "57P01");
  }
  assert.equal(session.state, "closed");
});

test("Session tells its owner once of everything that was left without an answer, in order", async () => {
  const shared = knowledge();
  const { session: first } = await connectFake(undefined, { shared });
  await rowsOf(first, "a");
  await first.close();
  const { session, transport } = await connectFake(mute, { shared });
  const told: string[][] = [];
  session.listener = {
    progress() {},
    closed(_, error, unsettled) {
      told.push(unsettled.map((one) => one.text));
      for (const one of unsettled) one.reject(error);
    },
  };
  const queries = [submit(session, "a"), submit(session, "b"), submit(session, "a")];
  setTimeout(() => transport.end(), 5);
  const results = await settled(queries.map((query) => query.promise));
  assert.ok(results.every((one) => one.status === "rejected"));
  assert.deepEqual(told, [["a", "b", "a"]]);
  assert.deepEqual(queries.map((query) => query.sent), [true, false, false]);
});

test("Session.close() lets what is in flight be answered and never waits for ever", async () => {
  const { session } = await connectFake();
  await rowsOf(session, "select $1", [1]);
  const last = rowsOf(session, "select $1", [2]);
  await session.close();
  assert.deepEqual(await last, [{ n: 2 }]);
  const { session: deaf, transport } = await connectFake();
  transport.close = () => {};
  const start = awakeTime();
  await deaf.close();
  assert.ok(awakeTime() - start < 3_000);
});

test("Session.close() does not wait for ever for answers that nobody waits for", async () => {
  let isMute = false;
  const { session } = await connectFake((_, usual) => isMute ? [] : usual);
  await rowsOf(session, "select 1");
  isMute = true;
  const query = submit(session, "select 1");
  const rejected = assert.rejects(query.promise, /given up/);
  await later(1);
  session.giveUp(query, () => new Error("given up"));
  await rejected;
  const start = awakeTime();
  await session.close();
  assert.ok(awakeTime() - start < 3_000);
});

test("Session refuses a client_encoding in which texts would be garbled", async () => {
  const { session, transport } = await connectFake();
  transport.send(backend.parameterStatus("client_encoding", "UTF8"));
  assert.equal(session.state, "ready");
  transport.send(backend.parameterStatus("client_encoding", "LATIN1"));
  assert.equal(session.state, "closed");
});

// --- deadlines and cancels -------------------------------------------------------------------------------------------

test("Session settles a statement whose preparation is never answered by its deadline", async () => {
  const { session } = await connectFake(mute);
  const start = awakeTime();
  const results = await settled([
    rowsOf(session, "select 1", [], { timeout: 50 }),
    rowsOf(session, "select 2", [], { timeout: 80 }),
  ]);
  assert.ok(awakeTime() - start < 1_000);
  for (const one of results) assert.match(String((one as PromiseRejectedResult).reason), /QueryTimeoutError/);
  session.destroy();
});

test("Session.giveUp() twice leaves nothing behind that could end a healthy session", async () => {
  let isMute = false;
  const { session, transport } = await connectFake((_, usual) => isMute ? [] : usual);
  await rowsOf(session, "select 1");
  isMute = true;
  const query = submit(session, "select 1");
  await later(5);
  const rejected = assert.rejects(query.promise, /the first/);
  session.giveUp(query, () => new Error("the first"));
  session.giveUp(query, () => new Error("the second"));
  await rejected;
  isMute = false;
  transport.send(...ANSWER);
  assert.deepEqual(await rowsOf(session, "select 1"), [{ n: 1 }]);
  // A timer left behind is found by the runtime when the test ends.
  await session.close();
});

test("Session repeats a CancelRequest that came before its statement", async () => {
  let cancels = 0;
  let isMute = false;
  const { session, transport } = await connectFake((_, usual) => isMute ? [] : usual, {
    cancel: async () => {
      await later(1);
      if (++cancels === 2) transport.send(backend.error("57014"), backend.readyForQuery());
    },
  });
  await rowsOf(session, "select 1");
  isMute = true;
  const start = awakeTime();
  const query = submit(session, "select 1");
  session.giveUp(query, (confirmed) => new Error(`confirmed: ${confirmed}`));
  await assert.rejects(query.promise, /confirmed: false/);
  assert.ok(awakeTime() - start < 1_000);
  isMute = false;
  assert.deepEqual(await rowsOf(session, "select 1"), [{ n: 1 }]);
  assert.equal(cancels, 2);
  await session.close();
});

test("Session sends a preparation again that a cancel for another statement hit", async () => {
  let release: (() => void) | undefined;
  let parses = 0;
  const { session, transport } = await connectFake(({ type, body }, usual) => {
    const text = new TextDecoder().decode(body);
    if (type === "P" && text.includes("victim") && ++parses === 1) {
      return [backend.error("57014", "canceling statement due to user request")];
    }
    if (parses === 1 && type === "D") return [];
    return usual;
  }, {
    cancel: () => new Promise<void>((resolve) => release = resolve),
  });
  await rowsOf(session, "warm");
  const victim = rowsOf(session, "victim");
  const cancelled = session.cancel();
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(parses, 1, "nothing may be written while a cancel is on its way");
  release!();
  await cancelled;
  assert.deepEqual(await victim, [{ n: 1 }]);
  assert.equal(parses, 2);
  assert.equal(transport.isClosed, false);
  await session.close();
});

test("Session does not take a later statement's own cancellation for a cancel's mistake", async () => {
  let executes = 0;
  const { session } = await connectFake(({ type }, usual) =>
    type === "E" && ++executes > 1
      ? [backend.error("57014", "canceling statement due to statement timeout")]
      : usual
  );
  await rowsOf(session, "select 1");
  await session.cancel();
  const error = await failure(rowsOf(session, "select 1"));
  assert.equal((error as { sqlState?: string }).sqlState, "57014");
  assert.equal(executes, 2);
  await session.close();
});

test("Session cancels a statement nobody waits for any more only once it holds others up", async () => {
  let cancels = 0;
  let isMute = false;
  const { session, transport } = await connectFake((_, usual) => isMute ? [] : usual, {
    cancel: async () => {
      cancels++;
      await later(1);
      transport.send(backend.error("57014"), backend.readyForQuery());
    },
  });
  await rowsOf(session, "slow");
  isMute = true;
  const first = submit(session, "slow");
  const second = submit(session, "slow");
  const third = submit(session, "slow");
  await later(5);
  session.giveUp(second, () => new Error("given up"));
  await assert.rejects(second.promise, /given up/);
  await later(40);
  assert.equal(cancels, 0, "the first must not be hit");
  transport.send(...ANSWER);
  await first.promise;
  isMute = false;
  await later(60);
  assert.equal(cancels, 1);
  transport.send(...ANSWER);
  await third.promise;
  assert.deepEqual(await rowsOf(session, "slow"), [{ n: 1 }]);
  await session.close();
});

test("Session treats an error at the end of finished reads as nobody's", async () => {
  let isLate = false;
  const { session } = await connectFake(({ type }, usual) =>
    type === "S" && isLate ? [backend.error("40001"), ...usual] : usual
  );
  await rowsOf(session, "select $1", [1]);
  isLate = true;
  const reads = [1, 2].map((value) => rowsOf(session, "select $1", [value], { readOnly: true }));
  assert.deepEqual(await Promise.all(reads), [[{ n: 1 }], [{ n: 2 }]]);
  const error = await failure(rowsOf(session, "select $1", [3]));
  assert.equal(
    (error as { sqlState?: string }).sqlState,
    "40001",
    "a write does fail when it cannot be committed",
  );
  isLate = false;
  assert.deepEqual(await rowsOf(session, "select $1", [4]), [{ n: 4 }]);
  await session.close();
});
