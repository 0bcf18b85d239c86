/** Fault 18: ten thousand calls wait for ten connections, and half of them give up. */
import assert from "node:assert/strict";
import process from "node:process";
import { type Pool, PoolClosedError, PoolTimeoutError, sql } from "../../pool/mod.ts";
import { assertSound, openPool, sleep, until } from "../pool/tier/pools.ts";
import { needs } from "../services/client.ts";
import { collectedHeap } from "./collected_heap.ts";
import { fault } from "./fault.ts";

const SIZE = 10;
const CALLS = 10_000;
/** The least stall of so many is told: the runtime compiles and collects in between. */
const ROUNDS = 3;

/** Who wrote down its number when a connection took it: a value is asked for its JSON then. */
class Tag {
  readonly #number: number;
  readonly #taken: number[];

  constructor(number: number, taken: number[]) {
    this.#number = number;
    this.#taken = taken;
  }

  toJSON(): number {
    this.#taken.push(this.#number);
    return this.#number;
  }
}

/** For how long this program let nothing else of it run; not for how long the machine ran others. */
class StallWatch implements Disposable {
  /** Milliseconds of the longest stall. */
  longest = 0;
  #last = performance.now();
  #used = process.cpuUsage();
  readonly #timer = setInterval(() => this.#look(), 1);

  #look(): void {
    const now = performance.now();
    const { user, system } = process.cpuUsage(this.#used);
    this.longest = Math.max(this.longest, Math.min(now - this.#last, (user + system) / 1_000));
    this.#last = now;
    this.#used = process.cpuUsage();
  }

  [Symbol.dispose](): void {
    this.#look();
    clearInterval(this.#timer);
  }
}

interface Round {
  /** Bytes of memory for each call that waits. */
  readonly bytes: number;
  /** Which part of that is left when all have settled. */
  readonly left: number;
  readonly stall: number;
  readonly overtaken: number;
}

/** Takes every connection; what is returned gives them back. */
async function holdAll(pool: Pool): Promise<() => Promise<unknown>> {
  const held = await Promise.all(Array.from({ length: SIZE }, () => pool.reserve()));
  return () => Promise.all(held.map((session) => session.release()));
}

/** The most calls of higher numbers that were taken before one. */
function mostOvertaken(taken: readonly number[]): number {
  let most = 0;
  for (let place = 0; place < taken.length; place++) {
    let before = 0;
    for (let other = 0; other < place; other++) if (taken[other] > taken[place]) before++;
    most = Math.max(most, before);
  }
  return most;
}

async function round(pool: Pool, heap: () => number | Promise<number>): Promise<Round> {
  const taken: number[] = [];
  const call = (number: number, signal?: AbortSignal): Promise<number> =>
    pool.value<number>(sql`select ${new Tag(number, taken)}::jsonb`, signal === undefined ? {} : { signal });
  await Promise.all(Array.from({ length: 50 }, (_, n) => call(n)));
  taken.length = 0;
  const release = await holdAll(pool);

  const before = await heap();
  const controllers: AbortController[] = [];
  const calls = Array.from({ length: CALLS }, (_, number) => {
    if (number % 2 === 1) return call(number);
    const controller = new AbortController();
    controllers.push(controller);
    return call(number, controller.signal);
  });
  const bytes = (await heap() - before) / CALLS;
  assert.equal(pool.stats().waiting, CALLS);

  const outcomes = Promise.allSettled(calls);
  let stall: number;
  {
    using watch = new StallWatch();
    const reason = new Error("changed my mind");
    for (const controller of controllers.splice(0)) controller.abort(reason);
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(pool.stats().waiting, CALLS / 2);
    await release();
    for (const [number, outcome] of (await outcomes).entries()) {
      if (outcome.status === "fulfilled") assert.equal(outcome.value, number);
      else assert.equal(outcome.reason, reason);
      assert.equal(outcome.status, number % 2 === 1 ? "fulfilled" : "rejected");
    }
    stall = watch.longest;
  }
  assert.ok(taken.length === CALLS / 2 && taken.every((number) => number % 2 === 1), "no ghost was served");
  calls.length = 0;
  await until("all are idle", () => pool.stats().idle === SIZE);
  const left = (await heap() - before) / CALLS / bytes;
  return { bytes, stall, overtaken: mostOvertaken(taken), left };
}

fault(18, "10,000 calls wait for 10 connections, 5,000 give up → the others are served in order", {
  ...needs("primary"),
  timeout: 60_000,
}, async (report) => {
  await using pool = openPool({ max: SIZE, acquireTimeout: "60s" });
  await pool.connect();
  const rounds: Round[] = [];
  for (let n = 0; n < ROUNDS; n++) rounds.push(await round(pool, () => 0));
  const weighed = await round(pool, collectedHeap);
  report.figure("memory of a waiting call", weighed.bytes, "bytes", { most: 2_048 });
  report.figure("of it left when all have settled", 100 * weighed.left, "%", { most: 20 });
  const overtaken = Math.max(...[...rounds, weighed].map(({ overtaken }) => overtaken));
  report.figure("calls that overtook one", overtaken, "calls", { most: SIZE });
  report.figure("longest stall of the event loop", Math.min(...rounds.map(({ stall }) => stall)), "ms", {
    most: 50,
  });
  await assertSound(pool, SIZE);
});

fault(18, "10,000 reservations wait in vain → all are refused, and others run meanwhile", {
  ...needs("primary"),
  timeout: 60_000,
}, async (report) => {
  {
    await using pool = openPool({ max: SIZE, acquireTimeout: "60s" });
    await pool.connect();
    await holdAll(pool);
    const before = await collectedHeap();
    const outcomes = Promise.allSettled(Array.from({ length: CALLS }, () => pool.reserve()));
    const bytes = (await collectedHeap() - before) / CALLS;
    assert.equal(pool.stats().waiting, CALLS);
    await pool.close({ timeout: 0 });
    for (const outcome of await outcomes) {
      assert.ok(outcome.status === "rejected" && outcome.reason instanceof PoolClosedError);
    }
    report.figure("memory of a waiting reservation", bytes, "bytes", { most: 2_048 });
  }
  // The runtime words ten thousand stacks meanwhile, so the last of so many at once is late.
  const timeout = 2_000;
  await using pool = openPool({ max: SIZE, acquireTimeout: timeout });
  await pool.connect();
  const release = await holdAll(pool);
  const outcomes = Promise.allSettled(Array.from({ length: CALLS }, () => pool.reserve()));
  const deadline = performance.now() + timeout;
  await sleep(timeout / 2);
  {
    using watch = new StallWatch();
    for (const outcome of await outcomes) {
      assert.ok(outcome.status === "rejected" && outcome.reason instanceof PoolTimeoutError);
    }
    report.figure("last refusal after its deadline", performance.now() - deadline, "ms");
    report.figure("longest stall while all were refused", watch.longest, "ms", { most: 50 });
  }
  assert.equal(pool.stats().waiting, 0);
  await release();
  await assertSound(pool, SIZE);
});
