import assert from "node:assert/strict";
import { AbortWatch } from "../../pool/abort_watch.ts";
import { sql } from "../../pool/mod.ts";
import { test } from "../harness.ts";
import { needs } from "../services/client.ts";
import { openPool } from "./tier/pools.ts";

/** A watch that writes down what it is told. */
class Noted extends AbortWatch {
  readonly #heard: string[];
  readonly #name: string;
  onHeard: () => void = () => {};

  constructor(name: string, signal: AbortSignal, heard: string[]) {
    super();
    this.#name = name;
    this.#heard = heard;
    this.watch(signal);
  }

  override aborted(reason: unknown): void {
    this.#heard.push(`${this.#name}: ${reason}`);
    this.onHeard();
  }
}

/** A signal that counts our listeners. */
function countingSignal(): { controller: AbortController; listeners: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  let count = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    count++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    count--;
    remove(...args);
  };
  return { controller, listeners: () => count };
}

test("AbortWatch is told once, in order, and not after it was stopped", () => {
  const { controller, listeners } = countingSignal();
  const heard: string[] = [];
  const [first, second, third, fourth] = ["first", "second", "third", "fourth"].map((name) =>
    new Noted(name, controller.signal, heard)
  );
  assert.equal(listeners(), 1);
  second.stop();
  second.stop();
  // Who is stopped by what another does is not told either.
  first.onHeard = () => fourth.stop();
  controller.abort("enough");
  assert.deepEqual(heard, ["first: enough", "third: enough"]);
  third.stop();
  controller.abort("again");
  assert.equal(heard.length, 2);
});

test("AbortWatch leaves no listener behind, and a signal can be watched again", () => {
  const { controller, listeners } = countingSignal();
  const heard: string[] = [];
  for (let round = 0; round < 3; round++) {
    const watches = Array.from({ length: 5 }, (_, n) => new Noted(`${n}`, controller.signal, heard));
    assert.equal(listeners(), 1);
    for (const index of [2, 0, 4, 1, 3]) watches[index].stop();
    assert.equal(listeners(), 0);
  }
  new Noted("last", controller.signal, heard);
  controller.abort("enough");
  assert.deepEqual(heard, ["last: enough"]);
});

test("A signal that many calls share has one listener, which goes with the last of them", {
  ...needs("primary"),
}, async () => {
  await using pool = openPool({ max: 2 });
  const { controller, listeners } = countingSignal();
  const { signal } = controller;
  await pool.query(sql`select 1`, { signal });
  assert.equal(listeners(), 0);
  const calls = Array.from({ length: 500 }, (_, n) => pool.value<number>(sql`select ${n}::int`, { signal }));
  assert.equal(listeners(), 1);
  assert.deepEqual(await Promise.all(calls), calls.map((_, n) => n));
  assert.equal(listeners(), 0);
  const refused = pool.query(sql`select 1 / 0`, { signal });
  await assert.rejects(refused);
  assert.equal(listeners(), 0);
});
