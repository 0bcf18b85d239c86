/**
 * What goes, and what stays because nobody known has made it.
 *
 * ## Invariants
 *
 * - P1 What nobody known has made is kept, and so is all that it stands on; what is in its way says so in a finding.
 * - P4 A partition goes where migrations made it, and with the table that it is of; otherwise never: partitions are made
 *   while programs run, and are that table's rows.
 *
 * @module
 */
import type { ObjectKey } from "../catalog/objects.ts";
import { describeObject } from "../catalog/object_key.ts";
import { type DiffPlan, isParents, ownerKey } from "./diff_plan.ts";
import { isPartition } from "./partitions.ts";

/** What decides what is dropped. */
export interface DropOptions {
  /** Whether it is kept where it has gone from the other catalog. */
  readonly isUnknown: (key: ObjectKey) => boolean;
  /** Whether migrations made it. */
  readonly isKnown: (key: ObjectKey) => boolean;
}

/** Finds what goes and what is kept. */
export function findDropped(plan: DiffPlan, { isUnknown, isKnown }: DropOptions): void {
  for (const [key, object] of plan.from.objects) {
    if (plan.to.objects.has(key) || isParents(plan, object)) continue;
    const isKept = isPartition(object) ? !isKnown(key) : isUnknown(key);
    const isStuck = object.kind === "opaque" && object.drop === undefined;
    if (isStuck && !isKept) {
      plan.findings.push({
        severity: "refused",
        key,
        message: `Cannot drop ${
          describeObject(object)
        }: it is not known how; drop it in a migration of your own`,
      });
    }
    (isStuck || isKept ? plan.kept : plan.dropped).set(key, object);
  }
  for (const key of plan.dropped.keys()) dropParts(plan, key);
  keepWhatIsNeeded(plan);
}

/** Drops what belongs to something that is dropped, and its partitions. */
function dropParts(plan: DiffPlan, key: ObjectKey): void {
  for (const part of plan.before.of(key)) {
    const object = plan.kept.get(part);
    if (object === undefined) continue;
    const owner = isPartition(object)
      ? plan.before.relation(object.partitionOf.table)
      : ownerKey(object, plan.before);
    if (owner !== key) continue;
    plan.kept.delete(part);
    plan.dropped.set(part, object);
    dropParts(plan, part);
  }
}

/** Keeps, too, what the kept needs, and what belongs to it. */
function keepWhatIsNeeded(plan: DiffPlan): void {
  const waiting = [...plan.kept.keys()];
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const keep = (other: ObjectKey, why: string): void => {
      const object = plan.dropped.get(other);
      if (object === undefined) return;
      plan.dropped.delete(other);
      plan.kept.set(other, object);
      waiting.push(other);
      plan.findings.push({
        severity: "refused",
        key: other,
        message: `Cannot drop ${describeObject(object)}: ${why}; drop that first, or take it into the models`,
      });
    };
    const object = plan.kept.get(key)!;
    for (const need of plan.before.needs(key)) {
      keep(need, `${describeObject(object)}, which is unknown, needs it`);
    }
    if (object.schema !== undefined) {
      keep(`schema:${object.schema}`, `${describeObject(object)}, which is unknown, is in it`);
    }
    for (const part of plan.before.of(key)) {
      const child = plan.dropped.get(part);
      if (child !== undefined && ownerKey(child, plan.before) === key) {
        plan.dropped.delete(part);
        plan.kept.set(part, child);
        waiting.push(part);
      }
    }
  }
}
