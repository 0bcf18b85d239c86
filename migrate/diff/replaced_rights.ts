/**
 * What is dropped and created again belongs to whom it belonged to, and the same roles may do the same with it.
 *
 * @module
 */
import { keepGrants, keepRights } from "../catalog/keep_rights.ts";
import { describeObject, objectKey } from "../catalog/object_key.ts";
import type { Catalog, CatalogObject, ObjectKind } from "../catalog/objects.ts";
import type { Step } from "../steps/step.ts";
import type { DiffFinding } from "./diff_plan.ts";
import { isRelation } from "./dependencies.ts";

/** What roles have privileges on. */
const GRANTABLE: readonly ObjectKind[] = [
  "composite",
  "domain",
  "enum",
  "function",
  "materialized view",
  "range",
  "schema",
  "sequence",
  "table",
  "view",
];

/** The steps, in which what takes the place of something has its owner and its privileges. */
export function withReplacedRights(steps: readonly Step[], from: Catalog): readonly Step[] {
  return steps.map((step) => {
    if (step.kind === "create") {
      const old = from.objects.get(objectKey(step.object));
      return old === undefined ? step : { ...step, object: keepRights(old, step.object) };
    }
    if (step.kind !== "column" || step.change.type !== "add") return step;
    const { column } = step.change;
    const old = columnOf(from, step.table, column.name);
    return old === undefined
      ? step
      : { ...step, change: { ...step.change, column: keepGrants(old, column) } };
  });
}

/** What is made anew of which nobody knows here who may do what with it, each as a finding. */
export function forgottenRights(steps: readonly Step[], from: Catalog): readonly DiffFinding[] {
  return steps.flatMap((step): DiffFinding[] => {
    if (step.kind !== "create" || !GRANTABLE.includes(step.object.kind)) return [];
    const key = objectKey(step.object);
    if (!from.objects.has(key)) return [];
    return [{ severity: "loss", key, message: forgotten(step.object) }];
  });
}

function forgotten(object: CatalogObject): string {
  return `${
    describeObject(object)
  } is dropped and created again: its owner, and privileges granted on it outside ` +
    "of migrations, are not kept; grant them in a migration, or take the difference from the database";
}

function columnOf(
  catalog: Catalog,
  table: Extract<Step, { readonly kind: "column" }>["table"],
  name: string,
): Parameters<typeof keepGrants>[0] {
  const object = catalog.objects.get(objectKey({ ...NO_TABLE, ...table }));
  return object !== undefined && isRelation(object)
    ? object.columns.find((column) => column.name === name)
    : undefined;
}

const NO_TABLE = { kind: "table", columns: [], parameters: {}, dependsOn: [] } as const;
