/**
 * The nodes of what is set of objects that stay, by statements of their own.
 *
 * @module
 */
import type { CatalogObject, ObjectKey, ObjectSetting } from "../catalog/objects.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type { Step } from "../steps/step.ts";
import { STAGES } from "./column_steps.ts";
import { alter, create, drop, type Emission, stage } from "./emission.ts";

/** Adds what sets something of objects that stay, and what takes it back. */
export function addSettings(emission: Emission): void {
  const { plan, graph, made } = emission;
  for (const [key, to] of plan.to.objects) {
    const from = plan.from.objects.get(key);
    if (from === undefined || made.has(key)) continue;
    const { unset, set } = settingSteps(from, to, againOf(emission, key));
    if (unset.length > 0) {
      const id = `unset ${key}`;
      graph.add(id, "drop", ...unset);
      graph.after(alter(key), id);
      for (const name of STAGES) graph.after(stage(key, name), id);
      for (const need of plan.before.needs(key)) graph.after(drop(need), id);
    }
    if (set.length > 0) {
      const id = `set ${key}`;
      graph.add(id, "finish", ...set);
      graph.after(id, alter(key), ...STAGES.map((name) => stage(key, name)));
      for (const need of plan.after.needs(key)) graph.after(id, create(need), alter(need));
    }
  }
}

function settingSteps(
  from: CatalogObject,
  to: CatalogObject,
  again: (setting: ObjectSetting) => boolean,
): { readonly unset: readonly Step[]; readonly set: readonly Step[] } {
  const [before, after] = [from, to].map(({ settings = [] }) =>
    settings.filter((one) => one.isLocal !== true)
  );
  const isIn = (all: readonly ObjectSetting[], { set }: ObjectSetting) => all.some((one) => one.set === set);
  const removed = before.filter((one) => !isIn(after, one));
  const added = after.filter((one) => !isIn(before, one) || again(one));
  // What takes the place of a setting needs nothing taken back.
  const oldOf = ({ reset }: ObjectSetting) => removed.find((one) => one.reset === reset);
  const superseded = new Set(added.map(oldOf));
  return {
    unset: removed.filter((one) => !superseded.has(one))
      .map(({ set, reset }): Step => ({ kind: "sql", text: `${reset};`, down: `${set};` })),
    set: added.map((one): Step => ({
      kind: "sql",
      text: `${one.set};`,
      down: `${oldOf(one)?.set ?? one.reset};`,
    })),
  };
}

/** Of which settings the column is dropped and added again. */
function againOf({ plan }: Emission, key: ObjectKey): (setting: ObjectSetting) => boolean {
  const columns = [...plan.tables.get(key)?.columns.values() ?? []]
    .filter(({ action }) => action === "add again")
    .flatMap(({ name }) => [` alter column ${name} `, ` alter column ${quoteIdentifier(name)} `]);
  return ({ set }) => columns.some((column) => set.includes(column));
}
