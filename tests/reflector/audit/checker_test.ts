/** Right histories are judged clean; of wrong ones exactly the reads are blamed that a plain, slow judge blames. */
import assert from "node:assert/strict";
import { HistoryChecker } from "../../../reflector/audit/checker.ts";
import {
  endOf,
  type HistoryEvent,
  type ReadEvent,
  type ReadMode,
  type WriteEvent,
} from "../../../reflector/audit/history.ts";
import { type Judgement, judgementText } from "../../../reflector/audit/judgement.ts";
import { fc } from "../../fast_check.ts";
import { test } from "../../harness.ts";
import { randomNumbers, rounds, SEED } from "../../random.ts";
import { BOUND, madeHistory, spoilt } from "./made_history.ts";

/** Milliseconds that an event of a made history takes at most. */
const LONGEST = 50;
const BOUNDS = { mixedBound: BOUND, replicaBound: BOUND, shown: Infinity };

function judge(events: readonly HistoryEvent[], options: object = {}): Judgement {
  const checker = new HistoryChecker({ ...BOUNDS, ...options });
  for (const event of events) checker.add(event);
  checker.finish();
  return checker.take();
}

/** The same events, added and settled in pieces as a campaign does: in the order in which they ended. */
function judgeStreaming(events: readonly HistoryEvent[], step: number): Judgement {
  const checker = new HistoryChecker({ ...BOUNDS, window: 2_000 });
  const ordered = [...events].sort((a, b) => endOf(a) - endOf(b));
  ordered.forEach((event, index) => {
    checker.add(event);
    if (index % step === step - 1) checker.settle(endOf(event) - LONGEST);
  });
  checker.finish();
  return checker.take();
}

/** A name for each broken promise, to compare two judges. */
function blamed({ violations }: Judgement): string[] {
  return violations.map(({ promise, event }) =>
    `${promise} ${event.key} ${event.session} ${event.sent} ${event.kind}`
  )
    .sort();
}

/** Judges by the words of the promises, with a look at every event for every read. */
function slowJudge(events: readonly HistoryEvent[]): string[] {
  const writes = events.filter((event) => event.kind === "write").map((event) => ({
    ...event,
    state: event.state!,
  }));
  const sure = writes.filter(({ outcome }) => outcome === "acknowledged");
  const ordered = events.filter((event) => event.kind !== "loss").sort((a, b) => endOf(a) - endOf(b));
  const visible: { key: string; at: number; state: number }[] = [];
  const known: { session: string; key: string; at: number; state: number; isWrite: boolean }[] = [];
  const found: string[] = [];
  for (const event of ordered) {
    if (event.kind === "pass") {
      const passed = known.filter(({ session, at, isWrite }) =>
        session === event.from && at < event.taken && isWrite
      );
      known.push(...passed.map((one) => ({ ...one, session: event.to, at: event.accepted })));
      continue;
    }
    const { key, session, sent } = event;
    const most = (all: readonly { at: number; state: number }[], before: number): number =>
      Math.max(-1, ...all.filter(({ at }) => at < before).map(({ state }) => state));
    const name = (promise: string): string => `${promise} ${key} ${session} ${sent} ${event.kind}`;
    if (event.kind === "write") {
      if (event.outcome === "unknown") continue;
      if (most(visible.filter((one) => one.key === key), sent) >= event.state!) found.push(name("order"));
      visible.push({ key, at: event.ended, state: event.state! });
      known.push({ session, key, at: event.ended, state: event.state!, isWrite: true });
      continue;
    }
    // A write of unknown outcome did not happen where another with its number was acknowledged.
    const possible = writes.filter((write) =>
      write.key === key && (write.outcome === "acknowledged" ||
        !sure.some((other) => other.key === key && other.state === write.state))
    );
    const begun = (state: number): number =>
      Math.min(
        ...writes.filter((write) => write.key === key && write.state === state).map(({ sent }) => sent),
      );
    const could = possible.filter(({ state }) => begun(state) <= event.answered);
    const states = could
      .filter((write) => event.found === "absent" ? write.absent : write.state === event.found)
      .map(({ state }) => state);
    if (states.length === 0) {
      found.push(name("unwritten"));
      continue;
    }
    const acknowledged = sure.filter((write) => write.key === key)
      .map(({ ended, state }) => ({ at: ended, state }));
    const needed = {
      primary: () => most(visible.filter((one) => one.key === key), sent),
      strong: () => most(known.filter((one) => one.key === key && one.session === session), sent),
      mixed: () => most(acknowledged, sent - BOUND),
      replica: () => most(acknowledged, sent - BOUND),
    }[event.mode]();
    if (Math.max(...states) < needed) found.push(name(event.mode));
    const oldest = Math.min(...states.filter((state) => state >= needed));
    const state = event.found === "absent" ? (oldest === Infinity ? -1 : oldest) : event.found;
    if (event.mode === "primary") visible.push({ key, at: event.answered, state });
    if (event.mode === "strong") known.push({ session, key, at: event.answered, state, isWrite: false });
  }
  return found.sort();
}

