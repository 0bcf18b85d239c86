/**
 * The plan of a comparison as steps in an order that runs.
 *
 * Each object has at most a node that drops it, one that changes it and one that creates it; a table that stays has one
 * for each stage of its columns.
 *
 * @module
 */
import type { Step } from "../steps/step.ts";
import { STAGES } from "./column_steps.ts";
import { addComments } from "./comment_nodes.ts";
import { baseType, isNameOf } from "./compare_objects.ts";
import { beginEmission, stage } from "./emission.ts";
import { addAlterations, addCreations, addDrops } from "./object_nodes.ts";
import { orderBodies, withUncheckedBodies } from "./order_bodies.ts";
import { orderCreations, orderDrops, orderNames } from "./order_objects.ts";
import { orderTable } from "./order_tables.ts";
import type { DiffPlan } from "./diff_plan.ts";
import { addSequenceOwners } from "./sequence_owners.ts";
import { addSettings } from "./setting_nodes.ts";
import { addTable } from "./table_nodes.ts";

/** The steps of a plan, in order. */
export function planSteps(plan: DiffPlan): readonly Step[] {
  const steps = orderedSteps(plan);
  // A label that was added cannot be used in the transaction that adds it.
  const text = JSON.stringify(steps, (_, value) => typeof value === "bigint" ? String(value) : value);
  return steps.map((step) => {
    if (step.kind !== "type" || step.change.type !== "add label") return step;
    const isUsed = text.includes(JSON.stringify(`'${step.change.label.replaceAll("'", "''")}'`).slice(1, -1));
    // Rows may have values of another type that become it.
    const isTaken = steps.some((other) =>
      other.kind === "column" && other.change.type === "type" &&
      isNameOf(baseType(other.change.to.type, plan.to), step.object)
    );
    return isUsed || isTaken ? { ...step, change: { ...step.change, isApart: true } } : step;
  });
}

function orderedSteps(plan: DiffPlan): readonly Step[] {
  const emission = beginEmission(plan);
  addDrops(emission);
  addAlterations(emission);
  for (const [key, difference] of plan.tables) addTable(emission, key, difference);
  addCreations(emission);
  addSequenceOwners(emission);
  addComments(emission);
  addSettings(emission);
  orderDrops(emission);
  orderCreations(emission);
  for (const [key, difference] of plan.tables) {
    const isChanged = ([...STAGES, "detach", "attach"] as const).some((name) =>
      emission.graph.has(stage(key, name))
    );
    if (isChanged) orderTable(emission, key, difference);
  }
  orderNames(emission);
  const isLoose = orderBodies(emission);
  const steps = emission.graph.sorted();
  return isLoose ? withUncheckedBodies(steps) : steps;
}
