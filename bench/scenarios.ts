/** The scenarios, in the order in which they are measured. */
import { oneCaller, pkSelects } from "./scenarios/pk_select.ts";
import type { Scenario } from "./scenarios/scenario.ts";

/** Every scenario. */
export const SCENARIOS: readonly Scenario[] = [...pkSelects, oneCaller];

/** The scenarios of a name, or of names that begin so: `pk-select` is four of them. */
export function scenariosNamed(name: string): readonly Scenario[] {
  const exact = SCENARIOS.filter((scenario) => scenario.name === name);
  const found = exact.length > 0 ? exact : SCENARIOS.filter((scenario) => scenario.name.startsWith(name));
  if (found.length > 0) return found;
  throw new Error(
    `Cannot measure "${name}": it is no scenario; name one of ${
      SCENARIOS.map(({ name }) => name).join(", ")
    }`,
  );
}
