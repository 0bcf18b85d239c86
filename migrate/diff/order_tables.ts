/**
 * The order of the stages of tables that stay.
 *
 * @module
 */
import type { ObjectKey, TableObject } from "../catalog/objects.ts";
import { STAGES } from "./column_steps.ts";
import { isTypeLike } from "./compare_objects.ts";
import { parentsOf, type TableDifference } from "./compare_tables.ts";
import { ownerKey } from "./diff_plan.ts";
import { alter, aside, create, drop, type Emission, needsAfter, stage, TAKING } from "./emission.ts";

/** The stages of a table come after each other, and between what they let go of and what they take up. */
export function orderTable(emission: Emission, key: ObjectKey, difference: TableDifference): void {
  const { plan, graph, gone } = emission;
  const { before, replaced } = plan;
  STAGES.forEach((name, index) => {
    graph.after(stage(key, name), stage(key, "detach"));
    for (const earlier of STAGES.slice(0, index)) graph.after(stage(key, name), stage(key, earlier));
    graph.after(stage(key, "attach"), stage(key, name));
  });
  graph.after(stage(key, "attach"), stage(key, "detach"));
  for (const need of before.needs(key)) {
    graph.after(
      drop(need),
      stage(key, "detach"),
      stage(key, "release"),
      stage(key, "detour"),
      stage(key, "drop"),
    );
    // A column that was of an enum that is made anew leaves the old one by the name it has then: so does the way back.
    if (graph.has(aside(need))) graph.after(stage(key, "type"), aside(need));
    // An enum that is made anew is dropped when no column is of the old one.
    const kind = gone.get(need)?.kind;
    if (kind === "function" || kind === "sequence") continue;
    if (!replaced.has(need) || graph.has(aside(need))) {
      graph.after(drop(need), stage(key, "type"), stage(key, "set"));
    }
  }
  for (const need of needsAfter(emission, key)) {
    const object = plan.to.objects.get(need);
    // An extension brings types; a base type is opaque.
    const isType = isTypeLike(object) || object?.kind === "extension" || object?.kind === "opaque";
    for (const name of TAKING) {
      if (name !== "type" || isType) graph.after(stage(key, name), create(need), alter(need));
    }
    graph.after(stage(key, "attach"), create(need));
  }
  orderFamily(emission, key, difference);
}

/** A parent's steps come before its children's. */
function orderFamily(emission: Emission, key: ObjectKey, { from, to }: TableDifference): void {
  const { plan, graph } = emission;
  for (const parent of ancestorsOf(emission, from)) {
    for (const one of STAGES) {
      graph.after(stage(parent, one), stage(key, "detach"));
      if (one === "set" || one === "add" || one === "compute") {
        graph.after(stage(key, one), stage(parent, one));
      }
      graph.after(stage(parent, one), stage(key, "release"));
    }
  }
  for (const name of parentsOf(to)) {
    const parent = plan.after.relation(name);
    if (parent === undefined) continue;
    for (const one of STAGES) graph.after(stage(key, "attach"), stage(parent, one));
    // A bound is free when what had it has left.
    for (const [other, difference] of plan.tables) {
      if (difference.isMoved) graph.after(stage(key, "attach"), stage(other, "detach"));
    }
    for (const part of plan.after.of(key)) {
      const object = plan.to.objects.get(part);
      if (object !== undefined && ownerKey(object, plan.after) === key) {
        graph.after(stage(key, "attach"), create(part));
      }
    }
    // A table that is detached keeps foreign keys: on the way back they go before.
    for (const other of plan.after.of(parent)) {
      const object = plan.to.objects.get(other);
      if (object?.kind !== "constraint" || object.constraint.type !== "foreign key") continue;
      if (object.table !== to.name || object.schema !== to.schema) {
        graph.after(create(other), stage(key, "attach"));
      }
    }
    for (const other of plan.dropped.keys()) {
      if (plan.before.needs(other).has(parent)) graph.after(stage(key, "attach"), drop(other));
    }
  }
}

/** The tables that a table was a child of, and those that they were. */
function ancestorsOf({ plan }: Emission, table: TableObject): ReadonlySet<ObjectKey> {
  const found = new Set<ObjectKey>();
  const waiting = [...parentsOf(table)];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const key = plan.before.relation(name);
    if (key === undefined || found.has(key)) continue;
    found.add(key);
    const parent = plan.from.objects.get(key);
    if (parent?.kind === "table") waiting.push(...parentsOf(parent));
  }
  return found;
}
