/**
 * The nodes that take sequences from their columns and give them to others.
 *
 * @module
 */
import type { SequenceObject } from "../catalog/objects.ts";
import type { Step } from "../steps/step.ts";
import { STAGES } from "./column_steps.ts";
import { continueCounting } from "./continue_counting.ts";
import { alter, create, disown, drop, type Emission, own, stage, TAKING } from "./emission.ts";
import { isEqual } from "./equal.ts";

/** Adds what changes of which columns sequences are. */
export function addSequenceOwners(emission: Emission): void {
  const { plan, graph, gone, made } = emission;
  const owned = (from: SequenceObject, to: SequenceObject): Step => ({ kind: "sequence", from, to });
  for (const [key, object] of plan.from.objects) {
    if (object.kind !== "sequence" || object.ownedBy === undefined || plan.kept.has(key)) continue;
    const next = plan.to.objects.get(key);
    if (next?.kind === "sequence" && isEqual(object.ownedBy, next.ownedBy) && !gone.has(key)) {
      continue;
    }
    graph.add(disown(key), "drop", owned(object, { ...object, ownedBy: undefined }));
    graph.after(drop(key), disown(key));
    graph.after(alter(key), disown(key));
    const table = plan.before.relation({ schema: object.ownedBy.schema, name: object.ownedBy.table });
    if (table === undefined) continue;
    graph.after(drop(table), disown(key));
    for (const name of STAGES) graph.after(stage(table, name), disown(key));
  }
  for (const [key, object] of plan.to.objects) {
    if (object.kind !== "sequence" || object.ownedBy === undefined) continue;
    const old = plan.from.objects.get(key);
    if (old?.kind === "sequence" && isEqual(object.ownedBy, old.ownedBy) && !made.has(key)) continue;
    const { schema, table: name, column } = object.ownedBy;
    const table = plan.after.relation({ schema, name });
    if (table === undefined) continue;
    graph.add(own(key), "create", owned({ ...object, ownedBy: undefined }, object));
    graph.after(own(key), create(key), alter(key), create(table));
    for (const stageName of TAKING) graph.after(own(key), stage(table, stageName));
    const before = plan.from.objects.get(table);
    const isOld = before?.kind === "table" && before.columns.some((one) => one.name === column) &&
      !gone.has(table);
    const isCounting = before?.kind === "table" &&
      before.columns.some((one) => one.name === column && one.default?.includes("nextval(") === true);
    if (isOld && !isCounting && made.has(key)) {
      graph.add(own(key), "create", continueCounting({ schema, name }, column, object.increment));
    }
  }
}
