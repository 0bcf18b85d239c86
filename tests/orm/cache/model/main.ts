/**
 * Explores more of the model than the test does, and prints what it found: `deno task model`. With the names of
 * scenarios or rules: only those. A scenario that is too large is left after five million states.
 *
 * @module
 */
import process from "node:process";
import { exploreScenario, exploreWithout, historyLines, tableLine } from "./report.ts";
import { type Rule, RULES } from "./rules.ts";
import { DEEP, type ScenarioName, SCENARIOS } from "./scenarios.ts";

const LIMIT = 5_000_000;
const asked = process.argv.slice(2);
const wanted = (name: string): boolean => asked.length === 0 || asked.includes(name);

let failures = 0;
for (const name of (Object.keys(DEEP) as ScenarioName[]).filter(wanted)) {
  const explored = exploreScenario(name, DEEP[name], LIMIT);
  console.log(tableLine(explored));
  if (explored.broken === undefined) continue;
  failures++;
  console.log(historyLines(explored));
}
for (const rule of (Object.keys(RULES) as Rule[]).filter(wanted)) {
  const explored = exploreWithout(rule, SCENARIOS);
  console.log(`${tableLine(explored)}\n${historyLines(explored)}`);
  if (explored.broken === undefined) failures++;
}
process.exitCode = failures === 0 ? 0 : 1;