const seeds = fc.integer({ min: 1, max: 2 ** 30 });

test("HistoryChecker judges the histories of a model that keeps every promise clean", () => {
  let judged = 0;
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 50 }), (seed, step) => {
      const events = madeHistory(randomNumbers(seed));
      const judgement = judge(events);
      assert.equal(judgement.broken, 0, judgementText(judgement));
      assert.equal(judgement.judged, events.filter(({ kind }) => kind === "read").length);
      assert.deepEqual(blamed(judgeStreaming(events, step)), []);
      judged += judgement.judged;
    }),
    { numRuns: rounds(150, 5_000) },
  );
  console.log(`${judged} reads of right histories judged, seed ${SEED}`);
});

test("HistoryChecker blames the same reads as a judge that compares every read with every event", () => {
  let broken = 0;
  fc.assert(
    fc.property(seeds, (seed) => {
      const next = randomNumbers(seed);
      const events = spoilt(madeHistory(next, { events: 120 }), next, 0.1);
      const judgement = judge(events);
      assert.deepEqual(blamed(judgement), slowJudge(events));
      broken += judgement.broken;
    }),
    { numRuns: rounds(150, 5_000) },
  );
  assert.ok(broken > 100, `only ${broken} were wrong`);
  console.log(`${broken} broken promises found by both, seed ${SEED}`);
});

test("HistoryChecker settles a stream with the same result as all at once", () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 40 }), (seed, step) => {
      const next = randomNumbers(seed);
      // Without writes of unknown outcome: what a read may have found can become clear too late in a stream.
      const events = spoilt(madeHistory(next, { events: 120, pause: 5, unknown: false }), next, 0.1);
      assert.deepEqual(blamed(judgeStreaming(events, step)), blamed(judge(events)));
    }),
    { numRuns: rounds(150, 2_000) },
  );
});

const KEY = { key: "k", session: "s" } as const;

function write(state: number, sent: number, ended: number, more: Partial<WriteEvent> = {}): WriteEvent {
  return { kind: "write", ...KEY, state, absent: false, sent, ended, outcome: "acknowledged", ...more };
}

function read(
  mode: ReadMode,
  found: ReadEvent["found"],
  sent: number,
  more: Partial<ReadEvent> = {},
): ReadEvent {
  const origin = mode === "primary" ? "primary" : mode === "replica" ? "replica" : "redis";
  return { kind: "read", ...KEY, mode, origin, found, sent, answered: sent + 5, ...more };
}

interface Case {
  readonly what: string;
  readonly events: readonly HistoryEvent[];
  readonly broken: readonly string[];
}

const FIRST = write(1, 0, 10);
const SECOND = write(2, 20, 30);
const OTHER = { session: "t" };

const CASES: readonly Case[] = [
  {
    what: "a mixed hit that is older than the bound",
    events: [FIRST, SECOND, read("mixed", 1, 30 + BOUND + 1)],
    broken: ["mixed"],
  },
  {
    what: "a mixed hit at the edge of the bound",
    events: [FIRST, SECOND, read("mixed", 1, 30 + BOUND)],
    broken: [],
  },
  {
    what: "a read from a replica that lags more than it may",
    events: [FIRST, SECOND, read("replica", 1, 30 + BOUND + 1)],
    broken: ["replica"],
  },
  {
    what: "a strong read older than a write of its session",
    events: [FIRST, SECOND, read("strong", 1, 31)],
    broken: ["strong"],
  },
  {
    what: "a strong read older than the write of another session",
    events: [FIRST, SECOND, read("strong", 1, 31, OTHER)],
    broken: [],
  },
  {
    what: "a strong read older than the one before it",
    events: [FIRST, SECOND, read("strong", 2, 40, OTHER), read("strong", 1, 50, OTHER)],
    broken: ["strong"],
  },
  {
    what: "a strong read that was sent before a newer one was answered",
    events: [FIRST, SECOND, read("strong", 2, 40, OTHER), read("strong", 1, 44, OTHER)],
    broken: [],
  },
  {
    what: "a strong read older than a token that was handed over",
    events: [
      FIRST,
      SECOND,
      { kind: "pass", from: "s", taken: 35, to: "t", accepted: 40 },
      read("strong", 1, 41, OTHER),
    ],
    broken: ["strong"],
  },
  {
    what: "a strong read older than a token taken before the write",
    events: [
      FIRST,
      SECOND,
      { kind: "pass", from: "s", taken: 25, to: "t", accepted: 40 },
      read("strong", 1, 41, OTHER),
    ],
    broken: [],
  },
  {
    what: "a read of the primary older than what was acknowledged",
    events: [FIRST, SECOND, read("primary", 1, 31)],
    broken: ["primary"],
  },
  {
    what: "a read of the primary older than another one, though the write had not been acknowledged",
    events: [FIRST, write(2, 20, 90), read("primary", 2, 40, OTHER), read("primary", 1, 50)],
    broken: ["primary"],
  },
  {
    what: "a value before anybody began to write it",
    events: [FIRST, read("mixed", 2, 12), SECOND],
    broken: ["unwritten"],
  },
  { what: "a value that nobody ever wrote", events: [FIRST, read("mixed", 7, 20)], broken: ["unwritten"] },
  {
    what: "an absence after the row was put back",
    events: [FIRST, write(2, 20, 30, { absent: true }), write(3, 40, 50), read("primary", "absent", 60)],
    broken: ["primary"],
  },
  {
    what: "a row after it was deleted",
    events: [FIRST, write(2, 20, 30, { absent: true }), read("strong", 1, 40)],
    broken: ["strong"],
  },
  {
    what: "a write of unknown outcome that did happen, and one that did not",
    events: [
      FIRST,
      write(2, 20, 30, { outcome: "unknown" }),
      read("primary", 2, 40),
      write(3, 50, 60, { outcome: "unknown" }),
      read("primary", 2, 70),
    ],
    broken: [],
  },
  {
    what: "a number given again after a write that failed",
    events: [
      FIRST,
      write(2, 20, 30, { outcome: "unknown", absent: true }),
      write(2, 40, 50),
      read("primary", 2, 60),
      read("primary", 1, 70),
    ],
    broken: ["primary"],
  },
  {
    what: "a value of a write that never told its number",
    events: [FIRST, write(1, 20, 30, { state: undefined, outcome: "unknown" }), read("primary", 2, 40)],
    broken: [],
  },
  { what: "two acknowledged writes of one number", events: [FIRST, write(1, 20, 30)], broken: ["order"] },
  {
    what: "a read that met a loss",
    events: [FIRST, SECOND, { kind: "loss", from: 200, until: 300 }, read("primary", 1, 250)],
    broken: [],
  },
];

