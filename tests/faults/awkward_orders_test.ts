/** Fault 9: the server sends what it may send at any time, wherever it is awkward. */
import assert from "node:assert/strict";
import { inspect, isDeepStrictEqual } from "node:util";
import { sql } from "../../pool/mod.ts";
import { ConnectionError } from "../../pool/wire/errors.ts";
import { backend } from "../pool/wire/session/fake_backend.ts";
import { openPool, settled, until } from "../pool/tier/pools.ts";
import { needs } from "../services/client.ts";
import { CONVERSATIONS } from "./conversations.ts";
import { fault } from "./fault.ts";
import {
  messagesOf,
  type Outcome,
  record,
  type RecordedMessage,
  replay,
  withMessages,
} from "./recorded_session.ts";

/** What belongs to nobody, marked by where it was put. */
function asidesAt(gap: number): Uint8Array[] {
  return [
    backend.notice(`inserted ${gap}`),
    backend.notification("inserted", String(gap)),
    backend.parameterStatus("inserted", String(gap)),
  ];
}

/** How asides put into a gap are heard. */
function heardAt(gap: number): unknown[] {
  return [
    ["notice", ["S", "NOTICE"], ["V", "NOTICE"], ["C", "00000"], ["M", `inserted ${gap}`]],
    ["notification", "inserted", String(gap), 7],
    ["parameter", "inserted", String(gap)],
  ];
}

/** Messages with others in some gaps; gap 0 is before the first. What is inserted comes as early as it can. */
function inserted(
  messages: readonly RecordedMessage[],
  gaps: ReadonlySet<number>,
  what: (gap: number) => Uint8Array[],
): RecordedMessage[] {
  const result: RecordedMessage[] = [];
  for (let gap = 0; gap <= messages.length; gap++) {
    const after = gap === 0 ? messages[0].after : messages[gap - 1].after;
    if (gaps.has(gap)) result.push(...what(gap).map((bytes) => ({ bytes, after })));
    if (gap < messages.length) result.push(messages[gap]);
  }
  return result;
}

const isInserted = (aside: unknown): boolean => JSON.stringify(aside).includes("inserted");

fault(
  9,
  "notices, notifications and settings come between any two messages → nothing is lost, nothing is mixed up",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    let gaps = 0;
    for (const [kind, conversation] of Object.entries(CONVERSATIONS)) {
      const recording = await record(conversation);
      const messages = messagesOf(recording);
      // What comes after the last answer meets a session that is being closed.
      const all = Array.from({ length: messages.length }, (_, gap) => gap);
      for (const chosen of [...all.map((gap) => [gap]), all]) {
        const changed = withMessages(recording, inserted(messages, new Set(chosen), asidesAt));
        const { result, asides } = await replay(changed, {});
        assert.deepEqual(result, recording.outcome.result, `${kind}, gaps ${chosen}`);
        assert.deepEqual(asides.filter((aside) => !isInserted(aside)), recording.outcome.asides, kind);
        assert.deepEqual(asides.filter(isInserted), chosen.flatMap(heardAt), `${kind}, gaps ${chosen}`);
      }
      gaps += messages.length;
    }
    report.figure("gaps between messages of real sessions", gaps, "gaps", { least: 300 });
  },
);

/** Whether a result is what was expected, but for calls that were rejected because the server said farewell. */
function isPartOf(actual: unknown, expected: unknown): boolean {
  if (isDeepStrictEqual(actual, expected)) return true;
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length === expected.length) {
    return actual.every((item, index) => isPartOf(item, expected[index]));
  }
  const text = (actual as { text?: string } | undefined)?.text ?? String(actual);
  return text.startsWith("ConnectionError: ") && /57P01|is closed/.test(text);
}

fault(
  9,
  "two FATAL errors come between any two messages → each call has its answer or the error, once",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    const fatal = backend.error("57P01", "terminating connection due to administrator command", "FATAL");
    let gaps = 0;
    for (const [kind, conversation] of Object.entries(CONVERSATIONS)) {
      const recording = await record(conversation);
      const messages = messagesOf(recording);
      for (let gap = 0; gap < messages.length; gap++) {
        const cut = inserted(messages, new Set([gap]), () => [fatal, fatal]);
        const [outcome] = await settled([replay(withMessages(recording, cut), {})], 5_000);
        if (outcome.status === "rejected") {
          const { reason } = outcome;
          assert.ok(reason instanceof ConnectionError, `${kind}, gap ${gap}: ${reason}`);
        } else {
          const { result } = outcome.value as Outcome;
          assert.ok(
            isPartOf(result, recording.outcome.result),
            `${kind}, gap ${gap}: ${inspect(result)}`,
          );
        }
      }
      gaps += messages.length;
    }
    report.figure("gaps in which a session ended", gaps, "gaps", { least: 300 });
  },
);

fault(
  9,
  "a real server raises notices, notifies and changes settings under load → every call has its own answer",
  { ...needs("primary"), timeout: 60_000 },
  async (report) => {
    const count = 600;
    const channel = `lifeguard_${crypto.randomUUID().slice(0, 8)}`;
    await using pool = openPool({ max: 4, min: 0 });
    const heard: string[] = [];
    await using _subscription = await pool.listen(channel, (payload) => void heard.push(payload));
    const calls = Array.from({ length: count }, async (_, n) => {
      const tag = `tag ${n}`;
      if (n % 3 === 0) {
        await pool.execute(sql`do ${sql.unsafe(`$$ begin raise notice 'notice ${n}'; end $$`)}`);
      }
      const row = await pool.one<{ tag: string }>(
        sql`select ${tag}::text as tag, set_config('application_name', ${tag}, false), pg_notify(${channel}, ${tag})`,
      );
      return row.tag === tag;
    });
    const own = (await Promise.all(calls)).filter(Boolean).length;
    await until("every notification is heard", () => heard.length >= count);
    report.figure("calls with their own answer", own, "calls", { least: count });
    report.figure("notifications heard, each once", new Set(heard).size, "notifications", { least: count });
    assert.equal(heard.length, count);
  },
);
