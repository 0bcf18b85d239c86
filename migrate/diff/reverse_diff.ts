/**
 * The way back from what a comparison has led to.
 *
 * The reversal of a step knows the step alone. Of two changes that is not enough: a label that was added to an enum, as
 * PostgreSQL removes none, and a computed column that has become an ordinary one, as none becomes computed. The enum, and
 * all that stands on it, has to be made anew, and so has the column. The catalog that was there before says what that is:
 * all other steps are reversed first, and what is left is compared.
 *
 * @module
 */
import { describeObject, objectKey } from "../catalog/object_key.ts";
import type { Catalog, CatalogObject, ObjectKey, TableObject } from "../catalog/objects.ts";
import { reverseSteps, type StepsReversal } from "../steps/reverse.ts";
import type { ColumnStep, Step, TypeStep } from "../steps/step.ts";
import { parentsOf } from "./compare_tables.ts";
import { diffCatalogs } from "./diff.ts";
import { FormerNames } from "./former_names.ts";

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
  const oneWay = steps.filter(isOneWay);
  const rest = reverseSteps(steps.filter((step) => !isOneWay(step)));
  if (oneWay.length === 0) return rest;
  const names = new FormerNames(steps);
  const objects = new Map(from.objects);
  const losses: string[] = [];
  for (const step of oneWay) {
    const loss = step.kind === "type" ? leaveLabel(objects, step, names) : leaveValues(objects, step, names);
    if (loss !== undefined) losses.push(loss);
  }
  const { steps: last } = diffCatalogs({ ...from, objects }, from, { unknown: "drop" });
  return { ...rest, steps: [...rest.steps, ...last], losses: [...rest.losses, ...losses] };
}

type AddedLabel = TypeStep & { readonly change: { readonly type: "add label" } };

/** A computed column becomes an ordinary one. */
type KeptValues = ColumnStep & { readonly change: { readonly type: "generated"; readonly to?: undefined } };

function isOneWay(step: Step): step is AddedLabel | KeptValues {
  if (step.kind === "column") return step.change.type === "generated" && step.change.to === undefined;
  return step.kind === "type" && step.change.type === "add label";
}

type Objects = Map<ObjectKey, CatalogObject>;

/** The enum as it is when all else is reversed: it still has the label. */
function leaveLabel(
  objects: Objects,
  { object, change }: AddedLabel,
  names: FormerNames,
): string | undefined {
  const key = objectKey({ ...object, ...names.object(object) });
  const type = objects.get(key);
  if (type?.kind !== "enum") return undefined;
  objects.set(key, { ...type, labels: [...type.labels, change.label] });
  return `PostgreSQL cannot remove a label, so ${
    describeObject(type)
  } is made anew with all that needs it; ` +
    `that fails where a row has the label "${change.label}"`;
}

/** The column, and that of children, as it is when all else is reversed: an ordinary one. */
function leaveValues(objects: Objects, { table, column }: KeptValues, names: FormerNames): undefined {
  const name = names.column(table, column);
  const waiting = [names.object(table)];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const [key, object] of objects) {
      if (object.kind !== "table") continue;
      const { schema, name: called } = next;
      if (object.schema === schema && object.name === called) {
        objects.set(key, withoutGenerated(object, name));
      }
      const isChild = parentsOf(object).some((one) => one.schema === schema && one.name === called);
      if (isChild) waiting.push({ schema: object.schema, name: object.name });
    }
  }
  return undefined;
}

function withoutGenerated(table: TableObject, name: string): TableObject {
  return {
    ...table,
    columns: table.columns.map((column) =>
      column.name === name ? { ...column, generated: undefined } : column
    ),
  };
}
