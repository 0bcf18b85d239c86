/** The scenarios, in the order in which they are measured. */
import { cachedFind } from "./scenarios/cached_find.ts";
import { coldConnects } from "./scenarios/cold_connect.ts";
import { copyInScenario, copyOutScenario } from "./scenarios/copy.ts";
import { findWhere } from "./scenarios/find_where.ts";
import { insertMany } from "./scenarios/insert_many.ts";
import { insertOne } from "./scenarios/insert_one.ts";
import { manyCallers } from "./scenarios/many_callers.ts";
import { mixedLoad, mixedLoadHidden } from "./scenarios/mixed_load.ts";
import { mixedRows } from "./scenarios/mixed_rows.ts";
import { nestedLoad } from "./scenarios/nested_load.ts";
import { oneCaller, pkSelects } from "./scenarios/pk_select.ts";
import { recovery } from "./scenarios/recovery.ts";
import type { Scenario } from "./scenarios/scenario.ts";

/** Every scenario; the one that restarts the server last. */
export const SCENARIOS: readonly Scenario[] = [
  ...pkSelects,
  oneCaller,
  cachedFind,
  findWhere,
  nestedLoad,
  mixedRows,
  mixedLoad,
  mixedLoadHidden,
  manyCallers,
  insertOne,
  insertMany,
  copyInScenario,
  copyOutScenario,
  ...coldConnects,
  recovery,
];

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
