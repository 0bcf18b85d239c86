/**
 * What goes, and what stays because nobody known has made it.
 *
 * ## Invariants
 *
 * - P1 What nobody known has made is kept, and so is all that it stands on; what is in its way says so in a finding.
 *
 * @module
 */
import type { ObjectKey } from "../catalog/objects.ts";
import { describeObject } from "../catalog/object_key.ts";
import { type DiffPlan, isParents, ownerKey } from "./diff_plan.ts";

/** Finds what goes and what is kept. */
export function findDropped(plan: DiffPlan, isUnknown: (key: ObjectKey) => boolean): void {
  for (const [key, object] of plan.from.objects) {
    if (plan.to.objects.has(key) || isParents(plan, object)) continue;
    const isStuck = object.kind === "opaque" && object.drop === undefined;
    if (isStuck && !isUnknown(key)) {
      plan.findings.push({
        severity: "refused",
        key,
        message: `Cannot drop ${
          describeObject(object)
        }: it is not known how; drop it in a migration of your own`,
      });
    }
    (isStuck || isUnknown(key) ? plan.kept : plan.dropped).set(key, object);
  }
  for (const [key, object] of plan.kept) {
    const owner = ownerKey(object, plan.before);
    if (owner !== undefined && plan.dropped.has(owner)) {
      plan.kept.delete(key);
      plan.dropped.set(key, object);
    }
  }
  keepWhatIsNeeded(plan);
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
