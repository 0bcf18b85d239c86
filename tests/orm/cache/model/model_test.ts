/**
 * The coherence protocol keeps its promises in every state of the model, and each of its rules is needed: without it
 * there is a history, printed here, that breaks a promise. `deno task model` explores more of everything.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "../../../harness.ts";
import { explore } from "./explore.ts";
import { foundEntry } from "./keyspace.ts";
import { protocol } from "./model.ts";
import { type Explored, exploreScenario, exploreWithout, historyLines, tableLine } from "./report.ts";
import { type Rule, RULES } from "./rules.ts";
import { type ScenarioName, SCENARIOS } from "./scenarios.ts";
import type { State } from "./state.ts";

/** A busy machine with two cores takes a few seconds for the largest. */
const TIMEOUT = 180_000;

for (const name of Object.keys(SCENARIOS) as ScenarioName[]) {
  test(`the protocol keeps its promises: ${SCENARIOS[name].about}`, { timeout: TIMEOUT, once: true }, () => {
    const explored = exploreScenario(name, SCENARIOS[name]);
    console.log(tableLine(explored));
    assert.equal(explored.broken, undefined, historyLines(explored));
    assert.ok(explored.complete);
  });
}

const withoutRule = new Map<Rule, Explored>();

function exploredWithout(rule: Rule): Explored {
  let explored = withoutRule.get(rule);
  if (explored === undefined) withoutRule.set(rule, explored = exploreWithout(rule, SCENARIOS));
  return explored;
}

for (const rule of Object.keys(RULES) as Rule[]) {
  test(`the protocol needs ${rule}: ${RULES[rule]}`, { timeout: TIMEOUT, once: true }, () => {
    const explored = exploredWithout(rule);
    console.log(`${tableLine(explored)}\n${historyLines(explored)}`);
    assert.notEqual(explored.broken, undefined);
  });
}

test(
  "the protocol does not keep its promises by never trusting a hit",
  { timeout: TIMEOUT, once: true },
  () => {
    const trusted = ({ keyspace }: State): string | undefined => {
      const { watermark } = keyspace;
      const entry = foundEntry(keyspace);
      return entry?.row === 1 && watermark !== null && watermark.proof === 1
        ? "a trusted hit of the write"
        : undefined;
    };
    for (const name of Object.keys(SCENARIOS) as ScenarioName[]) {
      if (name === "trust") continue; // Nobody fills there.
      const reached = explore({ ...protocol(SCENARIOS[name]), broken: trusted });
      assert.equal(reached.broken, "a trusted hit of the write", name);
    }
  },
);

test("docs/coherence.md shows what happens without each rule", {
  timeout: TIMEOUT,
  once: true,
  allow: ["read"],
}, () => {
  const page = readFileSync(new URL("../../../../docs/coherence.md", import.meta.url), "utf8");
  for (const rule of Object.keys(RULES) as Rule[]) {
    const history = historyLines(exploredWithout(rule));
    assert.ok(page.includes(`\`\`\`text\n${history}\n\`\`\``), `without ${rule}:\n${history}`);
  }
});

test("explore() finds a shortest history, and gives up at its limit", () => {
  interface Counter {
    readonly count: { readonly value: number };
  }
  const counter = {
    initial: { count: { value: 0 } },
    steps: ({ count: { value } }: Counter) =>
      [1, 3].map((by) => ({ what: `add ${by}`, then: { count: { value: value + by } } })),
    broken: ({ count }: Counter) => count.value === 7 ? "seven" : undefined,
  };
  const found = explore(counter);
  assert.deepEqual([found.broken, found.history.length], ["seven", 3]);
  const stopped = explore({ ...counter, broken: () => undefined }, 100);
  assert.deepEqual([stopped.complete, stopped.broken], [false, undefined]);
  assert.ok(stopped.states >= 100 && stopped.states < 110, `${stopped.states}`);
});
