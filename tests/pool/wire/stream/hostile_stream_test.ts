/** Cursors and COPY with a server that breaks the protocol at every step, or cuts the stream there. */
import assert from "node:assert/strict";
import { copyIn } from "../../../../pool/wire/stream/copy_in.ts";
import { copyOut } from "../../../../pool/wire/stream/copy_out.ts";
import { LifeguardError } from "../../../../pool/wire/errors.ts";
import { openRowStream } from "../../../../pool/wire/stream/row_stream.ts";
import type { Session } from "../../../../pool/wire/session/session.ts";
import { inTime } from "../../../awake_time.ts";
import { test } from "../../../harness.ts";
import { backend, connectFake, int4, message, type Script } from "../session/fake_backend.ts";
import { rejection } from "../session/live_session.ts";

const copyResponse = (type: "G" | "H"): Uint8Array => message(type, new Uint8Array([0, 0, 0]));
const copyData = (text: string): Uint8Array => message("d", new TextEncoder().encode(text));
const copyDone = (): Uint8Array => message("c");

interface Scenario {
  readonly run: (session: Session) => Promise<unknown>;
  /** What a good server answers to the messages of the client after the startup, by type, one list a message. */
  readonly answers: Readonly<Record<string, readonly Uint8Array[][]>>;
}

const row = (n: number): Uint8Array => backend.dataRow(int4(n));
const PREPARE = { P: [[backend.parseComplete()]] };
const DESCRIBE = { D: [[backend.parameterDescription(), backend.rowDescription(["n", 23])]] };

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "a cursor": {
    run: async (session) => {
      const rows: unknown[] = [];
      for await (const one of openRowStream(session, "select n", [], { batchSize: 2 })) rows.push(one);
      assert.deepEqual(rows, [{ n: 1 }, { n: 2 }, { n: 3 }]);
    },
    answers: {
      ...PREPARE,
      ...DESCRIBE,
      B: [[backend.bindComplete()]],
      E: [[row(1), row(2), message("s")], [row(3), backend.commandComplete("SELECT 3")]],
    },
  },
  "a COPY in": {
    run: async (session) => assert.equal(await copyIn(session, "copy t from stdin", ["1\n", "2\n"]), 2),
    answers: {
      ...PREPARE,
      B: [[backend.bindComplete()]],
      E: [[copyResponse("G")]],
      c: [[backend.commandComplete("COPY 2")]],
    },
  },
  "a COPY out": {
    run: async (session) => {
      assert.equal(await new Response(copyOut(session, "copy t to stdout")).text(), "1\n2\n");
    },
    answers: {
      ...PREPARE,
      B: [[backend.bindComplete()]],
      E: [[
        copyResponse("H"),
        copyData("1\n"),
        copyData("2\n"),
        copyDone(),
        backend.commandComplete("COPY 2"),
      ]],
    },
  },
};

/** A server that answers as it should, but for one message, counted from the first after startup. */
function scriptOf(
  { answers }: Scenario,
  fault: (answer: Uint8Array, index: number) => Uint8Array[] | "close",
): Script {
  const counts: Record<string, number> = {};
  let index = 0;
  return ({ type }, usual) => {
    if (type === "") return usual;
    const nth = counts[type] = (counts[type] ?? -1) + 1;
    const planned = type === "S" ? [backend.readyForQuery()] : answers[type]?.[nth] ?? [];
    const sent: Uint8Array[] = [];
    for (const answer of planned) {
      const replaced = fault(answer, index++);
      if (replaced === "close") return "close";
      sent.push(...replaced);
    }
    return sent;
  };
}

/** How many messages the server sends in a scenario that goes well. */
async function lengthOf(scenario: Scenario): Promise<number> {
  let length = 0;
  const { session } = await connectFake(scriptOf(scenario, (answer, index) => {
    length = index + 1;
    return [answer];
  }));
  await scenario.run(session);
  assert.equal(session.depth, 0);
  session.destroy();
  return length;
}

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  test(`Session survives notices, settings and notifications between any messages of ${name}`, async () => {
    const between = [backend.notice(), backend.parameterStatus("a", "b"), backend.notification()];
    const { session } = await connectFake(scriptOf(scenario, (answer) => [...between, answer]));
    await scenario.run(session);
    session.destroy();
  });

  test(`Session settles ${name} at once when the stream ends before any message`, async () => {
    const length = await lengthOf(scenario);
    for (let at = 0; at < length; at++) {
      const { session } = await connectFake(
        scriptOf(scenario, (answer, index) => index === at ? "close" : [answer]),
      );
      const error = await rejection(scenario.run(session));
      assert.ok(error instanceof LifeguardError, `${at}: ${error}`);
      assert.equal(session.state, "closed");
    }
  });

  test(`Session refuses every message out of order in ${name}`, async () => {
    const length = await lengthOf(scenario);
    const ready = backend.readyForQuery();
    const intruders = [
      backend.parseComplete(),
      backend.bindComplete(),
      backend.closeComplete(),
      backend.rowDescription(["n", 23]),
      backend.noData(),
      backend.parameterDescription(),
      row(9),
      message("s"),
      backend.commandComplete("COPY 9"),
      backend.emptyQueryResponse(),
      copyResponse("G"),
      copyResponse("H"),
      message("W", new Uint8Array([0, 0, 0])),
      copyData("x"),
      copyDone(),
      ready,
      backend.readyForQuery("?"),
      message("K", 1, 2),
      message("R", 0),
    ];
    for (let at = 0; at < length; at++) {
      for (const intruder of intruders) {
        // The fault stands before the right message, so that two messages of a kind follow each other too.
        const { session } = await connectFake(
          scriptOf(scenario, (answer, index) => index === at ? [intruder, answer] : [answer]),
        );
        const label = `${String.fromCharCode(intruder[0])} before message ${at}`;
        const outcome = await inTime(
          scenario.run(session).then(() => "ok", (error: unknown) => error),
          1_000,
          () => `${label}: nothing happens`,
        );
        // Rows and data that a server invents cannot be told from its own, so some are only wrong.
        assert.ok(
          outcome === "ok" || outcome instanceof LifeguardError || outcome instanceof assert.AssertionError,
          `${label}: ${outcome}`,
        );
        // A second ReadyForQuery comes when all is well already, and closes the connection.
        const isSecond = at === length - 1 && intruder === ready;
        if (isSecond) assert.equal(session.state, "closed");
        else if (!isPlausible(intruder)) {
          assert.ok(outcome instanceof LifeguardError, `${label}: ${outcome}`);
        }
        session.destroy();
      }
    }
  });
}

/** Whether a message may be of use where the test puts it. */
function isPlausible(intruder: Uint8Array): boolean {
  return "DdscCIGHTnt".includes(String.fromCharCode(intruder[0]));
}
