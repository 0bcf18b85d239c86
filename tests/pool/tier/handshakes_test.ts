/** The handshakes of a pool: the invariants of handshakes.ts, under random use. */
import assert from "node:assert/strict";
import { type Handshake, type HandshakePeer, Handshakes } from "../../../pool/tier/handshakes.ts";
import { awakeTime } from "../../awake_time.ts";
import { test } from "../../harness.ts";
import { randomNumbers, SEED } from "../../random.ts";
import { sleep, until } from "./pools.ts";

const never = new AbortController().signal;

test("Handshakes keeps one of its two places for the primary, and one from it", async () => {
  const handshakes = new Handshakes();
  const primary = handshakes.line("primary");
  const replicas = [handshakes.line("replica"), handshakes.line("replica")];
  const first = await replicas[0].begin(never);
  const turns: string[] = [];
  const second = replicas[1].begin(never).then((handshake) => (turns.push("replica"), handshake));
  const held = await primary.begin(never);
  const third = primary.begin(never).then((handshake) => (turns.push("primary"), handshake));
  await sleep(20);
  assert.deepEqual(turns, [], "a third handshake began");
  // The primary has one place already, so the other goes to the replica, although it asked first of all.
  first.end("made");
  const other = await second;
  await sleep(20);
  assert.deepEqual(turns, ["replica"]);
  held.end("made");
  (await third).end("made");
  // While no replica waits the primary has both.
  const [one, two] = [await primary.begin(never), await Promise.race([primary.begin(never), sleep(20)])];
  assert.equal(two, undefined, "a replica has a place");
  other.end("made");
  await sleep(0);
  one.end("made");
});

test("Handshakes gives up a wait with its signal's reason, and its place to the next", async () => {
  const handshakes = new Handshakes();
  const line = handshakes.line("replica");
  const first = await line.begin(never);
  const controller = new AbortController();
  const gone = line.begin(controller.signal);
  const next = line.begin(never);
  controller.abort(new Error("not wanted any more"));
  await assert.rejects(gone, /not wanted any more/);
  await assert.rejects(line.begin(controller.signal), /not wanted any more/);
  first.end("failed");
  (await next).end("unused");
  assert.throws(() => first.end("made"), /BUG/);
});

test("Handshakes lets at most ten of a second fail, five of them a replica's, whoever asks", {
  timeout: 60_000,
}, async () => {
  const random = randomNumbers(SEED);
  const handshakes = new Handshakes();
  const begun: Record<HandshakePeer, number[]> = { primary: [], replica: [] };
  const underWay = { primary: 0, replica: 0 };
  const controller = new AbortController();
  let most = 0;
  const ask = async (peer: HandshakePeer): Promise<void> => {
    const line = handshakes.line(peer);
    while (!controller.signal.aborted) {
      const handshake: Handshake | undefined = await line.begin(controller.signal).catch(() => undefined);
      if (handshake === undefined) return;
      const at = performance.now();
      underWay[peer]++;
      most = Math.max(most, underWay.primary + underWay.replica);
      assert.ok(underWay.replica <= 1, "two with replicas");
      await sleep(random() * 10);
      underWay[peer]--;
      const isFailure = random() < 0.5;
      if (isFailure) begun[peer].push(at);
      handshake.end(isFailure ? "failed" : "made");
    }
  };
  const asking = Promise.all([
    ...Array.from({ length: 3 }, () => ask("primary")),
    ...Array.from({ length: 5 }, () => ask("replica")),
  ]);
  const end = awakeTime() + 2_300;
  while (awakeTime() < end) await sleep(10);
  controller.abort();
  await asking;
  const inOneSecond = (times: readonly number[]): number =>
    Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 990).length));
  const all = [...begun.primary, ...begun.replica].sort((a, b) => a - b);
  console.log(
    `Handshakes that failed within a second (seed ${SEED}): ${inOneSecond(all)}, of them with replicas ${
      inOneSecond(begun.replica)
    }; ${all.length} in 2.3 s`,
  );
  assert.equal(most, 2);
  assert.ok(inOneSecond(all) <= 10);
  assert.ok(inOneSecond(begun.replica) <= 5);
  assert.ok(begun.primary.length >= 5 && begun.replica.length >= 5, "one kept the other from its part");
});

test("Handshakes serves a line by turns", async () => {
  const handshakes = new Handshakes();
  const order: number[] = [];
  const asking = [0, 1, 2].map(async (name) => {
    const line = handshakes.line("replica");
    for (let round = 0; round < 5; round++) {
      const handshake = await line.begin(never);
      order.push(name);
      await sleep(1);
      handshake.end("made");
    }
  });
  await Promise.all(asking);
  await until("all had their turns", () => order.length === 15);
  for (let at = 0; at + 3 <= order.length; at += 3) {
    assert.deepEqual(order.slice(at, at + 3).sort(), [0, 1, 2], order.join(" "));
  }
});
