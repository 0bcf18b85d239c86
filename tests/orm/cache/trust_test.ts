/** Trust in the cache: what a number of the watermark is worth is never overrated. */
import assert from "node:assert/strict";
import { Trust, TRUST_WINDOW } from "../../../orm/cache/trust.ts";
import type { SeenWatermark } from "../../../orm/cache/stores/cache_store.ts";
import { test } from "../../harness.ts";
import { randomNumbers, rounds, SEED } from "../../random.ts";

function watermark(change: Partial<SeenWatermark> = {}): SeenWatermark {
  return {
    term: 1,
    epoch: "epoch-1",
    timeline: "7/1",
    database: "shop",
    lsn: 10n,
    floor: 10n,
    seq: 0,
    delay: 1,
    runId: "server-1",
    server: "server-1",
    coverage: "c",
    tables: new Map(),
    shard: 0,
    ...change,
  };
}

test("Trust dates a number by the latest question that showed one two below it", () => {
  const trust = new Trust(() => true);
  assert.equal(trust.saw(watermark({ seq: 4 }), 0), -Infinity);
  assert.equal(trust.saw(watermark({ seq: 4 }), 100), -Infinity);
  assert.equal(
    trust.saw(watermark({ seq: 5 }), 200),
    -Infinity,
    "whether 5 was sent after a question is not known",
  );
  assert.equal(trust.saw(watermark({ seq: 6 }), 300), 100, "6 was sent when 5 was known to be there");
  assert.equal(trust.saw(watermark({ seq: 6 }), 400), 100);
  assert.equal(trust.saw(watermark({ seq: 7 }), 500), 200);
  assert.equal(trust.holds(200 + TRUST_WINDOW), true);
  assert.equal(trust.holds(201 + TRUST_WINDOW), false);
});

test("Trust begins anew with another leadership, server or database, and when the number goes down", () => {
  for (
    const other of [
      { epoch: "epoch-2" },
      { term: 2 },
      { runId: "server-2", server: "server-2" },
      { seq: 3 },
    ]
  ) {
    let epochs = 0;
    const trust = new Trust(() => true, () => epochs++);
    for (const seq of [4, 5, 6, 7]) trust.saw(watermark({ seq }), seq * 100);
    assert.equal(trust.holds(800), true);
    assert.equal(trust.saw(watermark({ seq: 7, ...other }), 800), -Infinity);
    assert.equal(trust.holds(800), false);
    assert.equal(epochs, 1);
  }
  const theirs = new Trust(({ database }) => database === "other");
  for (const seq of [4, 5, 6, 7]) assert.equal(theirs.saw(watermark({ seq }), seq * 100), -Infinity);
  const stranger = new Trust(() => true);
  for (const seq of [4, 5, 6, 7]) {
    assert.equal(stranger.saw(watermark({ seq, server: "restored" }), seq * 100), -Infinity);
  }
});

test("The first canaries of a leadership count from the last question that showed another", () => {
  const trust = new Trust(() => true);
  trust.saw(watermark({ seq: 9 }), 100);
  assert.equal(trust.saw(watermark({ epoch: "epoch-2", seq: 0 }), 200), -Infinity);
  assert.equal(trust.saw(watermark({ epoch: "epoch-2", seq: 1 }), 300), 100);
  assert.equal(trust.saw(watermark({ epoch: "epoch-2", seq: 2 }), 400), 200);
});

test("A late answer of another leadership changes nothing", () => {
  const trust = new Trust(() => true);
  for (const seq of [1, 2, 3, 4]) trust.saw(watermark({ epoch: "epoch-2", term: 2, seq }), seq * 100);
  assert.equal(trust.saw(watermark({ seq: 50 }), 250), -Infinity);
  assert.equal(trust.saw(watermark({ seq: 51 }), 260), -Infinity);
  assert.equal(trust.saw(watermark({ epoch: "epoch-2", term: 2, seq: 5 }), 500), 300);
});

test("Trust never says that a number is current at a later moment than its canary was sent at", () => {
  const random = randomNumbers(SEED);
  let believed = 0;
  for (let round = 0; round < rounds(200, 5_000); round++) {
    const trust = new Trust(() => true);
    let now = 0;
    /** When the canary of the number in the store was sent. */
    let sent = -1;
    let seq = 0;
    /** The next canary, once it is sent. */
    let next: number | undefined;
    /** Questions on their way: executed questions whose answers come later, in any order. */
    const answers: { readonly sentAt: number; readonly seq: number; readonly canary: number }[] = [];
    for (let step = 0; step < 300; step++) {
      // Anything may stand still for any time.
      now += Math.floor(random() ** 8 * 5_000) + 1;
      const dice = random();
      if (dice < 0.25) next ??= now;
      else if (dice < 0.45 && next !== undefined) {
        seq++;
        sent = next;
        next = undefined;
      } else if (dice < 0.8) {
        answers.push({ sentAt: now, seq, canary: sent });
      } else if (answers.length > 0) {
        const [answer] = answers.splice(Math.floor(random() * answers.length), 1);
        const current = trust.saw(watermark({ seq: answer.seq }), answer.sentAt);
        if (current === -Infinity) continue;
        believed++;
        assert.ok(
          current <= answer.canary,
          `seed ${SEED}, round ${round}: ${current} after ${answer.canary}`,
        );
      }
    }
  }
  assert.ok(believed > 1_000, `${believed} answers were believed`);
});
