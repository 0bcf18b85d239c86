/**
 * What happens to the cache beside the protocol: writers void, keys are evicted or expire, servers fail over or restart.
 *
 * @module
 */
import type { Step } from "./explore.ts";
import { voidByWriter, written } from "./keyspace.ts";
import type { Model } from "./model.ts";
import type { State } from "./state.ts";

/** What may happen to the cache next. */
export function cacheFaults(state: State, model: Model): Step<State>[] {
  const { keyspace, budget, database } = state;
  const { slot, watermark, server, copy } = keyspace;
  const steps: Step<State>[] = [];

  const token = database.tokens.at(-1);
  if (budget.voids > 0 && token !== undefined) {
    steps.push({
      what: `the writer voids with its token ${token}`,
      then: {
        ...state,
        keyspace: voidByWriter(state, token, model),
        budget: { ...budget, voids: budget.voids - 1 },
      },
    });
  }
  for (const part of model.scenario.evicts) {
    if (part === "watermark" ? watermark === null : slot[part] === null) continue;
    const change = part === "watermark" ? { watermark: null } : { slot: { ...slot, [part]: null } };
    steps.push({ what: `the ${part} is evicted`, then: { ...state, keyspace: written(state, change) } });
  }
  if (budget.failovers > 0 && copy !== null) {
    steps.push({
      what: `server ${server + 1} takes over without the last write to server ${server}`,
      then: {
        ...state,
        keyspace: { ...keyspace, server: server + 1, ...copy, copy: null },
        budget: { ...budget, failovers: budget.failovers - 1 },
      },
    });
  }
  if (budget.restarts > 0) {
    const empty = { entry: null, tombstone: null, ticket: null };
    steps.push({
      what: `the cache restarts empty, as server ${server + 1}`,
      then: {
        ...state,
        keyspace: { server: server + 1, slot: empty, watermark: null, copy: null },
        budget: { ...budget, restarts: budget.restarts - 1 },
      },
    });
  }
  return steps;
}