for (const { what, events, broken } of CASES) {
  test(`HistoryChecker ${broken.length > 0 ? `blames ${what}` : `does not blame ${what}`}`, () => {
    const judgement = judge(events);
    assert.deepEqual(judgement.violations.map(({ promise }) => promise), broken, judgementText(judgement));
  });
}

test("HistoryChecker allows for clocks that differ, but not within a session", () => {
  const events = [FIRST, SECOND, read("primary", 1, 31, { session: "u" }), read("strong", 1, 31)];
  assert.deepEqual(judge(events, { skew: 2 }).violations.map(({ promise }) => promise), ["strong"]);
});

test("HistoryChecker tells how many reads it judged, how stale they were, and how many bypassed the cache", () => {
  const judgement = judge([
    FIRST,
    SECOND,
    read("mixed", 1, 70),
    read("mixed", 2, 80, { origin: "primary" }),
    read("strong", 2, 90, { origin: "near" }),
    read("primary", 2, 100),
  ]);
  assert.equal(judgement.judged, 4);
  assert.equal(judgement.writes, 2);
  assert.equal(judgement.bypassed, 1 / 3);
  assert.deepEqual(judgement.tallies[1], { mode: "mixed", origin: "redis", reads: 1, worst: 40 });
  assert.match(
    judgementText(judgement),
    /4 reads judged, 0 not judged, 2 writes; 33\.3 % .* bypassed the cache/,
  );
});

test("HistoryChecker shows the history of a key beside a broken promise", () => {
  const text = judgementText(judge([FIRST, SECOND, read("mixed", 1, 200, { note: "pool 3" })]));
  assert.match(text, /BROKEN "mixed" at key k: s read 1, not 2 or newer; 170 ms stale when it was sent/);
  assert.match(text, /-180\.0 … -170\.0 ms: s wrote 2/);
  assert.match(text, /--> \+0\.0 … \+5\.0 ms: s read 1, mixed from redis \(pool 3\)/);
});

test("HistoryChecker judges millions of reads within a bounded memory", { timeout: 120_000 }, () => {
  const checker = new HistoryChecker({ window: 10_000 });
  const next = randomNumbers(SEED);
  const count = rounds(300_000, 5_000_000);
  const states = new Map<string, number>();
  const start = performance.now();
  for (let index = 0; index < count; index++) {
    const key = `k${Math.floor(next() * 500)}`;
    const at = index / 5;
    const state = states.get(key) ?? 0;
    if (state === 0 || next() < 0.1) {
      states.set(key, state + 1);
      checker.add(write(state + 1, at, at + 0.05, { key, session: `s${index % 40}` }));
    } else checker.add(read("strong", state, at, { key, session: `s${index % 40}`, answered: at + 0.05 }));
    if (index % 10_000 === 0) checker.settle(at);
  }
  checker.finish();
  const judgement = checker.take();
  const seconds = (performance.now() - start) / 1_000;
  assert.equal(judgement.broken, 0, judgementText(judgement));
  assert.ok(judgement.judged > count * 0.85);
  console.log(`${judgement.judged} reads judged in ${seconds.toFixed(1)} s`);
});
