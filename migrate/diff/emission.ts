/**
 * What writing a plan as steps works on, and the names of its nodes.
 *
 * @module
 */
import type { CatalogObject, ObjectKey } from "../catalog/objects.ts";
import type { Stage } from "./column_steps.ts";
import type { DiffPlan } from "./diff_plan.ts";
import { StepGraph } from "./step_graph.ts";

/** A plan that is written as steps. */
export interface Emission {
  /** What becomes of every object. */
  readonly plan: DiffPlan;
  /** The steps so far. */
  readonly graph: StepGraph;
  /** What is dropped, for good or to be created again. */
  readonly gone: ReadonlyMap<ObjectKey, CatalogObject>;
  /** What is created, for the first time or again. */
  readonly made: ReadonlyMap<ObjectKey, CatalogObject>;
}

/** Begins to write a plan. */
export function beginEmission(plan: DiffPlan): Emission {
  const gone = new Map(plan.dropped);
  const made = new Map(plan.created);
  for (const [key, { from, to }] of plan.replaced) {
    gone.set(key, from);
    made.set(key, to);
  }
  return { plan, graph: new StepGraph(), gone, made };
}

/** The node that drops an object. */
export function drop(key: ObjectKey): string {
  return `drop ${key}`;
}

/** The node that creates an object. */
export function create(key: ObjectKey): string {
  return `create ${key}`;
}

/** The node that changes an object where it is. */
export function alter(key: ObjectKey): string {
  return `alter ${key}`;
}

/** The node that puts an enum aside while the new one has its name. */
export function aside(key: ObjectKey): string {
  return `aside ${key}`;
}

/** The node of a stage of a table. */
export function stage(key: ObjectKey, name: Stage | "detach" | "attach" | "late"): string {
  return `stage ${name} ${key}`;
}

/** The node that takes a sequence from its column. */
export function disown(key: ObjectKey): string {
  return `disown ${key}`;
}

/** The node that gives a sequence to a column. */
export function own(key: ObjectKey): string {
  return `own ${key}`;
}

/** The stages in which a table gets what it is to have. */
export const TAKING: readonly Stage[] = ["type", "add", "set", "compute"];

/** What an object needs when all is done. */
export function needsAfter(emission: Emission, key: ObjectKey): Iterable<ObjectKey> {
  const { plan } = emission;
  return plan.to.objects.has(key) ? plan.after.needs(key) : plan.before.needs(key);
}
