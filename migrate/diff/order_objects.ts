/**
 * The order of what drops, changes and creates objects.
 *
 * @module
 */
import type { CatalogObject, ObjectKey } from "../catalog/objects.ts";
import { STAGES } from "./column_steps.ts";
import { alter, aside, create, drop, type Emission, needsAfter, stage, TAKING } from "./emission.ts";

/** What is dropped goes after what stands on it, and before what it stands on is changed. */
export function orderDrops(emission: Emission): void {
  const { plan, graph, gone } = emission;
  const { before, replaced } = plan;
  for (const key of gone.keys()) {
    for (const dependent of before.of(key)) {
      graph.after(drop(key), drop(dependent), alter(dependent));
      graph.after(aside(key), drop(dependent), aside(dependent));
      if (replaced.has(key) && !graph.has(aside(key))) {
        graph.after(drop(key), aside(dependent));
      }
    }
    if (graph.has(aside(key))) {
      // So that the way back gives defaults to a type that has its name again.
      for (const dependent of before.of(key)) {
        graph.after(aside(key), stage(dependent, "release"), stage(dependent, "drop"));
      }
      graph.after(create(key), aside(key));
      graph.after(drop(key), create(key));
    } else graph.after(create(key), drop(key));
  }
  // What is dropped stands on what is there: it goes before that is changed.
  for (const key of gone.keys()) {
    for (const need of before.needs(key)) {
      for (const name of STAGES) {
        if (name !== "release") graph.after(stage(need, name), drop(key));
      }
      graph.after(alter(need), drop(key));
    }
  }
  for (const [key, object] of plan.dropped) {
    if (object.kind !== "schema") continue;
    for (const [other, one] of gone) {
      if (one.schema === object.name) graph.after(drop(key), drop(other));
    }
  }
}

/** What is created or changed comes after what it needs. */
export function orderCreations(emission: Emission): void {
  const { plan, graph, made } = emission;
  const put = (id: string, key: ObjectKey): void => {
    for (const need of needsAfter(emission, key)) {
      graph.after(id, create(need), alter(need), stage(need, "attach"));
      for (const name of TAKING) graph.after(id, stage(need, name));
    }
    const schema = plan.to.objects.get(key)?.schema;
    if (schema !== undefined) {
      graph.after(id, create(`schema:${schema}`), create(`schema:"${schema}"`));
    }
  };
  for (const key of made.keys()) {
    put(create(key), key);
  }
  for (const key of plan.altered.keys()) put(alter(key), key);
}

/** What is created takes a name only when what had it has gone. */
export function orderNames(emission: Emission): void {
  const { plan, graph, gone, made } = emission;
  const names = new Map<string, ObjectKey[]>();
  for (const [key, object] of gone) {
    const name = nameId(object);
    if (name !== undefined) names.set(name, [...names.get(name) ?? [], key]);
  }
  for (const [key, object] of made) {
    for (const other of names.get(nameId(object) ?? "") ?? []) {
      if (other !== key) graph.after(create(key), drop(other));
    }
    // A partition takes its place when what was there has gone.
    if (object.kind === "table" && object.partitionOf !== undefined) {
      const parent = plan.before.relation(object.partitionOf.table);
      for (const other of parent === undefined ? [] : plan.before.of(parent)) {
        graph.after(create(key), drop(other), stage(other, "detach"));
      }
    }
  }
}

/** Tables, types, sequences, views and indexes share names in a schema. */
function nameId(object: CatalogObject): string | undefined {
  switch (object.kind) {
    case "table":
    case "view":
    case "materialized view":
    case "sequence":
    case "index":
    case "constraint":
    case "enum":
    case "domain":
    case "composite":
    case "range":
      return `${object.schema ?? ""}\0${object.name}`;
    // A call may be of two that differ only in their arguments.
    case "function":
      return `function ${object.schema ?? ""}\0${object.name}`;
    default:
      return undefined;
  }
}
