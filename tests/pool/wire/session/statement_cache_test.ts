import assert from "node:assert/strict";
import { CodecRegistry } from "../../../../pool/wire/codec/registry.ts";
import { Plan, PlanCache } from "../../../../pool/wire/session/plan.ts";
import { StatementCache } from "../../../../pool/wire/session/statement_cache.ts";
import { test } from "../../../harness.ts";

const registry = new CodecRegistry();
const plan = (text: string): Plan => new Plan(text, [], [], registry);

test("StatementCache.add() drops the least recently used beyond its limit and tells which", () => {
  const cache = new StatementCache(3);
  const plans = ["a", "b", "c", "d", "e"].map(plan);
  for (const one of plans.slice(0, 3)) assert.deepEqual(cache.add(one.text.toUpperCase(), one), []);
  assert.equal(cache.get("a")!.name, "A");
  assert.deepEqual(cache.add("D", plans[3]).map(({ name }) => name), ["B"]);
  cache.get("c");
  cache.get("c");
  cache.get("a");
  assert.deepEqual(cache.add("E", plans[4]).map(({ name }) => name), ["D"]);
  assert.equal(cache.size, 3);
  assert.equal(cache.get("d"), undefined);
  assert.deepEqual(["a", "c", "e"].map((text) => cache.get(text)!.name), ["A", "C", "E"]);
});

test("StatementCache.add() replaces a statement of the same text and gives the old one back", () => {
  const cache = new StatementCache(3);
  const [old, fresh] = [plan("a"), plan("a")];
  cache.add("A1", old);
  assert.deepEqual(cache.add("A2", fresh).map(({ name }) => name), ["A1"]);
  assert.equal(cache.get("a")!.plan, fresh);
  assert.equal(cache.remove(old), undefined, "it is not there any more");
  assert.equal(cache.remove(fresh)!.name, "A2");
  assert.equal(cache.get("a"), undefined);
  assert.equal(cache.size, 0);
});

test("StatementCache with room for one statement keeps the newest", () => {
  const cache = new StatementCache(1);
  cache.add("A", plan("a"));
  assert.deepEqual(cache.add("B", plan("b")).map(({ name }) => name), ["A"]);
  assert.equal(cache.get("a"), undefined);
  assert.equal(cache.get("b")!.name, "B");
  cache.clear();
  assert.equal(cache.get("b"), undefined);
});

test("StatementCache.nextName() never gives a name twice, on one connection or on two", () => {
  const caches = Array.from({ length: 50 }, () => new StatementCache(1));
  const names = caches.flatMap((cache) => Array.from({ length: 50 }, () => cache.nextName()));
  assert.equal(new Set(names).size, names.length);
});

test("PlanCache holds no more plans than it may, and deletes only the plan it is told", () => {
  const cache = new PlanCache(2);
  const [a, b, c] = ["a", "b", "c"].map(plan);
  for (const one of [a, b, c]) cache.set(one);
  assert.equal(cache.size, 2);
  assert.equal(cache.get("a"), undefined);
  cache.delete(plan("b"));
  assert.equal(cache.get("b"), b);
  cache.delete(b);
  assert.equal(cache.get("b"), undefined);
});

test("Plan.measured() believes what falls sooner than what rises", () => {
  const one = plan("a");
  assert.equal(one.estimate, undefined);
  one.measured(10);
  assert.equal(one.estimate, 10);
  one.measured(20);
  assert.equal(one.estimate, 11);
  one.measured(1);
  assert.equal(one.estimate, 6);
});
