/**
 * The way back from what a comparison has led to.
 *
 * The reversal of a step knows the step alone. Of a label that was added to an enum that is not enough: PostgreSQL removes
 * none, so that the enum, and all that stands on it, has to be made anew. The catalog that was there before says what that
 * is: all other steps are reversed first, and what is left is compared.
 *
 * @module
 */
import { describeObject, objectKey } from "../catalog/object_key.ts";
import type { Catalog, CatalogObject, ObjectKey } from "../catalog/objects.ts";
import { reverseSteps, type StepsReversal } from "../steps/reverse.ts";
import type { Step, TypeStep } from "../steps/step.ts";
import { diffCatalogs } from "./diff.ts";

/**
 * The reversal of the steps that led away from a catalog.
 *
 * @param steps What `diffCatalogs()` found.
 * @param from What was there before.
 *
 * @example
 * ```ts
 * import { diffCatalogs, makeCatalog, reverseDiff } from "@lifeguard/core/migrate";
 * const mood = { kind: "enum", schema: "public", name: "mood", dependsOn: [] } as const;
 * const from = makeCatalog([{ ...mood, labels: ["sad", "happy"] }], 18);
 * const to = makeCatalog([{ ...mood, labels: ["sad", "fine", "happy"] }], 18);
 * const { steps } = reverseDiff(diffCatalogs(from, to).steps, from);
 * console.assert(steps.map(({ kind }) => kind).join() === "rename,create,drop");
 * ```
 */
export function reverseDiff(steps: readonly Step[], from: Catalog): StepsReversal {
  const labels = steps.filter(isAddedLabel);
  const rest = reverseSteps(steps.filter((step) => !isAddedLabel(step)));
  if (labels.length === 0) return rest;
  const objects = new Map(from.objects);
  const losses: string[] = [];
  for (const { object, change } of labels) {
    const key = formerKey(object, steps);
    const type = objects.get(key);
    if (type?.kind !== "enum") continue;
    objects.set(key, { ...type, labels: [...type.labels, change.label] });
    losses.push(
      `PostgreSQL cannot remove a label, so ${describeObject(type)} is made anew with all that needs it; ` +
        `that fails where a row has the label "${change.label}"`,
    );
  }
  const { steps: last } = diffCatalogs({ ...from, objects }, from, { unknown: "drop" });
  return { ...rest, steps: [...rest.steps, ...last], losses: [...rest.losses, ...losses] };
}

type AddedLabel = TypeStep & { readonly change: { readonly type: "add label" } };

function isAddedLabel(step: Step): step is AddedLabel {
  return step.kind === "type" && step.change.type === "add label";
}

/** What a type was known by before it was renamed. */
function formerKey(object: CatalogObject, steps: readonly Step[]): ObjectKey {
  const key = objectKey(object);
  const rename = steps.find((step) =>
    step.kind === "rename" && step.object.kind === object.kind &&
    objectKey({ ...step.object, name: step.to }) === key
  );
  return rename?.kind === "rename" ? objectKey(rename.object) : key;
}
