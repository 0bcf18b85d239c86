/**
 * What explorations found, as a table and as histories that can be read.
 *
 * @module
 */
import { type Exploration, explore } from "./explore.ts";
import { protocol } from "./model.ts";
import { type Rule, RULES } from "./rules.ts";
import { MISSED, type Scenario, type ScenarioName } from "./scenarios.ts";

/** An exploration, and what it was of. */
export interface Explored extends Exploration {
  readonly name: ScenarioName | Rule;
  readonly milliseconds: number;
}

/** Explores a scenario with every rule in force. */
export function exploreScenario(name: ScenarioName, scenario: Scenario, limit?: number): Explored {
  return timed(name, () => explore(protocol(scenario), limit));
}

/** Explores what happens without a rule, in the scenario that misses it. */
export function exploreWithout(rule: Rule, scenarios: Readonly<Record<ScenarioName, Scenario>>): Explored {
  return timed(rule, () => explore(protocol(scenarios[MISSED[rule]], rule)));
}

function timed(name: Explored["name"], run: () => Exploration): Explored {
  const started = performance.now();
  return { name, ...run(), milliseconds: performance.now() - started };
}

/** One line: what, states, verdict, length of the shortest history, seconds. */
export function tableLine({ name, states, complete, broken, history, milliseconds }: Explored): string {
  const subject = name in RULES ? `without ${name}` : name;
  const verdict = broken !== undefined ? "broken" : complete ? "holds" : "holds so far";
  const steps = broken === undefined ? "" : `${history.length} steps`;
  return [
    subject.padEnd(20),
    `${states}`.padStart(9),
    verdict.padEnd(12),
    steps.padEnd(8),
    `${(milliseconds / 1000).toFixed(1)} s`,
  ].join("  ");
}

/** A shortest history, with what it breaks. */
export function historyLines({ history, broken }: Exploration): string {
  const numbered = history.map((what, index) => `${`${index + 1}`.padStart(2)}. ${what}`);
  return [...numbered, `→ ${broken}`].join("\n");
}
