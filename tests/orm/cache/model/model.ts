/**
 * The coherence protocol as a system of steps: each is one statement at a server, or one script in the cache, and between
 * any two of them anybody else may take theirs. Whoever is in the middle of something may be stopped there for ever.
 *
 * @module
 */
import { canonical } from "./canonical.ts";
import { cacheFaults } from "./cache_faults.ts";
import { clientSteps } from "./client.ts";
import { databaseSteps } from "./database.ts";
import type { Explorable } from "./explore.ts";
import { brokenPromise } from "./promises.ts";
import { readerSteps } from "./reader.ts";
import { reflectorSteps, stepsAtOnce } from "./reflector.ts";
import type { Rule } from "./rules.ts";
import type { Scenario } from "./scenarios.ts";
import type { Reader, Reflector, State } from "./state.ts";

/** What a model is made of: how much may happen, and which rule is left out. */
export interface Model {
  readonly scenario: Scenario;
  readonly without: Rule | undefined;
}

/** A reflector that was never elected. */
export const NOBODY: Reflector = {
  role: "waiting",
  term: 0,
  epoch: 0,
  next: 0,
  lsn: null,
  sent: 0,
  acknowledged: 0,
  advance: null,
};

/** Whether a rule is in force. */
export function keeps(model: Model, rule: Rule): boolean {
  return model.without !== rule;
}

/**
 * The protocol, ready to be explored.
 *
 * @param scenario How much may happen.
 * @param without The rule that is left out.
 */
export function protocol(scenario: Scenario, without?: Rule): Explorable<State> {
  const model: Model = { scenario, without };
  return {
    initial: initialState(scenario),
    steps: (state) => {
      const atOnce = stepsAtOnce(state);
      const steps = atOnce.length > 0 ? atOnce : [
        ...databaseSteps(state, model),
        ...readerSteps(state, model),
        ...reflectorSteps(state, model),
        ...cacheFaults(state, model),
        ...clientSteps(state, model),
      ];
      return steps.map(({ what, then }) => ({ what, then: canonical(then, model) }));
    },
    broken: (state) => brokenPromise(state, model),
  };
}

function initialState(scenario: Scenario): State {
  const reader = (looks: number): Reader => ({
    step: "idle",
    looks,
    from: "primary",
    ticket: null,
    version: 0,
    row: 0,
    held: null,
  });
  return {
    database: { wal: 1, commits: [], visible: 0, tokens: [], uppers: [], replayed: 1, stream: [] },
    keyspace: {
      server: 1,
      slot: {
        entry: scenario.filled ? { version: 1, row: 0, epoch: 1 } : null,
        tombstone: null,
        ticket: null,
      },
      watermark: { term: 1, epoch: 1, server: 1, lsn: 1, floor: 1, seq: 0, proof: 0 },
      copy: null,
    },
    first: reader(scenario.looks[0]),
    second: reader(scenario.looks[1]),
    refresh: reader(0),
    leader: { ...NOBODY, role: "leading", term: 1, epoch: 1 },
    standby: NOBODY,
    client: { leadership: "none", shown: [], other: null },
    budget: scenario.budget,
  };
}
