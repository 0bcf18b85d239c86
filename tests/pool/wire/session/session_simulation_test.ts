/** Sessions against a server simulated in slow motion, so that every order of events has its chance. */

import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { PostgresError } from "../../../../pool/wire/postgres_error.ts";
import { randomNumbers, SEED } from "../../../random.ts";
import { inTime } from "../../../awake_time.ts";
import { test } from "../../../harness.ts";
import { fakeSession, FakeTransport, knowledge, startFake, submit } from "./fake_backend.ts";

/** Events in an order of their own: one is taken from the front of a random queue, a few in each macrotask. */
class Turns {
  readonly #queues: (() => void)[][] = [];
  readonly #chance: () => number;

  constructor(chance: () => number) {
    this.#chance = chance;
  }

  /** A queue whose events stay in order among themselves. */
  queue(): (event: () => void) => void {
    const events: (() => void)[] = [];
    this.#queues.push(events);
    return (event) => void events.push(event);
  }

  /** Resolves after a random number of turns. */
  async pause(most: number): Promise<void> {
    const queue = this.queue();
    for (let left = Math.floor(this.#chance() * most); left >= 0; left--) {
      await new Promise<void>((resolve) => queue(resolve));
    }
  }

  /** Runs until `isDone`. */
  async run(isDone: () => boolean): Promise<void> {
    for (let turn = 0; !isDone(); turn++) {
      const full = this.#queues.filter((queue) => queue.length > 0);
      if (full.length > 0) full[Math.floor(this.#chance() * full.length)].shift()!();
      // Microtasks run between any two events; timers only now and then.
      await Promise.resolve();
      for (let hops = Math.floor(this.#chance() * 20); hops > 0; hops--) await Promise.resolve();
      if (turn % 8 === 0 || full.length === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

interface Tally {
  answered: number;
  failed: number;
  givenUp: number;
  hits: number;
  innocent: number;
}

async function simulate(seed: number, tally: Tally): Promise<void> {
  const chance = randomNumbers(seed);
  const turns = new Turns(chance);
  let isHit = false;
  let underway = 0;
  const transport = new FakeTransport(({ type }, usual, server) => {
    if (type === "S" && underway === 0) isHit = false; // An idle server ignores a cancel.
    if (server.isSkipping && usual.length === 0) return usual;
    if (isHit && (type === "E" || type === "P" || type === "B") && !server.isSkipping) {
      isHit = false;
      tally.hits++;
      return server.fail("57014", "canceling statement due to user request", "ProcessInterrupts");
    }
    if (type === "B" && !server.isSkipping) {
      if (chance() < 0.01) return server.fail("0A000", "cached plan", "RevalidateCachedQuery");
      if (chance() < 0.01) {
        server.deallocate();
        return server.fail("26000");
      }
    }
    return usual;
  });
  const wire = turns.queue();
  transport.carry = (bytes, deliver) => {
    for (let at = 0; at < bytes.length;) {
      const size = 1 + Math.floor(chance() * 12);
      const piece = bytes.subarray(at, at + size);
      at += size;
      underway++;
      wire(() => {
        underway--;
        deliver(piece);
        if (underway === 0) isHit = false;
      });
    }
  };
  let isCancelling = false;
  const shared = knowledge({
    prepare: chance() < 0.8 ? "always" : "never",
    statementCacheSize: 1 + Math.floor(chance() * 6),
    planCacheSize: 1 + Math.floor(chance() * 12),
  });
  const session = fakeSession(transport, {
    shared,
    cancel: async () => {
      isCancelling = true;
      await turns.pause(6);
      if (underway > 0) isHit = true;
      await turns.pause(3);
      isCancelling = false;
    },
  });
  let left = 40;
  let isStarted = false;
  const writes = transport.write.bind(transport);
  transport.write = (bytes) => {
    assert.equal(isCancelling, false, "something was written while a cancel was on its way");
    return writes(bytes);
  };
  const work: Promise<void>[] = [];
  const one = async (tag: number): Promise<void> => {
    await turns.pause(30);
    const kind = Math.floor(chance() * 9);
    const fails = chance() < 0.15;
    const text = `select $1 as kind${kind}${fails ? " fail" : ""}`;
    const query = submit(session, text, [tag], { readOnly: chance() < 0.5 });
    const isVictim = chance() < 0.25;
    if (isVictim) {
      turns.pause(20).then(() => session.giveUp(query, () => new Error(`given up ${tag}`)));
    }
    try {
      const { rows } = await query.promise;
      assert.equal(fails, false, "it should have failed");
      assert.deepEqual(rows, [{ n: tag }]);
      tally.answered++;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      if (isVictim && (error as Error).message === `given up ${tag}`) tally.givenUp++;
      else if (fails && error instanceof PostgresError && error.sqlState === "22012") tally.failed++;
      // Three losses or five hits in a row are told, not hidden; they must be rare.
      else if (error instanceof PostgresError && /26000|0A000|57014/.test(error.sqlState)) tally.innocent++;
      else throw error;
    } finally {
      left--;
    }
  };
  const started = startFake(session).then(() => {
    isStarted = true;
    for (let tag = 1; tag <= 40; tag++) work.push(one(tag));
  });
  await turns.run(() => isStarted && left === 0 && session.depth === 0 && !session.cancelling);
  await started;
  await Promise.all(work);
  assert.equal(session.state, "ready");
  assert.equal(session.expected, 0, "the expectation is not given back");
  session.destroy();
  await session.closed;
}

test("Session gives every answer to its caller in any order of cancels, losses and failures", {
  timeout: 60_000,
}, async () => {
  console.log(`simulating from seed ${SEED}`);
  const tally: Tally = { answered: 0, failed: 0, givenUp: 0, hits: 0, innocent: 0 };
  const start = performance.now();
  let rounds = 0;
  for (; rounds < 200 && performance.now() - start < 4_000; rounds++) {
    try {
      await inTime(simulate(SEED + rounds, tally), 5_000, () => "it hangs");
    } catch (error) {
      throw new Error(`Round with seed ${SEED + rounds} failed`, { cause: error });
    }
  }
  console.log(`${rounds} rounds: ${JSON.stringify(tally)}`);
  assert.ok(tally.innocent <= tally.answered / 100, "too many were told of what is not theirs");
});
